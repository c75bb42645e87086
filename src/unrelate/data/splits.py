"""Which rows are trained on and which are asked for later, so that nothing is in both.

Rows that share a picture go together; so do rows of one tuple that must stay, since the audit asks
for neighbours that are *new*. Unsafe tuples and nodes are divided picture by picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

from unrelate.data.hashing import text_sha256
from unrelate.data.roles import Meaning
from unrelate.graph.types import Role, Split
from unrelate.policy.triple import Triple
from unrelate.policy.tuples import overlap

HELD_OUT_SHARE = 0.3
BY_PICTURE = (Role.UNSAFE, Role.NODE)


def assign_splits(meanings: Sequence[Meaning], hashes: Sequence[str]) -> tuple[Split, ...]:
    """The split of every row: as given, else as the graph plans, else about 30 % held out, chosen by
    hash (the same for the same rows, in any order, whatever the files are called).

    Args:
        meanings: the rows.
        hashes: the content hash of each row's picture.
    """
    splits: dict[int, Split] = {}
    open_groups: dict[tuple[str, str], list[tuple[str, list[int]]]] = defaultdict(list)
    for group in _groups(meanings, hashes):
        members = [meanings[row] for row in group]
        settled = _settled(members)
        for row in group:
            own = Split.HELD_OUT if meanings[row].forced else meanings[row].given or settled
            if own is not None:
                splits[row] = own
        if settled is None:
            first = min(members, key=lambda meaning: (meaning.role, meaning.triple))
            by_picture = first.role in BY_PICTURE
            order = text_sha256(min(hashes[row] for row in group) if by_picture else str(first.triple))
            # Each named tuple is divided for itself, so that each can be trained on and asked for.
            kind = str(first.triple) if by_picture and first.named else ""
            open_groups[first.role, kind].append((order, group))
    for divided in _with_singles_pooled(open_groups):
        for number, (_, group) in enumerate(sorted(divided)):
            split = Split.HELD_OUT if number < _held_out(len(divided)) else Split.TRAIN
            splits.update(dict.fromkeys(group, split))
    return tuple(splits[row] for row in range(len(meanings)))


def _held_out(count: int) -> int:
    return max(1, round(count * HELD_OUT_SHARE)) if count > 1 else 0


def _settled(members: Sequence[Meaning]) -> Split | None:
    """What the rows of a group ask for together; held out, where they disagree."""
    given = {m.given for m in members if m.given} | {Split.HELD_OUT for m in members if m.forced}
    wanted = given or {m.planned for m in members if m.planned}
    if not wanted:
        return None
    return Split.HELD_OUT if Split.HELD_OUT in wanted else Split.TRAIN


def _with_singles_pooled(
    groups: dict[tuple[str, str], list[tuple[str, list[int]]]],
) -> list[list[tuple[str, list[int]]]]:
    """Tuples with one picture only are divided together, role by role."""
    pools: dict[str, list[tuple[str, list[int]]]] = defaultdict(list)
    divided = []
    for (role, _), found in groups.items():
        if len(found) > 1:
            divided.append(found)
        else:
            pools[role] += found
    return [*divided, *pools.values()]


def kept_classes(meanings: Sequence[Meaning]) -> list[int | None]:
    """A number for each row that stays, the same for rows that could show one tuple: *a man eating*
    and *a man eating in a park*, but not *in a kitchen* and *in a park*. None for the others."""
    seen: dict[tuple[str, str, str], dict[Triple, int]] = defaultdict(dict)
    pairs = []
    for row, meaning in enumerate(meanings):
        if meaning.role not in BY_PICTURE:
            known = seen[meaning.triple.slots()]
            pairs += [(first, row) for triple, first in known.items() if overlap(triple, meaning.triple)]
            known.setdefault(meaning.triple, row)
    roots = _joined(len(meanings), pairs)
    return [None if m.role in BY_PICTURE else root for m, root in zip(meanings, roots, strict=True)]


def _groups(meanings: Sequence[Meaning], hashes: Sequence[str]) -> list[list[int]]:
    """Rows that have to be in one split."""
    owner: dict[Hashable, int] = {}
    pairs = []
    for keys in (hashes, kept_classes(meanings)):
        pairs += [(owner.setdefault(key, row), row) for row, key in enumerate(keys) if key is not None]
    found: dict[int, list[int]] = defaultdict(list)
    for row, root in enumerate(_joined(len(meanings), pairs)):
        found[root].append(row)
    return list(found.values())


def _joined(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """For each of ``count`` rows one that stands for all that the pairs join it with (union-find)."""
    parent = list(range(count))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for a, b in pairs:
        parent[root(b)] = root(a)
    return [root(row) for row in range(count)]
