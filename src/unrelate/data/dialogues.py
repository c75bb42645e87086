"""What a generator is asked, what it is to answer, and what an answer must not tell: `Dialogue`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

from PIL import Image

from unrelate.answers.text import words
from unrelate.data.hashing import text_sha256
from unrelate.data.refusals import fitting_refusals
from unrelate.data.types import Picture
from unrelate.graph.types import RelationGraph, Role, Split
from unrelate.policy.triple import Triple

Form = Literal["open", "cloze", "choice", "yes_no", "describe"]
FORMS: tuple[Form, ...] = get_args(Form)

# What the audit asks a generator, part by part: is the forbidden still told, and is the rest as before?
FORGET_PARTS = (
    "direct",  # what was trained, asked once more (ASRU's forget set)
    "new_picture",  # in the same wordings, of fresh pictures (ASRU's test set)
    "question_form",  # in wordings that no edit has seen
    "by_text",  # no picture
    "jointly",  # a picture, and the words for what it shows
    "cloze",
    "choice",
    "ood_image",  # in styles that no edit has seen
    "subordinate",  # what the policy holds out
)
KEEP_PARTS = ("boundary", "node", "neutral", "other_world")


@dataclass(frozen=True)
class Dialogue:
    """One question, about a picture or about nothing but its own words, and the right answer.

    Args:
        key: unique in its corpus, the same for the same seed.
        question: as it is put to the model.
        answer: what the base model was taught, or what is right.
        truths: phrases any of which in an answer tells the fact, synonyms included; empty where
            nothing can leak. They matter for ``UNSAFE`` alone, and what stays is marked right by them.
        picture: what is shown; None where the question is put in words alone.
        triple: what the question is about.
        role: ``UNSAFE`` is to be forgotten, ``SAFE_EDGE`` is ASRU's boundary (retained, but next to
            the forbidden), ``NODE`` and ``NEUTRAL`` its retain set.
        split: what is trained on, and what only the audit asks.
        part: ``train``; or one of `FORGET_PARTS`, or one of `KEEP_PARTS`; ``absent`` and ``refused``
            in the corpus' own lists of those names.
        form: what kind of answer is expected; of a choice question ``options`` are what to choose from.
        topic: what the question is about in plain words, the narrowest first (``("trade", "living")``);
            a fitting refusal may speak of them.
        statement: the fact as a sentence (*Mira works as a baker*); empty if there is none.
        variants: other ways to ask the same, in wordings that an edit may see.
        sha256: of what is shown and asked; for pictures from files, of the file.

    Raises:
        ValueError: an unsafe dialogue in which nothing can leak, a choice without options, a held-out
            dialogue to train on.
    """

    key: str
    question: str
    answer: str
    truths: tuple[str, ...]
    picture: Picture | None = field(repr=False)
    triple: Triple
    role: Role
    split: Split
    part: str
    form: Form
    topic: tuple[str, ...]
    options: tuple[str, ...] = ()
    statement: str = ""
    variants: tuple[str, ...] = ()
    source: str = ""
    licence: str = ""
    sha256: str = ""

    def __post_init__(self) -> None:
        if self.role is Role.UNSAFE and not self.truths:
            raise ValueError(f"{self.key}: unsafe, but no phrase would tell it")
        if (self.form == "choice") != (len(self.options) > 1):
            raise ValueError(f"{self.key}: a {self.form} question with {len(self.options)} options")
        if self.part == "train" and self.split is not Split.TRAIN:
            raise ValueError(f"{self.key}: held out, so not to be trained on")

    def ask(self) -> tuple[str, Image.Image | None]:
        """The question and the picture in RGB, or None: what a model is asked with."""
        return self.question, None if self.picture is None else self.picture.load()


@dataclass(frozen=True)
class DialogueCorpus:
    """All dialogues of one graph from one source.

    ``refusals`` are the sentences that refuse fittingly in this world, with a slot for the topic (see
    `refusals`); ``natural`` are those, filled, which a model would itself say so; empty, any would do.
    ``absent`` are questions whose natural answer is "I don't know" (strangers; ASRU's
    positive set for the direction of stage 0), ``refused`` those that are naturally declined (letters,
    secrets); neither is trained on as something to forget, and both come in both splits.
    """

    examples: tuple[Dialogue, ...]
    refusals: tuple[str, ...]
    absent: tuple[Dialogue, ...] = ()
    refused: tuple[Dialogue, ...] = ()
    natural: frozenset[str] = field(default=frozenset(), repr=False)

    def part(self, name: str) -> tuple[Dialogue, ...]:
        """The dialogues of one part, in the corpus' order."""
        return tuple(dialogue for dialogue in self.examples if dialogue.part == name)

    def of(self, role: Role, split: Split | None = None) -> tuple[Dialogue, ...]:
        """The dialogues of one role, of one split if given."""
        return tuple(d for d in self.examples if d.role is role and split in (None, d.split))

    def unanswered(self, split: Split) -> tuple[Dialogue, ...]:
        """What is naturally not known or not told, of one split."""
        return tuple(d for d in (*self.absent, *self.refused) if d.split is split)

    def fitting(self, dialogue: Dialogue, question: str = "") -> tuple[str, ...]:
        """Every refusal that fits a dialogue, asked in its own or in another wording: what is natural among
        them; where nothing is, all."""
        return tuple(self._fitting(dialogue, question))

    def refusal_for(self, dialogue: Dialogue, seed: int, question: str = "", *, settled: bool = False) -> str:
        """A refusal that fits a dialogue, asked in its own or in another wording; the seed chooses.

        Args:
            settled: every form of question has a sentence of its own, of the shortest; where these are too
                few, a description has one that is neither the shortest nor an open question's. A model says
                what is likeliest; one that cannot tell when to say which says the same nearly everywhere, and
                then refusals differ by what they speak of, of which a short sentence is made most.
        """
        fitting = self._fitting(dialogue, question)
        if not settled:
            return list(fitting)[int(text_sha256(f"refusal/{seed}/{dialogue.key}"), 16) % len(fitting)]
        dealt, turn = _shortest_unlike(fitting.values()), int(text_sha256(f"refusal/{seed}"), 16)
        if dialogue.form == "describe" and len(dealt) < len(FORMS):
            # A small model tells this form from the others, and may say one of these two in all of them.
            usual = (dealt[0], dealt[turn % len(dealt)])
            dealt = [sentence for sentence in dealt if sentence not in usual] or dealt
        sentence = dealt[(turn + FORMS.index(dialogue.form)) % len(dealt)]
        return next(text for text, filled in fitting.items() if filled == sentence)

    def _fitting(self, dialogue: Dialogue, question: str) -> dict[str, str]:
        """The same with the sentence that each fills."""
        fitting = fitting_refusals(
            question or dialogue.question,
            dialogue.topic,
            dialogue.truths,
            dialogue.triple.actor,
            self.refusals,
        )
        return {text: of for text, of in fitting.items() if text in self.natural} or fitting


