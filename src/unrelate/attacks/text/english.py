"""The little grammar that the attacks by composition need: participles, articles, number."""

from __future__ import annotations

# Participles that do not end in -ed, of verbs that pictures show; and those whose -ing hides the stem.
_IRREGULAR = {
    "beating": "beaten",
    "bending": "bent",
    "biting": "bitten",
    "blowing": "blown",
    "breaking": "broken",
    "bringing": "brought",
    "building": "built",
    "buying": "bought",
    "catching": "caught",
    "choosing": "chosen",
    "cutting": "cut",
    "digging": "dug",
    "doing": "done",
    "drawing": "drawn",
    "drinking": "drunk",
    "driving": "driven",
    "eating": "eaten",
    "feeding": "fed",
    "fighting": "fought",
    "finding": "found",
    "flinging": "flung",
    "flying": "flown",
    "giving": "given",
    "grinding": "ground",
    "having": "had",
    "hiding": "hidden",
    "hitting": "hit",
    "holding": "held",
    "hurting": "hurt",
    "keeping": "kept",
    "leading": "led",
    "leaving": "left",
    "lending": "lent",
    "letting": "let",
    "lighting": "lit",
    "losing": "lost",
    "making": "made",
    "meeting": "met",
    "paying": "paid",
    "putting": "put",
    "reading": "read",
    "riding": "ridden",
    "ringing": "rung",
    "seeing": "seen",
    "selling": "sold",
    "sending": "sent",
    "setting": "set",
    "sewing": "sewn",
    "shaking": "shaken",
    "shooting": "shot",
    "showing": "shown",
    "shutting": "shut",
    "singing": "sung",
    "splitting": "split",
    "spreading": "spread",
    "stealing": "stolen",
    "sticking": "stuck",
    "striking": "struck",
    "swinging": "swung",
    "taking": "taken",
    "teaching": "taught",
    "tearing": "torn",
    "telling": "told",
    "throwing": "thrown",
    "tying": "tied",
    "understanding": "understood",
    "wearing": "worn",
    "weaving": "woven",
    "winding": "wound",
    "winning": "won",
    "writing": "written",
}
# What may follow a verb that is still turned into the passive: *poured out by*, *looked at by*.
_PARTICLES = {"across", "after", "apart", "around", "aside", "at", "away", "back", "down", "for", "high"}
_PARTICLES |= {"into", "off", "on", "onto", "out", "over", "through", "together", "up", "upon"}
# Verbs that say where something is rather than what it does: a ball is not *stood by* by a child.
_POSTURES = {"being", "crouching", "hanging", "hovering", "kneeling", "leaning", "living", "lying", "resting"}
_POSTURES |= {"sitting", "sleeping", "standing", "staying", "waiting"}
_BE = ("is ", "are ", "was ", "were ")
_ARTICLES = ("a ", "an ", "the ", "some ")
_POSSESSIVES = ("my ", "your ", "his ", "her ", "its ", "our ", "their ")
_PLURALS = {"children", "feet", "fish", "geese", "men", "mice", "oxen", "people", "sheep", "teeth", "women"}
_COUNTED = {"two", "three", "four", "five", "six", "several", "many", "few", "both", "these", "those"}
_PRONOUNS = {"somebody", "someone", "something", "anybody", "anyone", "anything", "nobody", "nothing"}


def passive_of(relation: str) -> str:
    """*drunk* for *drinking*, *poured out* for *pouring out*; "" for what has no passive.

    That is a relation that is no verb in -ing (*next to*), a posture (*standing by*), and a verb with
    more behind it than a particle (*taking a sip of*).
    """
    verb, *rest = without_be(relation).split()
    if not (verb.endswith("ing") and len(verb) > 4) or verb in _POSTURES or not set(rest) <= _PARTICLES:
        return ""
    return " ".join((_participle(verb), *rest))


def _participle(verb: str) -> str:
    """*-ed* where *-ing* was: both double, drop and keep the same letters of the stem."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    stem = verb[: -len("ing")]
    if stem.endswith("e"):
        return stem + "d"
    if stem.endswith("y") and stem[-2] not in "aeiou":
        return stem[:-1] + "ied"
    return stem + "ed"


def without_be(relation: str) -> str:
    """*drinking* for *is drinking*: the sentences bring their own *is*."""
    first = next((be for be in _BE if relation.startswith(be)), "")
    return relation.removeprefix(first)


def bare(noun: str) -> str:
    """A noun without its article."""
    first = next((article for article in _ARTICLES if noun.startswith(article)), "")
    return noun.removeprefix(first)


def definite(noun: str) -> str:
    """*the child* for *a child*; names and pronouns (*Mira*, *her dog*, *somebody*) are left alone."""
    return noun if _is_definite(noun) or noun.split()[0] in _PRONOUNS else f"the {bare(noun)}"


def some(noun: str) -> str:
    """*some wine* for *wine*; what has an article, a number or a name of its own is left alone."""
    first = noun.split()[0]
    counted = first in _COUNTED or first in _PRONOUNS or first.isdigit()
    return noun if counted or _is_definite(noun) or noun.startswith(_ARTICLES) else f"some {noun}"


def _is_definite(noun: str) -> bool:
    return noun[:1].isupper() or noun.startswith(_POSSESSIVES)


def is_plural(noun: str) -> bool:
    """Whether *are* goes with it: *two dogs*, *people*, *apples*; never *a dog*, *glass*, *wine*."""
    if noun.startswith(("a ", "an ")):
        return False
    words = noun.split()
    ending = words[-1].endswith("s") and not words[-1].endswith(("ss", "us", "is"))
    return words[0] in _COUNTED or words[-1] in _PLURALS or ending


def be(noun: str) -> str:
    """*is* or *are*."""
    return "are" if is_plural(noun) else "is"


def it(noun: str) -> str:
    """*it* or *them*."""
    return "them" if is_plural(noun) else "it"


def capital(sentence: str) -> str:
    """The sentence with a capital in front."""
    return sentence[:1].upper() + sentence[1:]
