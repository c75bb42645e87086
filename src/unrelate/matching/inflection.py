"""English inflection: the forms of a verb from its participle, and the plurals of a noun.

For recognition, not for writing: where the spelling leaves the base form open (*admiring*: *admir* or
*admire*), both are taken, since the wrong one is no word and so meets no caption. Monosyllables, where
the wrong one would be a word (*staring*: *star*), are settled by the rule that doubles a consonant.
The irregular verbs are in ``verbs.txt``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files

_VOWELS = "aeiou"
_E_VERBS = """change range lunge plunge lounge exchange arrange paste taste waste bathe breathe clothe cause
raise please chase browse douse bruise house use abuse accuse fuse pose lose"""
_E_STEMS = frozenset(base.removesuffix("e") for base in _E_VERBS.split())
# A monosyllable that ends so in -e: leave, squeeze, dance, judge, charge, argue.
_TAKES_E = re.compile(r"(?:[vzu]|c|[rd]g|[^aeiourl]l|[aeiou]{2}s|[rln]s)$")


@dataclass(frozen=True)
class Forms:
    """One verb, form by form; several spellings where the participle leaves the base open."""

    base: tuple[str, ...]
    third: tuple[str, ...]
    past: tuple[str, ...]
    participle: tuple[str, ...]  # the past one
    ing: str


def _irregular() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """base -> (past, past participle), from the table; ``/`` between spellings."""
    table = {}
    for line in files("unrelate.matching").joinpath("verbs.txt").read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        if len(words) == 3:
            base, past, participle = words
            table[base] = (tuple(past.split("/")), tuple(participle.split("/")))
    return table


IRREGULAR = _irregular()


def present_participle(base: str) -> str:
    """``drink`` -> ``drinking``, ``hit`` -> ``hitting``, ``bite`` -> ``biting``, ``lie`` -> ``lying``."""
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e") and not base.endswith(("ee", "oe", "ye")):
        return base[:-1] + "ing"
    return base + (base[-1] if _doubles(base) else "") + "ing"


def forms(ing: str) -> Forms:
    """All forms of the verb whose present participle is ``ing``."""
    bases = (_ING[ing],) if ing in _ING else _bases(ing.removesuffix("ing"))
    past: list[str] = []
    participle: list[str] = []
    for base in bases:
        irregular = IRREGULAR.get(base)
        past += irregular[0] if irregular else (_regular_past(base),)
        participle += irregular[1] if irregular else (_regular_past(base),)
    return Forms(bases, tuple(_third(base) for base in bases), tuple(past), tuple(participle), ing)


def _bases(stem: str) -> tuple[str, ...]:
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in _VOWELS:
        return (stem, stem[:-1]) if stem[-1] in "lsfz" else (stem[:-1],)
    if stem.endswith("y") and len(stem) < 4 and stem in ("ly", "ty", "dy"):
        return (stem[:-1] + "ie",)
    if stem in _E_STEMS or _TAKES_E.search(stem):
        return (stem + "e",)
    if len(re.findall(r"[aeiouy]+", stem)) > 1:
        return (stem, stem + "e")
    short = re.search(r"(?:^|[^aeiou])[aeiou][^aeiouwxy]$", stem)
    return (stem + "e",) if short else (stem,)


def _doubles(base: str) -> bool:
    single = re.fullmatch(r"[^aeiou]*(?:qu)?[aeiou][^aeiouwxy]", base)
    return bool(single) or base in ("forget", "begin", "forbid", "admit")


def _regular_past(base: str) -> str:
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and len(base) > 1 and base[-2] not in _VOWELS:
        return base[:-1] + "ied"
    return base + (base[-1] if _doubles(base) else "") + "ed"


def _third(base: str) -> str:
    if base.endswith(("s", "x", "z", "ch", "sh", "o")):
        return base + ("zes" if base.endswith("z") and not base.endswith("zz") else "es")
    return _y_to_ies(base)


_PLURALS = {
    "child": ("children",),
    "person": ("people", "persons"),
    "foot": ("feet",),
    "tooth": ("teeth",),
    "goose": ("geese",),
    "mouse": ("mice",),
    "ox": ("oxen",),
    "knife": ("knives",),
    "wife": ("wives",),
    "wolf": ("wolves",),
    "leaf": ("leaves",),
    "loaf": ("loaves",),
    "half": ("halves",),
    "calf": ("calves",),
    "shelf": ("shelves",),
    "thief": ("thieves",),
    "elf": ("elves",),
    "sheep": ("sheep",),
    "deer": ("deer",),
}


def plurals(noun: str) -> tuple[str, ...]:
    """How captions write more than one: ``box`` -> ``boxes``; two spellings where both occur."""
    for single, several in _PLURALS.items():
        if noun == single or (noun.endswith(single) and single in ("child", "foot", "wolf")):
            return tuple(noun.removesuffix(single) + many for many in several)
    if noun.endswith("man") and noun not in ("human", "german", "roman"):
        return (noun.removesuffix("man") + "men",)
    if noun.endswith("o"):
        return (noun + "s", noun + "es")
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return (noun + "es",)
    return (_y_to_ies(noun),)


def _y_to_ies(word: str) -> str:
    """The ending -s, with *baby* as *babies* but *boy* as *boys*."""
    if word.endswith("y") and len(word) > 1 and word[-2] not in _VOWELS:
        return word[:-1] + "ies"
    return word + "s"


_ING = {present_participle(base): base for base in IRREGULAR}
