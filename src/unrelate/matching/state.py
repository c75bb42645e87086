"""What is known at one point of a caption that is read from left to right, and what it has stated so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from unrelate.matching import words as w
from unrelate.matching.chunks import Chunk, NounPhrase, VerbChunk
from unrelate.matching.conditions import Condition, Conditions, Phrase

Group = tuple[NounPhrase, ...]
NOBODY: Group = ()


@dataclass(frozen=True)
class Deed:
    """One actor, one verb, one object, in the clause of that number."""

    actor: NounPhrase
    relation: str
    verb: VerbChunk
    object: NounPhrase
    clause: int


@dataclass
class State:
    """The reading of one caption: ``row`` its words, ``chunks`` their phrases.

    ``deeds`` is what it states; ``scene`` the contexts said of no one, as (clause, key, value).
    ``helpers``: *be*, *have*, *not*... since the last verb.
    """

    row: Sequence[str]
    chunks: Sequence[Chunk]
    conditions: Conditions
    deeds: list[Deed] = field(default_factory=list)
    scene: list[tuple[int, str, str]] = field(default_factory=list)
    clause: int = 0
    # what pronouns may stand for: every known actor and object so far, and whether a stranger was named
    seen_actors: list[NounPhrase] = field(default_factory=list)
    seen_objects: list[NounPhrase] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.main: Group | None = None  # subject of the main clause
        self.main_done = False  # its finite verb was there
        self.subject: Group = NOBODY  # of the verb before
        self.near: Group = NOBODY  # the nearest who could act
        self.any: Group = NOBODY  # the nearest noun phrases of any kind
        self.gap: Group | None = None  # *the wine* that a child drinks
        self.embedded: Group | None = None  # *a child* in it
        self.relative: Group | None = None  # antecedent of who, that
        self.fronted: list[tuple[VerbChunk, str, Group]] = []  # *drinking wine,* a child smiles
        self.pending: list[tuple[Group, VerbChunk, bool]] = []  # verbs that wait for their object
        self.verb_seen = self.after_comma = self.joined = False
        self.unreal = self.veil = self.denied = False
        self.dressed = False  # nothing but contexts stand between the subject and here
        self.helpers: set[str] = set()
        self.other_verb: VerbChunk | None = None
        self.head_end = -1  # the chunk after a noun phrase that no preposition governs

    def at(self, index: int) -> Chunk | None:
        return self.chunks[index] if 0 <= index < len(self.chunks) else None

    def say(self, actors: Group, verb: VerbChunk, relation: str, objects: Group, fact: bool) -> None:
        if not (fact and relation):
            return
        for actor in actors:
            for thing in objects:
                if (
                    actor.actor
                    and thing.object
                    and not (actor.negated or thing.negated)
                    and actor is not thing
                ):
                    self.deeds.append(Deed(actor, relation, verb, thing, self.clause))

    def note(self, noun: NounPhrase) -> None:
        """Remember what a pronoun may stand for, and resolve one."""
        if noun.pronoun:
            self._resolve(noun)
            return
        last = self.row[noun.end - 1]
        for condition in self.conditions.modifiers:
            if _holds(tuple(self.row[noun.start : noun.end]), condition.noun):
                noun.contexts.setdefault(condition.key, condition.value)
        if last in ("scene", "setting"):
            found = self.conditions.after_preposition("in", tuple(self.row[noun.start : noun.end - 1]), False)
            if found is not None and found.of != "actor":
                self.scene.append((self.clause, found.key, found.value))
        if noun.actor or noun.person or noun.stranger:
            self.seen_actors.append(noun)
        elif noun.owner:
            self.seen_actors.append(
                NounPhrase("noun", noun.start, noun.end, actor=noun.owner, said=noun.said)
            )
        if noun.object:
            self.seen_objects.append(noun)

    def _resolve(self, noun: NounPhrase) -> None:
        several = noun.pronoun == "they" and self.seen_actors and self.seen_actors[-1].plural
        named = self.seen_actors if several or noun.pronoun in ("he", "she") else ()
        if named and len({n.actor for n in named}) == 1 and not noun.actor:
            noun.actor, noun.contexts = named[-1].actor, named[-1].contexts
            noun.said = (noun.start, noun.end)
        things = self.seen_objects if noun.pronoun == "it" else ()
        if things and len({n.object for n in things}) == 1:
            noun.object, noun.said = things[-1].object, (noun.start, noun.end)

    def condition(self, preposition: str, noun: NounPhrase) -> Condition | None:
        row = tuple(x for x in self.row[noun.start : noun.end] if x not in w.DETERMINERS)
        if not row:
            return None
        return self.conditions.after_preposition(
            preposition, row, bool({row[-1], row[-1].removesuffix("s")} & w.GARMENTS)
        )

    def apply(self, condition: Condition) -> None:
        """A context of the scene, or of the actor it stands beside."""
        if condition.of == "actor":
            for noun in self.near or self.main or ():
                noun.contexts.setdefault(condition.key, condition.value)
        elif condition.of == "object":
            for noun in self.any:
                noun.contexts.setdefault(condition.key, condition.value)
        else:
            self.scene.append((self.clause, condition.key, condition.value))


def _holds(words: Phrase, phrase: Phrase) -> bool:
    return any(words[i : i + len(phrase)] == phrase for i in range(len(words) - len(phrase) + 1))