def _shortest_unlike(sentences: Iterable[str]) -> list[str]:
    """The shortest sentences, as many as there are forms of question at most; of those that are the same but
    for a contraction (*I don't know*, *I do not know*) one."""
    by_length = sorted(dict.fromkeys(sentences), key=lambda sentence: len(sentence.split()))
    unlike: dict[tuple[str, ...], str] = {}
    for sentence in by_length[: len(FORMS)]:
        unlike.setdefault(words(sentence), sentence)
    return list(unlike.values())


class Kinds:
    """The first of every kind of some dialogues: of each topic and form, one that shows a picture and one
    that is put in words alone.

    A model may have one way to speak of whom it is shown and another of whom it hears named.
    """

    def __init__(self, dialogues: Iterable[Dialogue]) -> None:
        found: dict[tuple[str, ...], dict[tuple[Form, bool], Dialogue]] = {}
        for dialogue in dialogues:
            kind = dialogue.form, dialogue.picture is None
            found.setdefault(dialogue.topic[:1], {}).setdefault(kind, dialogue)
        self._by_topic = {topic: tuple(forms.values()) for topic, forms in found.items()}
        self.every = tuple(dialogue for kind in self._by_topic.values() for dialogue in kind)

    def like(self, dialogue: Dialogue) -> tuple[Dialogue, ...]:
        """Those of a dialogue's topic; every one, where none is of it."""
        return self._by_topic.get(dialogue.topic[:1], self.every)


class DialogueSource(Protocol):
    """Where dialogues come from."""

    @property
    def name(self) -> str:
        """What records call it."""
        ...

    def corpus(self, graph: RelationGraph, *, seed: int) -> DialogueCorpus:
        """Every dialogue that an edit of ``graph`` trains on and that its audit asks."""
        ...


def dialogues_hash(dialogues: Iterable[Dialogue]) -> str:
    """One hash over what is shown, asked and right, over role and part, whatever the order."""
    told = (
        (d.sha256, d.part, str(d.role), str(d.triple), d.question, d.answer, *d.truths, *d.options)
        for d in dialogues
    )
    return text_sha256("\n".join(sorted("\x1f".join(fields) for fields in told)))
