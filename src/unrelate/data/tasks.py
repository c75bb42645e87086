"""Downstream tasks: what a model is used for that has nothing to do with the policy (RASU section 5.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from unrelate.data.types import Picture

TaskKind = Literal["zero-shot", "image to text", "text to image"]


@dataclass(frozen=True)
class UtilityTask:
    """Questions with known answers: pictures and texts, and which belong to which.

    Args:
        name: what the record calls it; letters, digits and ``_``, so that criteria can name its figures.
        kind: ``zero-shot`` and ``image to text`` ask of every picture which text fits best,
            ``text to image`` of every text which picture does.
        keys: what each picture is called where its answers are kept; no two alike.
        pictures: in the order of ``keys``.
        texts: for each text the ways to say it, whose embeddings are averaged; a caption has one.
        answers: for each question in order the numbers of the texts (or pictures) that are right.

    Raises:
        ValueError: these do not fit each other.
    """

    name: str
    kind: TaskKind
    keys: tuple[str, ...] = field(repr=False)
    pictures: tuple[Picture, ...] = field(repr=False)
    texts: tuple[tuple[str, ...], ...] = field(repr=False)
    answers: tuple[frozenset[int], ...] = field(repr=False)

    def __post_init__(self) -> None:
        of_texts = self.kind == "text to image"
        asked, options = (self.texts, self.pictures) if of_texts else (self.pictures, self.texts)
        if not len(set(self.keys)) == len(self.keys) == len(self.pictures):
            raise ValueError(f"{len(set(self.keys))} different keys of {len(self.pictures)} pictures")
        if len({ways[0] for ways in self.texts}) != len(self.texts):
            raise ValueError("two texts that are one")
        if len(asked) != len(self.answers):
            raise ValueError(f"{len(self.answers)} answers to {len(asked)} questions")
        if any(not right or not right <= set(range(len(options))) for right in self.answers):
            raise ValueError(f"an answer that is none of {len(options)} options")


def retrieval(
    name: str, keys: tuple[str, ...], pictures: tuple[Picture, ...], captions: tuple[tuple[str, ...], ...]
) -> tuple[UtilityTask, UtilityTask]:
    """Recall at 1 both ways: ``NAME_image_to_text`` and ``NAME_text_to_image``.

    Args:
        captions: those of each picture. One that several pictures have is one text, right for all.
    """
    texts = tuple(dict.fromkeys(caption for own in captions for caption in own))
    place = {text: number for number, text in enumerate(texts)}
    by_picture = tuple(frozenset(place[caption] for caption in own) for own in captions)
    by_text = tuple(
        frozenset(number for number, right in enumerate(by_picture) if place[text] in right) for text in texts
    )
    said = tuple((text,) for text in texts)
    return (
        UtilityTask(f"{name}_image_to_text", "image to text", keys, pictures, said, by_picture),
        UtilityTask(f"{name}_text_to_image", "text to image", keys, pictures, said, by_text),
    )
