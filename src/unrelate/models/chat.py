"""One thing to ask of a generator, and how a checkpoint's own chat template says it.

What a template can and cannot say (a system message, a picture, what ends an answer) is found out once,
by asking it, so that a template's lack is an error with a remedy and never a message quietly dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jinja2 import TemplateError
from PIL import Image
from transformers import ProcessorMixin

from unrelate.errors import UserError

# Words that no template says of itself: where they come back in the text, the template said them.
_ASKED, _TOLD, _ANSWERED = "qzaskedzq", "qztoldzq", "qzansweredzq"


Turn = tuple[str, str]  # a question and its answer


@dataclass(frozen=True)
class Ask:
    """One thing to ask of a generator.

    question: what the user says last.
    image: RGB, stands before the words in the first message of the user; None for words alone.
    system: a system message, "" for none.
    history: earlier turns, about the same image.
    prefill: how the answer is made to begin; no part of what `Generator.generate` gives back.
    """

    question: str
    image: Image.Image | None = None
    system: str = ""
    history: tuple[Turn, ...] = ()
    prefill: str = ""

    def words(self) -> tuple[str, ...]:
        """All that is said in it, for checks."""
        return (self.question, self.system, self.prefill, *(said for turn in self.history for said in turn))


@dataclass(frozen=True)
class Template:
    """A chat template with what it was found to do.

    parts: it takes a message's content as a list of parts; else as plain text.
    system, images: it has a place for them.
    joint: what stands between the words that ask for an answer and the answer: a space or nothing.
    tail: what stands after an answer, the words that end a turn first.
    image_marks: the words that stand for a picture; nothing that is asked or answered may hold them.
    """

    name: str
    processor: ProcessorMixin = field(repr=False)
    parts: bool
    system: bool
    images: bool
    joint: str
    tail: str
    image_marks: tuple[str, ...]

    @staticmethod
    def of(name: str, processor: ProcessorMixin) -> Template:
        """Find out what a processor's template does.

        Raises:
            UserError: there is no template, or it cannot say a question and an answer.
        """
        if _render(processor, [_message("user", _ASKED, True)], asking=False) is not None:
            parts = True
        elif _render(processor, [_message("user", _ASKED, False)], asking=False) is not None:
            parts = False
        else:
            raise UserError(
                f"model '{name}', whose processor has no chat template that can say a question",
                "a chat template (chat_template.jinja) for user and assistant",
                "choose an instruction-tuned checkpoint, or save its chat template beside it",
            )
        asked = [_message("user", _ASKED, parts)]
        before = _render(processor, asked, asking=True) or ""
        whole = _render(processor, [*asked, _message("assistant", _ANSWERED, parts)], asking=False)
        if whole is None:
            raise UserError(
                f"model '{name}', whose chat template leaves answers out",
                "a chat template with a place for the assistant's words",
                "choose an instruction-tuned checkpoint",
            )
        head, _, tail = whole.partition(_ANSWERED)
        between = head[len(before) :] if head.startswith(before) else ""
        told = [_message("system", _TOLD, parts), *asked]
        shown = [_message("user", _ASKED, True, image=True)]
        marks = _image_marks(processor)
        text = _render(processor, shown, asking=False) if parts else None
        return Template(
            name=name,
            processor=processor,
            parts=parts,
            system=_TOLD in (_render(processor, told, asking=False) or ""),
            images=text is not None and any(mark in text for mark in marks),
            joint=between if not between.strip() else "",
            tail=tail,
            image_marks=marks,
        )

    def prompt(self, ask: Ask) -> str:
        """All that stands before the answer: the turns, the words that ask for it, the prefill.

        Raises:
            UserError: the template has no place for a system message or a picture, or something said
                holds the mark of a picture.
        """
        self._check(ask)
        messages = [_message("system", ask.system, self.parts)] if ask.system else []
        for number, (question, answer) in enumerate((*ask.history, (ask.question, ""))):
            first = number == 0 and ask.image is not None
            messages.append(_message("user", question, self.parts, image=first))
            if number < len(ask.history):
                messages.append(_message("assistant", answer, self.parts))
        text = _render(self.processor, messages, asking=True)
        if text is None:
            raise UserError(
                f"a conversation that the chat template of '{self.name}' cannot say",
                "turns as the template takes them",
                "leave out the history (of `unrelate edit`: --after 0), or choose another checkpoint",
            )
        return text + self.joint + ask.prefill if ask.prefill else text

    def continuation(self, ask: Ask, answer: str) -> str:
        """What an answer adds to the prompt. After a prefill a space is put between, where neither
        brings one."""
        self.refuse_marks((answer,))
        if not ask.prefill:
            return self.joint + answer if answer else ""
        apart = ask.prefill[-1].isspace() or answer[:1].isspace() or not answer
        return answer if apart or not answer[0].isalnum() else f" {answer}"

    def refuse_marks(self, words: tuple[str, ...]) -> None:
        """
        Raises:
            UserError: something said holds the mark of a picture.
        """
        for said in words:
            for mark in self.image_marks:
                if mark in said:
                    raise UserError(
                        f"the words {said[:60]!r}, which hold '{mark}', the mark of a picture",
                        "words alone; a picture is given as one",
                        "take the mark out",
                    )

    def _check(self, ask: Ask) -> None:
        if ask.system and not self.system:
            raise UserError(
                f"a system message for '{self.name}', whose chat template has no place for one",
                "a question without a system message",
                "put its words into the question, or choose another checkpoint",
            )
        if ask.image is not None and not self.images:
            raise UserError(
                f"a picture for '{self.name}', whose chat template has no place for one",
                "a question in words alone",
                "save the checkpoint's own chat template with its processor",
            )
        self.refuse_marks(ask.words())


def _message(role: str, text: str, parts: bool, image: bool = False) -> dict[str, Any]:
    if not parts:
        return {"role": role, "content": text}
    said: list[dict[str, str]] = [{"type": "image"}] if image else []
    return {"role": role, "content": [*said, {"type": "text", "text": text}]}


def _render(processor: ProcessorMixin, messages: list[dict[str, Any]], asking: bool) -> str | None:
    """The template's text, or None where it refuses, or leaves out or misreads what was last said."""
    try:
        text = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=asking)
    except (TemplateError, ValueError, TypeError):
        return None
    content = messages[-1]["content"]
    last = content if isinstance(content, str) else content[-1]["text"]
    # A template that takes plain text alone prints the list of parts as Python writes it.
    misread = isinstance(content, list) and "'type': 'text'" in str(text)
    return None if misread or last.strip() not in str(text) else str(text)


def _image_marks(processor: ProcessorMixin) -> tuple[str, ...]:
    """What stands for pictures and films in a processor's text. Each names it in its own way."""
    names = ("image_token", "video_token", "boi_token")
    return tuple({mark: 0 for name in names if isinstance(mark := getattr(processor, name, None), str)})
