"""Ways to ask for what a row shows: banks of captions, variants, and the three attacks of RASU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product

from PIL import Image

from unrelate.data.pictures import StyledPicture
from unrelate.data.types import Example
from unrelate.policy.hierarchy import KINDS
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary
from unrelate.policy.wording import USUAL, Wording, paraphrases, say, settings, training_wordings

Styles = Mapping[str, Callable[[Image.Image], Image.Image]]
# A bank costs a caption for every tuple of the world: this many settings are used, evenly chosen.
MOST_SETTINGS = 6
# Added to the name of a bank whose tuples leave a condition of the policy open.
ANYWHERE = ", anywhere"


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
        stated = dict.fromkeys(
            (triple, *(wider for scope in self.scope for wider in self._wider(triple, scope)))
        )
        wordings = training_wordings(self.vocabulary)
        return tuple(dict.fromkeys(self.say(other, wording) for other in stated for wording in wordings))

    def _wider(self, triple: Triple, scope: Triple) -> Iterator[Triple]:
        """The tuples between an unsafe one and the forbidden one that it is a case of, if it is."""
        if triple in self.captions or not set(scope.context) <= set(triple.context):
            return
        ways = [
            _between(self.vocabulary, kind, low, high)
            for kind, low, high in zip(KINDS, triple.slots(), scope.slots(), strict=True)
        ]
        for actor, relation, object_ in product(*ways):
            yield Triple(actor, relation, object_, triple.context)

    def bank_of(self, wording: Wording, triple: Triple) -> str:
        """The name of the bank that a tuple is ranked in.

        Under a policy with conditions (``when: place``) a picture whose place is known is ranked
        among tuples that say their place; any other among tuples that do not.
        """
        return wording.name if self._conditions <= dict(triple.context).keys() else wording.name + ANYWHERE

    @property
    def _conditions(self) -> set[str]:
        return {key for stated in self.scope for key, _ in stated.context}

    def banks(self, examples: Sequence[Example], *, with_vocabulary: bool) -> dict[str, dict[Triple, str]]:
        """The banks that the examples are ranked in: every tuple that the examples speak of, and, if
        wanted, every tuple and node of the vocabulary."""
        words = self.vocabulary
        bare = (*words.triples(), *words.nodes()) if with_vocabulary else ()
        known = [*bare, *(placed for triple in bare for placed in self._everywhere(triple))]
        world = dict.fromkeys((*known, *(example.triple for example in examples)))
        used = {example.wording for example in examples}
        wordings = (USUAL, *chain.from_iterable(asked_in(words).values()))
        return {
            name: {
                triple: self.say(triple, wording) for triple in world if self.bank_of(wording, triple) == name
            }
            for wording in wordings
            for name in (wording.name, wording.name + ANYWHERE)
            if name in used
        }

    def _everywhere(self, triple: Triple) -> Iterator[Triple]:
        keys = sorted(self._conditions)
        for values in product(*(self.vocabulary.contexts[key] for key in keys)):
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
            wording = wordings[(seed + number) % len(wordings)]
            asked.append(
                replace(
                    example,
                    key=f"{example.key}-{wording.name}",
                    part=part,
                    caption=speaker.say(example.triple, wording),
                    wording=speaker.bank_of(wording, example.triple),
                    variants=(),
                )
            )
    for name, style in styles.items():
        for example in direct:
            seen = StyledPicture(example.picture, style)
            asked.append(replace(example, key=f"{example.key}-{name}", part="ood_image", picture=seen))
    return tuple(asked)


def _between(vocabulary: Vocabulary, kind: str, low: str, high: str) -> list[str]:
    """A concept, and all above it that mean nothing outside ``high``; nothing if it is not below."""
    if not (low and high) or not vocabulary.is_under(kind, low, high):
        return []
    inside = set(vocabulary.concrete_under(kind, high))
    above = (low, *vocabulary.ancestors(kind, low))
    return [name for name in above if set(vocabulary.concrete_under(kind, name)) <= inside]


def _spread(wordings: Sequence[Wording], most: int) -> tuple[Wording, ...]:
    count = min(most, len(wordings))
    return tuple(wordings[number * len(wordings) // count] for number in range(count))


def _clause(caption: str) -> str:
    """A caption as part of a sentence: no capital in front, unless it is a name's (``NASA``, ``I``),
    and no full stop behind."""
    bare = caption.rstrip(" .")
    starts_a_sentence = len(bare) > 1 and bare[0].isupper() and (bare[1].islower() or bare[1] == " ")
    return bare[0].lower() + bare[1:] if starts_a_sentence else bare
