"""An object-relation-object tuple, the unit that everything else speaks of."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, order=True)
class Triple:
    """``actor -relation-> object``, in canonical concept names, perhaps in a context.

    A missing slot is the empty string: ``Triple("child")`` is the node *child* alone, and
    ``Triple(object="wine")`` the node *wine*. ``context`` holds sorted ``(key, value)`` pairs such
    as ``("place", "classroom")``, ``("time", "night")`` or ``("colour", "red")`` (what the actor
    wears); an empty context means *anywhere, whenever, whatever they wear*.
    """

    actor: str = ""
    relation: str = ""
    object: str = ""
    context: tuple[tuple[str, str], ...] = ()

    @property
    def is_node(self) -> bool:
        """Whether this is one concept alone rather than an edge."""
        return not self.relation

    def bare(self) -> Triple:
        """The same tuple with its context left out."""
        return replace(self, context=())

    def within(self, **context: str) -> Triple:
        """The same tuple in a context, e.g. ``triple.within(place="park")``."""
        merged = dict(self.context) | context
        return replace(self, context=tuple(sorted(merged.items())))

    def slots(self) -> tuple[str, str, str]:
        return self.actor, self.relation, self.object

    def __str__(self) -> str:
        name = "-".join(slot for slot in self.slots() if slot)
        held = ", ".join(f"{key}={value}" for key, value in self.context)
        return f"{name} [{held}]" if held else name
