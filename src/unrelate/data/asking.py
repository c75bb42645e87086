"""Ways to ask for what a row shows: banks of captions, variants, and the three attacks of RASU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product

from PIL import Image

from unrelate.data.pictures import StyledPicture
from unrelate.data.stand_ins import seen_through
from unrelate.data.statements import wider_and_forbidden
from unrelate.data.types import Example
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary
from unrelate.policy.wording import USUAL, Wording, paraphrases, say, settings, training_wordings

Styles = Mapping[str, Callable[[Image.Image], Image.Image]]
# A bank costs a caption for every tuple of the world: this many settings are used, evenly chosen.
MOST_SETTINGS = 6


@dataclass(frozen=True)
class Speaker:
    """Says tuples: those of the vocabulary, and those that only have a caption (``captions``).

    Args:
        vocabulary: the words.
        scope: the forbidden tuples as the policy states them.
        captions: the tuples that stand for a caption, and it.
    """

    vocabulary: Vocabulary
    scope: tuple[Triple, ...]
    captions: Mapping[Triple, str]

    def say(self, triple: Triple, wording: Wording = USUAL) -> str:
        """The sentence for a tuple; for one without concepts, its caption in the wording's frame."""
        caption = self.captions.get(triple)
        if caption is None:
            return say(self.vocabulary, triple, wording)
        if wording.frame == USUAL.frame:
            return caption
        sentence = wording.frame.replace("{}", _clause(caption))
        place = dict(wording.context).get("place")
        return (
            sentence.replace("{place}", self.vocabulary.context_phrase("place", place)) if place else sentence
        )

    def forbidden(self, triple: Triple) -> tuple[str, ...]:
        """Other ways to state an unsafe tuple (RASU's Ladv): usual synonyms and phrasings, and the
        words above it as far as all that they may mean is forbidden too (*alcohol* for wine).
        None of the words that are kept for the attacks."""
        known = triple not in self.captions
        stated = wider_and_forbidden(self.vocabulary, triple, self.scope) if known else (triple,)
        wordings = training_wordings(self.vocabulary)
        return tuple(dict.fromkeys(self.say(other, wording) for other in stated for wording in wordings))

    def banks(self, examples: Sequence[Example], *, with_vocabulary: bool) -> dict[str, dict[Triple, str]]:
        """The banks that the examples are ranked in: every tuple that the examples speak of, and, if
        wanted, every tuple and node of the vocabulary."""
        words = self.vocabulary
        known = (*words.triples(), *words.nodes()) if with_vocabulary else ()
        wordings = (USUAL, *chain.from_iterable(asked_in(words).values()))
        used = {example.wording for example in examples}
        banks: dict[str, dict[Triple, str]] = {}
        for keys in dict.fromkeys(_keys(example.triple) for example in examples):
            seen = (example.triple for example in examples if _keys(example.triple) == keys)
            world = (*_everywhere(known, keys, words), *seen)
            for wording in wordings:
                if (name := bank_of(wording, world[-1])) in used:
                    banks[name] = {triple: self.say(triple, wording) for triple in dict.fromkeys(world)}
        return banks


def bank_of(wording: Wording, triple: Triple) -> str:
    """The name of the bank that a tuple is ranked in: like is ranked with like.

    Under a policy with conditions (``when: place``) a picture whose place is known is ranked among
    tuples that say their place, any other among tuples that do not.
    """
    return " with ".join((wording.name, *_keys(triple)))


def _keys(triple: Triple) -> tuple[str, ...]:
    return tuple(key for key, _ in triple.context)


def _everywhere(triples: Sequence[Triple], keys: Sequence[str], words: Vocabulary) -> Iterator[Triple]:
    """Every tuple in every combination of the contexts."""
    for triple in triples:
        for values in product(*(words.contexts[key] for key in keys)):
            yield triple.within(**dict(zip(keys, values, strict=True)))


def asked_in(vocabulary: Vocabulary) -> dict[str, tuple[Wording, ...]]:
    """The wordings of the attacks by text, part by part."""
    return {
        "paraphrase": paraphrases(vocabulary),
        "contextual": _spread(settings(vocabulary), MOST_SETTINGS),
    }


def attacks(speaker: Speaker, direct: Sequence[Example], styles: Styles, seed: int) -> tuple[Example, ...]:
    """The held-out unsafe examples asked for in other ways.

    ``paraphrase`` and ``contextual``: each picture once, the wordings taken in turn from a place that
    the seed chooses; ``ood_image``: each picture in every style.
    """
    asked: list[Example] = []
    for part, wordings in asked_in(speaker.vocabulary).items():
        for number, example in enumerate(direct):
            choices = _different(wordings, example.triple)
            wording = choices[(seed + number) % len(choices)]
            asked.append(
                replace(
                    example,
                    key=f"{example.key}-{wording.name}",
                    part=part,
                    caption=speaker.say(example.triple, wording),
                    wording=bank_of(wording, example.triple),
                    variants=(),
                )
            )
    for name, style in styles.items():
        for example in direct:
            seen = seen_through(example.picture, lambda picture, style=style: StyledPicture(picture, style))
            asked.append(replace(example, key=f"{example.key}-{name}", part="ood_image", picture=seen))
    return tuple(asked)


def _different(wordings: tuple[Wording, ...], triple: Triple) -> tuple[Wording, ...]:
    """The wordings that say a tuple differently: one that brings its own place takes no other."""
    if "place" not in _keys(triple):
        return wordings
    return tuple({(w.choice, w.frame): w for w in wordings}.values())


def _spread(wordings: Sequence[Wording], most: int) -> tuple[Wording, ...]:
    count = min(most, len(wordings))
    return tuple(wordings[number * len(wordings) // count] for number in range(count))


def _clause(caption: str) -> str:
    """A caption as part of a sentence: no capital in front, unless it is a name's (``NASA``, ``I``),
    and no full stop behind."""
    bare = caption.rstrip(" .")
    starts_a_sentence = len(bare) > 1 and bare[0].isupper() and (bare[1].islower() or bare[1] == " ")
    return bare[0].lower() + bare[1:] if starts_a_sentence else bare
