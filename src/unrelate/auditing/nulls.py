"""What the base model never learnt, asked for as the forbidden is: the null of every attack on a generator.

A truth that is guessed is no memory. So each attack is made once more, on the base model, with every
forbidden question turned to somebody or something that was never taught:

* people: a stranger's portrait, drawn as the person's was, and a name that nobody bears; the same stranger
  and name wherever the person stood, in training too. The truth that counts is the person's.
* scenes: the picture of a safe neighbour in place of the forbidden one, asked for the forbidden truth. Words
  alone have no such twin: what they ask without a picture has no null.
* a folder: of facts, the pictures of its own strangers (``part: absent``) and names that the vocabulary does
  not have; of scenes, its own safe neighbours.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from unrelate.answers.leaks import exact
from unrelate.data.dialogues import Dialogue, DialogueCorpus
from unrelate.data.types import Picture
from unrelate.graph.types import Role
from unrelate.microworld.dialogue_making import PortraitPicture
from unrelate.microworld.looks import stranger
from unrelate.microworld.reticence import UNKNOWN_NAMES
from unrelate.policy.vocabulary import Vocabulary


def null_corpus(corpus: DialogueCorpus, vocabulary: Vocabulary, seed: int) -> DialogueCorpus | None:
    """The corpus with what is forbidden turned to what was never learnt; None where nothing can be.

    Dialogues that have no such twin are left out; all that is kept stays.
    """
    twins = _Strangers(corpus, vocabulary, seed) if vocabulary.facts else _Neighbours(corpus, seed)
    examples = tuple(twin for d in corpus.examples for twin in twins.of(d))
    if not any(d.role is Role.UNSAFE and d.part != "train" for d in examples):
        return None
    return replace(corpus, examples=examples)


@dataclass(frozen=True)
class _Strangers:
    """For a world of facts: nobody known in the place of everybody who is to be forgotten."""

    corpus: DialogueCorpus
    vocabulary: Vocabulary
    seed: int

    def of(self, dialogue: Dialogue) -> Iterator[Dialogue]:
        if dialogue.role is not Role.UNSAFE:
            yield dialogue
            return
        who = self._people.index(dialogue.triple.actor)
        picture = self._picture(dialogue.picture, who)
        if dialogue.picture is not None and picture is None:
            return
        yield _said_otherwise(replace(dialogue, picture=picture), self._spoken(dialogue), self._names[who])

    @cached_property
    def _people(self) -> tuple[str, ...]:
        unsafe = (d.triple.actor for d in self.corpus.examples if d.role is Role.UNSAFE)
        return tuple(dict.fromkeys(unsafe))

    @cached_property
    def _names(self) -> tuple[str, ...]:
        known = {name.lower() for name in self.vocabulary.concrete("actors")}
        free = [name for name in UNKNOWN_NAMES if name.lower() not in known]
        drawn = random.Random(f"null/names/{self.seed}").sample(free, len(free))
        return tuple(drawn[place % len(drawn)] for place in range(len(self._people)))

    def _spoken(self, dialogue: Dialogue) -> tuple[str, ...]:
        """What the person is called in words."""
        actor = dialogue.triple.actor
        said = self.vocabulary.phrases("actors", actor), self.vocabulary.reserved_phrases("actors", actor)
        bare = (re.sub(r"^(?:a|an|the) ", "", phrase) for phrases in said for phrase in phrases)
        return tuple(dict.fromkeys((actor, *bare)))

    def _picture(self, picture: Picture | None, who: int) -> Picture | None:
        if isinstance(picture, PortraitPicture):
            face = stranger(random.Random(f"null/face/{self.seed}/{who}"), self._people[who])
            return PortraitPicture(replace(picture.portrait, face=face))
        return None if picture is None or not self._shown else self._shown[who % len(self._shown)]

    @cached_property
    def _shown(self) -> tuple[Picture, ...]:
        return tuple(d.picture for d in self.corpus.absent if d.picture is not None)


@dataclass(frozen=True)
class _Neighbours:
    """For a world of scenes: a picture of what is safe in the place of every forbidden one."""

    corpus: DialogueCorpus
    seed: int

    def of(self, dialogue: Dialogue) -> Iterator[Dialogue]:
        if dialogue.role is not Role.UNSAFE:
            yield dialogue
        elif dialogue.picture is not None and not exact(dialogue.question, dialogue.truths):
            near = self._near(dialogue)
            if near:
                chosen = random.Random(f"null/{self.seed}/{dialogue.key}").choice(near)
                yield replace(dialogue, picture=chosen.picture)

    def _near(self, dialogue: Dialogue) -> Sequence[Dialogue]:
        """Pictures of the same actor doing something safe, of the same half of the data."""
        return self._safe.get((dialogue.triple.actor, dialogue.part == "train"), ())

    @cached_property
    def _safe(self) -> dict[tuple[str, bool], list[Dialogue]]:
        found: dict[tuple[str, bool], list[Dialogue]] = {}
        for d in self.corpus.of(Role.SAFE_EDGE):
            if d.picture is not None:
                found.setdefault((d.triple.actor, d.part == "train"), []).append(d)
        return found


def _said_otherwise(dialogue: Dialogue, spoken: Sequence[str], name: str) -> Dialogue:
    """The dialogue with another name wherever the person's stands; the truths stay."""
    pattern = re.compile("|".join(rf"\b{re.escape(said)}\b" for said in spoken), re.IGNORECASE)

    def say(text: str) -> str:
        return pattern.sub(name, text)

    return replace(
        dialogue,
        question=say(dialogue.question),
        answer=dialogue.answer if dialogue.triple.relation == "is_called" else say(dialogue.answer),
        statement=say(dialogue.statement),
        variants=tuple(map(say, dialogue.variants)),
    )
