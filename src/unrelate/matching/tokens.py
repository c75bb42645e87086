"""A caption as tokens: words in lower case, clitics apart, and the marks that divide it.

Hashtags at the end, file names and the like are not sentences; each is closed off with a break.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from unrelate.matching.words import BE, DETERMINERS, PREPOSITIONS

_ARTICLES = ("a", "an", "the", "some")
_LEADING = DETERMINERS | PREPOSITIONS | BE | {"and"}
BREAK, COMMA, QUESTION = "<break>", ",", "<question>"
_FILE = re.compile(r"\S*\d\S*\.(?:jpe?g|png|gif|webp|bmp|tiff?|svg)\b", re.I)
_EXTENSION = re.compile(r"\.(?:jpe?g|png|gif|webp|bmp|tiff?|svg)\b", re.I)
_LINK = re.compile(r"(?:https?://|www\.)\S+|[@]\w+", re.I)
_TAGS = re.compile(r"(?:(?<=\S)\s+|^\s*)#\w+(?:\s*#\w+)+\s*$|(?<=[.!?…)])\s*#\w+\s*$")
_TOKEN = re.compile(
    r"[^\W_]+(?:'[^\W_]+)*'?|\.\.+|[.,;:!?|()\[\]/…•]|\s[-–—]+\s|[–—]|--+|-|#|&|\+", re.UNICODE
)
_BREAKS = frozenset(".;:!|[]/…•#") | {"..", "..."}
_CLITIC = re.compile(r"(?<=\w)('s|'re|'ve|'ll|'d|'m)$")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "＇": "'"})


class Token(NamedTuple):
    """``text`` as compared, ``start`` and ``end`` in the caption; ``glued`` with a hyphen to the last."""

    text: str
    start: int
    end: int
    glued: bool = False


def tokens(caption: str) -> list[Token]:
    """The words and marks of a caption, in order."""
    text = caption.translate(_APOSTROPHES).replace("&amp;", "&    ")
    if "." in text or "#" in text or "@" in text or "://" in text:
        for pattern in (_FILE, _LINK, _TAGS):
            text = pattern.sub(_blank, text)
        text = _EXTENSION.sub(_blank, text)
    found: list[Token] = []
    glued = False
    for match in _TOKEN.finditer(text):
        raw = match.group()
        start, end = match.span()
        if raw == "-":
            glued = bool(found) and found[-1].end == start
            continue
        if raw == "#":
            if found and _is_word(found[-1].text) and not _leads(found[-1].text):
                found.append(Token(BREAK, start, end))
            continue
        if raw[0].isalnum():
            if "'" in raw:
                _words(found, raw, start, glued)
            else:
                found.append(Token(raw.lower(), start, end, glued))
        elif mark := _mark(raw):
            found.append(Token(mark, start, end))
        glued = False
    return found


def words(phrase: str) -> tuple[str, ...]:
    """A phrase of the vocabulary as the words that a caption would have for it."""
    return tuple(token.text for token in tokens(phrase.replace("_", " ")) if _is_word(token.text))


def without_article(phrase: tuple[str, ...]) -> tuple[str, ...]:
    return phrase[1:] if len(phrase) > 1 and phrase[0] in _ARTICLES else phrase


def _words(found: list[Token], raw: str, start: int, glued: bool) -> None:
    word = raw.lower().rstrip("'")
    clitic = _CLITIC.search(word)
    if clitic:
        at = clitic.start()
        found.append(Token(word[:at], start, start + at, glued))
        found.append(Token(word[at:], start + at, start + len(raw)))
    else:
        found.append(Token(word, start, start + len(raw.rstrip("'")), glued))
        if raw.endswith("'") and word.endswith("s"):
            found.append(Token("'s", start + len(raw), start + len(raw)))


def _mark(raw: str) -> str:
    bare = raw.strip()
    if bare == "?":
        return QUESTION
    if bare in (",", "(", ")"):
        return COMMA
    if bare in _BREAKS or set(bare) <= set("-–—."):
        return BREAK
    return ""


def _blank(match: re.Match[str]) -> str:
    """A break in place of what is no sentence; every later position stays what it was."""
    return "|" + " " * (len(match.group()) - 1)


def _is_word(text: str) -> bool:
    return text not in (BREAK, COMMA, QUESTION)


def _leads(text: str) -> bool:
    """Whether a hashtag after this word reads on as part of the sentence."""
    return (
        text in DETERMINERS
        or text in PREPOSITIONS
        or text in BE
        or text in ("of", "and")
        or text.endswith("ing")
    )
