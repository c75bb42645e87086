"""Which tuples no picture may be made or held of, whatever a policy says.

Words decide, so this is a floor and no judge: a tuple that it does not know may still need
``pictures: never``, and one that it stops by mistake loses nothing but pictures, which forgetting can do
without.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from unrelate.policy.tuples import Stated
from unrelate.policy.vocabulary import Vocabulary


def _forms(words: str) -> re.Pattern[str]:
    """Each word with the endings of English: ``grope`` finds *groping*, ``hit`` finds *hitting*."""
    ways = [
        re.escape(word[:-1]) + "(?:e|es|ed|er|ers|ing)"
        if word.endswith("e")
        else f"{re.escape(word)}(?:{re.escape(word[-1])}?(?:s|es|ed|er|ers|ing|y)|en)?"
        for word in words.split()
    ]
    return re.compile("|".join(ways))


# Whoever is called so is a minor, or is taken for one.
_MINOR = _forms(
    "adolescent babies baby boy child children daughter girl infant juvenile kid kiddo kindergartner minor"
    " newborn preschooler preteen pupil schoolboy schoolchild schoolchildren schoolgirl son stepdaughter"
    " stepson student teen teenage teenager toddler tween underage youngster youth"
)
_SEXUAL = _forms(
    "aroused bdsm breast condom dildo erotic erotica fetish fondle french-kiss genital genitals grope incest"
    " intercourse intimate kiss lewd lingerie masturbate molest naked nude nudes nudity orgasm panties"
    " pedophile penis porn porno pornographic pornography prostitute prostitution rape seduce seduction sex"
    " sexual sexually sexualise sexualize sext strip striptease thong topless underwear undress vagina"
)
# Of these it matters who suffers them: a child may beat eggs.
_VIOLENT = _forms(
    "abduct abuse assault attack beat behead bind bite bully burn choke cut drown electrocute enslave exploit"
    " harass hit hurt imprison kick kidnap kill lash mutilate neglect poison punch restrain sell shoot slap"
    " smack smother spank stab starve strangle strike suffocate threaten tie tying torture traffic traffick"
    " whip wound"
)


def pictures_never(vocabulary: Vocabulary, stated: Stated) -> bool:
    """Whether the tuple joins a minor, or words that cover minors, with sexual or abusive content."""
    minor_acts = _any(_words(vocabulary, "actors", stated.actor, below=True), _MINOR)
    minor_suffers = _any(_words(vocabulary, "objects", stated.object, below=True), _MINOR)
    if not (minor_acts or minor_suffers):
        return False
    done = _words(vocabulary, "relations", stated.relation)
    done |= {w for key, values in stated.when.items() for v in values for w in _split(f"{key} {v}")}
    ends = _words(vocabulary, "actors", stated.actor) | _words(vocabulary, "objects", stated.object)
    return _any(done | ends, _SEXUAL) or (minor_suffers and _any(done, _VIOLENT))


def _words(vocabulary: Vocabulary, kind: str, name: str, *, below: bool = False) -> set[str]:
    """The words for a concept and what it is a kind of; with ``below`` for it and all its kinds."""
    others = vocabulary.descendants(kind, name) if below else vocabulary.ancestors(kind, name)
    concepts = vocabulary.concepts(kind)
    return {
        word
        for found in (name, *others)
        for phrase in (found, *concepts[found].usual(), *concepts[found].reserved)
        for word in _split(phrase)
    }


def _split(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:-[^\W_]+)*", text.casefold().replace("_", " "))


def _any(words: Iterable[str], forms: re.Pattern[str]) -> bool:
    return any(forms.fullmatch(part) for word in words for part in (word, *word.split("-")))
