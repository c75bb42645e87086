"""What stands after a verb: its objects, one or several, and what is not one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unrelate.matching import words as w
from unrelate.matching.chunks import Chunk, NounPhrase, VerbChunk

_UP = ("up", "down", "aloft")  # lifting up a ball
_VERBAL = ("verb", "other", "be", "have", "do", "modal", "rel", "whose")


@dataclass(frozen=True)
class Found:
    """``waits``: no object yet, another verb comes first. ``others``: noun phrases that are none."""

    nouns: tuple[NounPhrase, ...] = ()
    others: tuple[NounPhrase, ...] = ()
    end: int = 0
    waits: bool = False


@dataclass(frozen=True)
class Objects:
    row: Sequence[str]
    chunks: Sequence[Chunk]

    def after(self, at: int, verb: VerbChunk) -> Found:
        """The objects of the verb at chunk ``at``."""
        j = at + 1
        first = self._at(j)
        if first is not None and first.kind in ("and", "comma"):
            k = j
            while (chunk := self._at(k)) is not None and chunk.kind in ("and", "comma"):
                k += 1
            another = self._at(k)
            if isinstance(another, VerbChunk):
                return Found(end=j, waits=True)
            return Found(end=j)
        if first is not None and first.word in _UP and isinstance(self._at(j + 1), NounPhrase):
            return self._several(j + 1)
        if first is not None and first.kind == "prep":
            measured = self._at(j + 1)
            base = verb.verb.base if verb.verb else ""
            contents = first.word == "from" and isinstance(measured, NounPhrase) and measured.measured
            if not contents and not (first.word == "on" and base in w.ON):
                return Found(end=j)
            j += 1
        return self._several(self._receiver(j))

    def _receiver(self, j: int) -> int:
        """*pours a child a glass of wine*: past the child."""
        who, what = self._at(j), self._at(j + 1)
        receives = isinstance(who, NounPhrase) and not who.object and (who.actor or who.person)
        if receives and isinstance(what, NounPhrase) and what.object and not what.actor:
            after = self._at(j + 2)
            return j if after is not None and after.kind in _VERBAL else j + 1
        return j

    def _several(self, j: int) -> Found:
        """A list: *cake, apples and a hamburger*; *not wine but juice*; of *juice or wine*, neither."""
        nouns: list[NounPhrase] = []
        open_ = False
        while True:
            chunk = self._at(j)
            if chunk is not None and chunk.kind == "not":
                following = self._at(j + 1)
                if not isinstance(following, NounPhrase):
                    break
                following.negated = True
                nouns.append(following)
                j += 2
            elif isinstance(chunk, NounPhrase):
                nouns.append(chunk)
                j += 1
            else:
                break
            joint, following, step = self._joint(j)
            if following is None or self._begins_clause(j + step, following):
                break
            if joint == "comma" and not self._closes(j + 1):
                break
            open_ = open_ or joint == "or"
            j += step
        j, extra = self._gapped(j)
        nouns += extra
        if not nouns:
            return Found(end=j)
        if open_:
            return Found(others=tuple(nouns), end=j)
        return Found(nouns=tuple(nouns), end=j)

    def _joint(self, j: int) -> tuple[str, NounPhrase | None, int]:
        """What joins the next of a list, that next one, and how many chunks before it."""
        chunk, step, kind = self._at(j), 0, ""
        while chunk is not None and chunk.kind in ("comma", "and", "or", "but") and step < 2:
            kind = chunk.kind if kind in ("", "comma") else kind
            step += 1
            chunk = self._at(j + step)
        beyond = self._at(j + step + 1)
        if kind and chunk is not None and chunk.kind == "not" and isinstance(beyond, NounPhrase):
            return kind, beyond, step
        return kind, chunk if kind and isinstance(chunk, NounPhrase) else None, step

    def _begins_clause(self, at: int, noun: NounPhrase) -> bool:
        """Whether this noun phrase is not of the list but somebody who acts next."""
        after = self._at(at + 1)
        if noun.pronoun and noun.pronoun != "it":
            return True
        acts = after is not None and after.kind in _VERBAL
        relative = after is not None and after.kind == "rel"
        passive = isinstance(after, VerbChunk) and "participle" in after.forms and "ing" not in after.forms
        if noun.object and not noun.actor:
            return acts and not passive and not relative
        return acts or bool(noun.actor or noun.person)

    def _closes(self, j: int) -> bool:
        """Whether a list with commas ends in *and* or *or*, as lists do."""
        while isinstance(self._at(j), NounPhrase):
            following = self._at(j + 1)
            if following is None or following.kind not in ("comma", "and", "or"):
                return False
            if following.kind in ("and", "or"):
                last = self._at(j + 2)
                return isinstance(last, NounPhrase) and not self._begins_clause(j + 2, last)
            j += 2
            joint = self._at(j)
            if joint is not None and joint.kind in ("and", "or"):
                return isinstance(self._at(j + 1), NounPhrase)
        return False

    def _gapped(self, j: int) -> tuple[int, list[NounPhrase]]:
        """*a hammer in her left hand and a saw in her right*: the preposition comes again."""
        shape = [self._at(j + k) for k in range(5)]
        first, hold, joint, noun, again = shape
        if (
            first is not None
            and again is not None
            and joint is not None
            and isinstance(hold, NounPhrase)
            and isinstance(noun, NounPhrase)
            and noun.object
            and (first.kind, joint.kind, again.kind) == ("prep", "and", "prep")
            and first.word == again.word
            and not noun.actor
        ):
            return j + 4, [noun]
        return j, []

    def _at(self, index: int) -> Chunk | None:
        return self.chunks[index] if 0 <= index < len(self.chunks) else None


def group_from(
    chunks: Sequence[Chunk], at: int, *, actors: bool = False
) -> tuple[tuple[NounPhrase, ...], int]:
    """*a man, a woman and a child*: the noun phrases that act together, and where they end.

    ``actors``: after a preposition, where only those who could act are joined (*by a man and a woman*).
    """
    first = chunks[at]
    assert isinstance(first, NounPhrase)
    group = [first]
    j = at + 1
    while j < len(chunks) - 1:
        k = j
        while k < len(chunks) and chunks[k].kind in ("comma", "and") and k < j + 2:
            k += 1
        kinds = [chunk.kind for chunk in chunks[j:k]]
        following = chunks[k] if k < len(chunks) else None
        if not kinds or not isinstance(following, NounPhrase):
            break
        if "and" not in kinds and not _list_goes_on(chunks, k):
            break
        if actors and (not (following.actor or following.person) or _acts(chunks, k + 1)):
            break
        group.append(following)
        j = k + 1
        if "and" in kinds:
            break
    return tuple(group), j


def _list_goes_on(chunks: Sequence[Chunk], at: int) -> bool:
    """After a comma: whether *and* and another one follow at once."""
    rest = [chunk.kind for chunk in chunks[at + 1 : at + 4]]
    return rest[:2] == ["and", "noun"] or rest == ["comma", "and", "noun"]


def _acts(chunks: Sequence[Chunk], at: int) -> bool:
    """Whether a finite verb follows: what stands before it is the subject of a new clause."""
    chunk = chunks[at] if at < len(chunks) else None
    if isinstance(chunk, VerbChunk):
        return bool(chunk.forms & {"third", "past", "base"})
    return chunk is not None and chunk.kind in ("be", "have", "do", "modal")
