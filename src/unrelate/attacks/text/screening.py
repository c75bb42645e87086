"""Whether a free sentence states a forbidden tuple, by the vocabulary's own phrases, and where.

A language model writes what it likes. Only what can be checked is used: a sentence in which the actor
does it to the object and nobody else does anything to it, with nothing denied. What cannot be checked is
left out, and counted. So this errs on the side of leaving out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

from unrelate.attacks.text.english import bare, passive_of
from unrelate.attacks.text.statements import Statement
from unrelate.policy.hierarchy import KINDS
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary

# A sentence with any of these may say the opposite.
_DENIALS = re.compile(
    r"\b(?:no|not|never|without|nobody|none|neither|nor|instead|refus\w*|avoid\w*|pretend\w*|unlike)\b|n't\b",
    re.IGNORECASE,
)
_ARTICLE = r"(?:\b(?:an?|the|some|one|this|that)\s+)?"
# What may stand between the three things, contexts aside. Any other word may be somebody or something
# that the vocabulary does not know: *a child watching its father drinking wine*.
_FILLING = re.compile(
    r"(?:[\s,;:.—–-]|\b(?:\w+ly|an?|the|some|his|her|its|their|is|are|was|were|be|been|being|gets?|who|that"
    r"|which|it|of|from|by|out|up|seen|shown|caught|sitting|standing|alone|still|just|now|again|young|little"
    r"|small|big|large|whole|half|full|more|cold|hot|warm|fresh|tasty|delicious|glass|cup|mug|bottle|can|sip"
    r"|bite|bit|piece|slice|drop|last|first)\b)*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Mention:
    """A concept named in a sentence, from ``start`` to ``stop``.

    ``whole``: whether another phrase takes its place with its article, rather than without. ``passive``: a
    relation said as a participle.
    """

    start: int
    stop: int
    kind: str
    name: str
    whole: bool = True
    passive: bool = False


@dataclass(frozen=True)
class Screen:
    """Finds the statements of forbidden tuples among sentences. ``words``: of the policy."""

    words: Vocabulary

    def statement(
        self, text: str, ways: tuple[Triple, ...], misses: Mapping[Triple, tuple[Triple, ...]]
    ) -> Statement | None:
        """The sentence with its twins, if it states one of ``ways``; else None.

        Args:
            text: one sentence.
            ways: the tuple, and what above it is wholly forbidden too; of one context.
            misses: the near misses of each.
        """
        if _DENIALS.search(text):
            return None
        mentions = list(self._mentions(text))
        for stated in ways:
            placed = self._context(text, stated)
            found = self._three(text, mentions, stated)
            if found is not None and placed is not None:
                twins = {self._about(text, (*found, *placed), stated, miss): miss for miss in misses[stated]}
                twins.pop(text, None)
                return Statement(text, twins) if twins else None
        return None

    def _three(
        self, text: str, mentions: list[Mention], stated: Triple
    ) -> tuple[Mention, Mention, Mention] | None:
        """Where the actor, the relation and the object are said, in an order that binds them."""
        actors = [m for m in mentions if m.kind == "actors"]
        if len(actors) != 1 or actors[0].name != stated.actor:
            return None
        actor = actors[0]
        relations = [m for m in mentions if (m.kind, m.name) == ("relations", stated.relation)]
        objects = [m for m in mentions if (m.kind, m.name) == ("objects", stated.object)]
        for relation, object_ in product(relations, objects):
            if relation.passive:
                ordered = (object_, relation, actor)
                bound = re.search(r"\bby\s+$", text[: actor.start]) is not None
            else:
                ordered, bound = (actor, relation, object_), True
            pairs = list(pairwise(ordered))
            follows = all(one.stop <= two.start for one, two in pairs)
            if bound and follows and all(self._is_filling(text[a.stop : b.start]) for a, b in pairs):
                return actor, relation, object_
        return None

    def _is_filling(self, between: str) -> bool:
        """Whether nothing is said there that could change who does what to what."""
        for phrase in self._contexts:
            between = re.sub(phrase, " ", between, flags=re.IGNORECASE)
        return _FILLING.fullmatch(between) is not None

    @cached_property
    def _contexts(self) -> list[str]:
        contexts = self.words.contexts
        return [
            _flexible(self.words.context_phrase(key, value)) for key in contexts for value in contexts[key]
        ]

    def _context(self, text: str, stated: Triple) -> tuple[Mention, ...] | None:
        """Where the tuple's conditions are said; None where they are not, or another is as well."""
        found = []
        for key, value in stated.context:
            said = {
                v: re.search(_flexible(self.words.context_phrase(key, v)), text, re.IGNORECASE)
                for v in self.words.contexts[key]
            }
            match = said.pop(value)
            if match is None or any(said.values()):
                return None
            found.append(Mention(match.start(), match.end(), key, value))
        return tuple(found)

    def _about(self, text: str, mentions: tuple[Mention, ...], stated: Triple, miss: Triple) -> str:
        """The sentence about a near miss: other words where it differs."""
        wanted = dict(zip(KINDS, miss.slots(), strict=True)) | dict(miss.context)
        for mention in sorted(mentions, key=lambda m: -m.start):
            name = wanted.get(mention.kind, mention.name)
            if name != mention.name:
                text = text[: mention.start] + self._phrase(mention, name) + text[mention.stop :]
        return text

    def _phrase(self, mention: Mention, name: str) -> str:
        if mention.kind not in KINDS:
            return self.words.context_phrase(mention.kind, name)
        phrase = self.words.phrases(mention.kind, name)[0]
        if mention.kind == "relations":
            return (passive_of(phrase) or phrase) if mention.passive else phrase
        return phrase if mention.whole else bare(phrase)

    def _mentions(self, text: str) -> Iterator[Mention]:
        """Every concept that is named, the longer phrase where two overlap."""
        found = [
            # *A young child*: the article stands elsewhere, so *man* is all that may take its place.
            Mention(match.start(), match.end(), kind, name, mass or match.group() != match["bare"], passive)
            for pattern, kind, name, mass, passive in self._patterns
            for match in pattern.finditer(text)
        ]
        taken = 0
        for mention in sorted(found, key=lambda m: (m.start, -m.stop)):
            if mention.start >= taken:
                taken = mention.stop
                yield mention

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str, str, bool, bool]]:
        """Each with kind, name, whether the phrase has no article of its own, and whether it is passive."""
        found = []
        for kind in KINDS:
            for name in self.words.concepts(kind):
                phrases = (*self.words.phrases(kind, name), *self.words.reserved_phrases(kind, name))
                for phrase in phrases:
                    if kind == "relations":
                        forms = _verb_forms(phrase).items()
                        found += [(_pattern(form), kind, name, True, passive) for form, passive in forms]
                    else:
                        mass = phrase == bare(phrase)
                        found.append((_pattern(bare(phrase), _ARTICLE), kind, name, mass, False))
        return found


