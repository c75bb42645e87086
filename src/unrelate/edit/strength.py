"""How far an edit goes: the least strength of an adapter at which forgetting has reached its level.

Training ends beyond its aim. Each tower is brought to the level of unrelated pairs on its own, so the two
together stand well below it, and whatever lies beside the forbidden is pushed along. Less of the same
adapter gives that back: what it adds to the weights is scaled until pictures of the forbidden stand to
their captions as unrelated pairs do, and no further apart.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from itertools import count

from torch import Tensor

from unrelate.data.types import Corpus
from unrelate.edit.level import unrelated_level
from unrelate.graph.types import Role
from unrelate.models import DualEncoder
from unrelate.models.looking import embed_pictures
from unrelate.policy.triple import Triple

# Pictures that training never showed stand a little higher than those it did: the aim lies below the level
# by this share of the base model's height above it. (On the embedded model they stand up to 0.09 higher.)
_CAUTION = 0.06
_STRENGTHS = tuple(number / 200 for number in range(100, 201))
# A mean over more would be no surer.
_MOST_PICTURES = 128


def settled_strength(
    model: DualEncoder, corpus: Corpus, progress: Callable[[int, int], None] = lambda done, of: None
) -> float:
    """The strength at which the forbidden of training has the cosine of unrelated pairs, by bisection.

    Args:
        model: wears the adapter as it was trained, and does so again afterwards.
        corpus: what it was trained on; captions are those of its banks, as an audit asks them.
        progress: told how many strengths were tried, and of how many.

    Returns:
        In [0.5, 1]; 1 if the whole adapter does not get that far, or nothing forbidden was shown.
    """
    unsafe = [example for example in corpus.part("train") if example.role is Role.UNSAFE]
    shown = unsafe[:: max(1, len(unsafe) // _MOST_PICTURES)]
    if not shown:
        return 1.0
    said: dict[Triple, str] = {}
    for bank in corpus.banks.values():  # the first is in usual words
        said = dict(bank) | said
    captions = [said.get(example.triple, example.caption) for example in shown]
    pictures = [example.picture for example in shown]

    def cosine(seen: Tensor) -> float:
        return float((seen * model.embed_texts(captions)).sum(-1).mean())

    with model.base():
        seen, stated = embed_pictures(model, pictures), model.embed_texts([*said.values()])
        before = cosine(seen)
    level = unrelated_level(seen, stated, [example.triple for example in shown], list(said))
    aim = level - _CAUTION * max(0.0, before - level)
    trained, tried = model.adapter_state(), count(1)

    def forgotten(strength: float) -> bool:
        model.restore_adapter(trained)
        model.scale_adapter(strength)
        progress(next(tried), len(_STRENGTHS).bit_length())
        return cosine(embed_pictures(model, pictures)) <= aim

    try:
        place = bisect_left(_STRENGTHS, True, key=forgotten)
    finally:
        model.restore_adapter(trained)
    return _STRENGTHS[min(place, len(_STRENGTHS) - 1)]
