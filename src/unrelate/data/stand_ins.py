"""Forgetting what must not be pictured: what all its neighbours show together stands in for it.

*A child holding wine*, *a man drinking wine* and *a child drinking milk* each show two parts in three of
*a child drinking wine*. In the mean of their embeddings every part is there twice and what sets them apart
fades, the more the more of them there are: the base model itself reads that mean as the tuple that nobody
drew (docs/picture-free.md has the figures). Means are all alike, and pictures are not; so to each is added
half of what sets one neighbour's picture apart from others of its tuple: its place, its style, its colours.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from PIL import Image

from unrelate.data.types import Example, Picture
from unrelate.errors import UserError
from unrelate.graph.types import Role
from unrelate.policy.triple import Triple

# Pictures of each kind of neighbour in one mean: with few their other parts show through.
_OF_EACH_KIND = 8
# How much of what sets one picture apart is added, and against how many of its tuple that is told.
_APART, _ALIKE = 0.5, 8


@dataclass(frozen=True)
class StandIn:
    """No picture, but several of neighbours, whose embeddings, summed with these weights and brought to
    unit length, are taken for one's."""

    pictures: tuple[Picture, ...] = field(repr=False)
    weights: tuple[float, ...] = field(repr=False)

    def load(self) -> Image.Image:
        """Raises:
        UserError: always: there is nothing to look at, and that is its point.
        """
        raise UserError(
            "this picture was never drawn (`pictures: never`): it has an embedding and no pixels",
            remedy="attack the words instead; attacks on pictures are left out for such tuples",
        )


def seen_through(picture: Picture, change: Callable[[Picture], Picture]) -> Picture:
    """The picture with a change made to it; a stand-in with the change made to all that it is made of."""
    if isinstance(picture, StandIn):
        return replace(picture, pictures=tuple(change(part) for part in picture.pictures))
    return change(picture)


def neighbours_by_kind(triple: Triple, safe: Iterable[Example]) -> Mapping[str, list[Example]]:
    """The examples that differ from the tuple in one part, by which part that is: ``actor``,
    ``relation``, ``object`` or a context's key."""
    found: dict[str, list[Example]] = defaultdict(list)
    for example in safe:
        other = dict(example.triple.context)
        slots = zip(("actor", "relation", "object"), triple.slots(), example.triple.slots(), strict=True)
        apart = [name for name, a, b in slots if a != b]
        apart += [key for key, value in triple.context if other.get(key) != value]
        if len(apart) == 1:
            found[apart[0]].append(example)
    return found


def stand_in(triple: Triple, kinds: Mapping[str, Sequence[Example]], rng: random.Random) -> StandIn:
    """A mean of neighbours, as many of each kind, and what sets one of them apart; each draw is another.

    Raises:
        UserError: the neighbours leave a part of the tuple to a single kind, which may not have it.
    """
    if len(kinds) < 2:
        has = f"those that differ in the {next(iter(kinds))}" if kinds else "none"
        raise UserError(
            f"too few neighbours to stand in for '{triple}', which must not be pictured: {has}",
            "pictures of neighbours that differ in its actor, its relation and its object",
            "add pictures of safe neighbours: `unrelate plan POLICY` names them",
        )
    mean = [rng.choice(kinds[kind]) for kind in kinds for _ in range(_OF_EACH_KIND)]
    one = rng.choice([example for examples in kinds.values() for example in examples])
    alike = [e for examples in kinds.values() for e in examples if e.triple == one.triple]
    others = rng.sample(alike, min(_ALIKE, len(alike)))
    weights = [1 / len(mean)] * len(mean) + [_APART] + [-_APART / len(others)] * len(others)
    return StandIn(tuple(example.picture for example in (*mean, one, *others)), tuple(weights))


def without_pictures(
    examples: Sequence[Example], never: Collection[Triple], *, seed: int
) -> tuple[Example, ...]:
    """The same examples; of what must never be pictured each has a stand-in, made of its own part's safe
    neighbours, for its picture.

    Args:
        never: concrete tuples of which no picture may be made or held.
    """
    safe = [example for example in examples if example.role is Role.SAFE_EDGE]
    kinds: dict[Triple, Mapping[str, list[Example]]] = {}
    made = []
    for example in examples:
        if example.triple in never:
            rng = random.Random(f"stand-in/{seed}/{example.key}")
            known = kinds.setdefault(example.triple, neighbours_by_kind(example.triple, safe))
            example = replace(example, picture=stand_in(example.triple, known, rng))
        made.append(example)
    return tuple(made)