def _pattern(phrase: str, article: str = "") -> re.Pattern[str]:
    words = r"\s+".join(re.escape(word) for word in phrase.split())
    return re.compile(rf"{article}(?P<bare>\b{words}\b)", re.IGNORECASE)


def _flexible(phrase: str) -> str:
    """A pattern for a phrase, with any article where it has one: *in the classroom* for *in a classroom*."""
    words = [_ARTICLE if word in ("a", "an", "the") else re.escape(word) + r"\s*" for word in phrase.split()]
    return rf"\b{''.join(words)}\b"


def _verb_forms(phrase: str) -> dict[str, bool]:
    """*drinking*, *drinks*, *drink*, and *drunk*, which is passive: form -> whether it is. A phrase that
    begins with no verb in -ing has one form. Some forms are no words; nobody writes those."""
    verb, *rest = phrase.split()
    forms = {phrase: False}
    if verb.endswith("ing") and len(verb) > 4:
        stem = verb.removesuffix("ing")
        stems = {stem, f"{stem}e"} | ({stem[:-1]} if stem[-1] == stem[-2] else set())
        forms |= {" ".join((f"{stem}{end}", *rest)): False for stem in stems for end in ("", "s", "es")}
    passive = passive_of(phrase)
    return forms | ({passive: True} if passive and passive not in forms else {})
