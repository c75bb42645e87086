"""The closed classes of English, and the common open ones, that tell where a phrase ends.

Without them there is no telling a noun from what follows it: in *wine glass* the wine is only a
modifier, in *wine stock photo* it is the whole of what is drunk. The words are in ``words.txt``.
"""

from __future__ import annotations

from importlib.resources import files

from unrelate.matching.inflection import IRREGULAR, forms, present_participle


def _sections() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    name = ""
    for line in files("unrelate.matching").joinpath("words.txt").read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        if words and words[0].startswith("["):
            name = words[0].strip("[]")
            found[name] = []
        elif words:
            found[name] += words
    return {section: tuple(words) for section, words in found.items()}


def _inflected(base: str) -> dict[str, frozenset[str]]:
    """Every form of a verb, and which forms that is."""
    made = forms(present_participle(base))
    spelt = {"base": (base,), "third": made.third, "past": made.past, "participle": made.participle}
    found: dict[str, frozenset[str]] = {made.ing: frozenset({"ing"})}
    for form, words in spelt.items():
        for word in words:
            found[word] = found.get(word, frozenset()) | {form}
    return found


def _verbs(bases: tuple[str, ...]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for base in dict.fromkeys(bases):
        for word, kinds in _inflected(base).items():
            found[word] = found.get(word, frozenset()) | kinds
    return found


_LISTS = _sections()

DETERMINERS = frozenset(_LISTS["determiners"])
NOTHING = frozenset(_LISTS["nothing"])
PREPOSITIONS = frozenset(_LISTS["prepositions"])
SUBORDINATORS = frozenset(_LISTS["subordinators"])
NOT_CLAIMED = frozenset(_LISTS["not_claimed"])
RELATIVE = frozenset(_LISTS["relative"])
PRONOUNS = frozenset(_LISTS["pronouns"])
NOBODY = frozenset(_LISTS["nobody"])
BE = frozenset(_LISTS["be"])
HAVE = frozenset(_LISTS["have"])
DO = frozenset(_LISTS["do"])
MODAL = frozenset(_LISTS["modal"])
NEGATIVE = frozenset(_LISTS["negative"])
ADVERBS = frozenset(_LISTS["adverbs"])
LETTING = frozenset(_LISTS["letting"])
SHOWING = frozenset(_LISTS["showing"])
PICTURES = frozenset(_LISTS["pictures"])
STOCK = frozenset(_LISTS["stock"])
MEASURES = frozenset(_LISTS["measures"])
HUMAN = frozenset(_LISTS["human"])
YOUNG = frozenset(_LISTS["young"])
GARMENTS = frozenset(_LISTS["garments"])
ADJECTIVES = frozenset(_LISTS["adjectives"])
COMPOUNDS = frozenset(_LISTS["compounds"])
EMPTY = frozenset(_LISTS["empty"])
GERUND_NOUNS = frozenset(_LISTS["gerund_nouns"])
ON = frozenset(_LISTS["on"])
NOT_VERBS = frozenset(_LISTS["not_verbs"])
LONG_PREPOSITIONS = tuple(phrase.replace("_", " ") for phrase in _LISTS["long_prepositions"])
# A place in a place is that place: *in the corner of the kitchen*, *out on the street*.
INSIDE = {
    phrase: phrase.split()[-1] if phrase.startswith("out ") else phrase.split()[0]
    for phrase in LONG_PREPOSITIONS
    if phrase.startswith(("in the ", "at the ", "out in", "out on")) and phrase != "in the company of"
}
ADJECTIVE_ENDS = ("y", "ed", "ful", "ous", "ish", "ern", "ic", "less")
UNREAL = frozenset(word for base in _LISTS["unreal"] for word in _inflected(base))
VERBS = _verbs((*_LISTS["common"], *IRREGULAR))
