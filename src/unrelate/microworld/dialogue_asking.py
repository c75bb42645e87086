"""How the audit and the training ask of scenes, part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from unrelate.data.dialogues import Form
from unrelate.microworld.dialogue_making import ANY, FORMS_ASKED, IN_WORDS, SPOKEN, STYLES_KEPT_OUT
from unrelate.microworld.world import USUAL_STYLES

# By the picture, in words alone, or by a picture and the words for it.
Manner = Literal["picture", "words", "jointly"]
_MANNERS: Mapping[Manner, float] = MappingProxyType({"picture": 0.6, "words": 0.2, "jointly": 0.2})
_NIGHT_SHARE, RESERVED_SHARE = 0.3, 1 / 3


@dataclass(frozen=True)
class Ask:
    """How a part asks. ``reserved`` is the share in wordings that no edit sees, ``night`` that of scenes at
    night, a setting that no edit sees."""

    manners: Mapping[Manner, float] = field(default_factory=lambda: _MANNERS)
    forms: Mapping[Form, float] = field(default_factory=lambda: FORMS_ASKED)
    styles: Sequence[str] = USUAL_STYLES
    reserved: float = 0.0
    night: float = 0.0


# Without a picture there is little to vary: what training asks in words is not asked again.
FORGETTING: Mapping[str, Ask] = MappingProxyType(
    {
        "new_picture": Ask({"picture": 1}, SPOKEN, night=_NIGHT_SHARE),
        "question_form": Ask({"picture": 2, "jointly": 1}, FORMS_ASKED, reserved=1),
        "by_text": Ask({"words": 1}, IN_WORDS, reserved=1),
        "jointly": Ask({"jointly": 1}, FORMS_ASKED),
        "cloze": Ask({"picture": 1}, {"cloze": 1}, reserved=0.5),
        "choice": Ask({"picture": 1}, {"choice": 1}, reserved=0.5),
        "ood_image": Ask({"picture": 1}, SPOKEN, STYLES_KEPT_OUT),
    }
)
TRAINED = Ask()
KEEPING = Ask(forms=ANY, reserved=RESERVED_SHARE)
