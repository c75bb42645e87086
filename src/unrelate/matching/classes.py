"""What one word is taken for, when it is no phrase of the vocabulary."""

from __future__ import annotations

from unrelate.matching import words as w
from unrelate.matching.chunks import VerbChunk
from unrelate.matching.tokens import BREAK, COMMA, QUESTION

SINGLE: dict[str, str] = {
    **dict.fromkeys(w.RELATIVE, "rel"),
    **dict.fromkeys(w.SUBORDINATORS, "sub"),
    **dict.fromkeys(w.MODAL, "modal"),
    **dict.fromkeys(w.DO, "do"),
    **dict.fromkeys(w.HAVE, "have"),
    **dict.fromkeys(w.BE, "be"),
    **dict.fromkeys(w.NOT_CLAIMED, "veil"),
    **dict.fromkeys(w.NEGATIVE, "not"),
    **dict.fromkeys(("and", "&", "+", "plus"), "and"),
    "or": "or",
    "but": "but",
    "to": "to",
    "whose": "whose",
    COMMA: "comma",
    BREAK: "break",
    QUESTION: "query",
}
CLOSED = frozenset(SINGLE) | w.PREPOSITIONS | w.PRONOUNS | w.NOBODY


def is_adverb(word: str) -> bool:
    return word in w.ADVERBS or (word.endswith("ly") and len(word) > 4 and word not in ("family", "belly"))


def other_verb(row: list[str], at: int) -> VerbChunk | None:
    """A verb that is no relation of the vocabulary."""
    word = row[at]
    forms = w.VERBS.get(word)
    if word in w.UNREAL:
        forms = forms or frozenset({"ing" if word.endswith("ing") else "third"})
        return VerbChunk("other", at, at + 1, word, None, forms, unreal=True)
    if forms is None and word.endswith("ing") and len(word) > 5:
        forms = frozenset({"ing"})
    if forms is None and word.endswith("ed") and len(word) > 4:
        forms = frozenset({"past", "participle"})
    return VerbChunk("other", at, at + 1, word, None, forms) if forms else None
