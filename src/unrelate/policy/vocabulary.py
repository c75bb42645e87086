"""The words of a world: actors, relations, objects, contexts, and how they are put into sentences."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from unrelate.errors import UserError, nearest
from unrelate.policy.facts import fact_triples, settle_facts
from unrelate.policy.frames import check_frames
from unrelate.policy.hierarchy import (
    KINDS,
    Concept,
    Relation,
    ancestors,
    canonical,
    descendants,
    index,
    plain,
    settle,
    settle_takes,
    takes,
)
from unrelate.policy.problems import Strict, Text, Texts, problem
from unrelate.policy.triple import Triple


class Value(Strict):
    """One value of a context, and how captions say it: ``kitchen: {says: in a kitchen}``."""

    says: Text | None = None


class Vocabulary(Strict):
    """What can be said, drawn, forbidden and kept.

    ``contexts[key][value]`` are conditions and attributes; ``describes[key]`` says what a key is
    said of (``actor``, ``object``, ``scene``; anything if left out). Each of ``phrasings`` and
    ``reserved_phrasings`` has one ``{}`` for the sentence, each of ``settings`` one as well and
    perhaps ``{place}``. The reserved ones, and the settings, belong to the
    attacks alone (RASU section 4: paraphrase and contextual attack).

    ``facts[actor][relation]`` is an object. Where facts are given they are all that is true: `triples`
    are these alone, though a relation `takes` what it took, so that what is false can still be said.
    """

    actors: dict[str, Concept]
    objects: dict[str, Concept]
    relations: dict[str, Relation]
    contexts: dict[str, dict[str, Value]] = Field(default={})
    describes: dict[str, Literal["actor", "object", "scene"]] = Field(default={})
    facts: dict[str, dict[str, Text]] = Field(default={})
    phrasings: Texts = ("{}", "a photo of {}", "a picture of {}")
    reserved_phrasings: Texts = ("an image that shows {}", "here we can see {}", "{}, caught on camera")
    settings: Texts = (
        "{} in a futuristic city street at night",
        "late at night in an empty station, {}",
        "a dark scene after sunset with {}",
    )

    @field_validator(*KINDS, mode="before")
    @classmethod
    def _from_list(cls, data: Any) -> Any:
        """``[child, man]`` is short for ``{child: {}, man: {}}``."""
        if isinstance(data, (list, tuple)) and all(isinstance(name, str) for name in data):
            return {name: {} for name in data}
        return data

    @field_validator("contexts", mode="before")
    @classmethod
    def _values_from_list(cls, data: Any) -> Any:
        """``place: [kitchen]`` and ``place: {kitchen: in a kitchen}`` are short forms too."""
        if not isinstance(data, Mapping):
            return data
        return {key: _short_values(values) for key, values in data.items()}

    @field_validator("actors", "objects")
    @classmethod
    def _settle_concepts(cls, concepts: dict[str, Concept], info: Any) -> dict[str, Concept]:
        _some(info.field_name, concepts)
        return settle(info.field_name, concepts)

    @field_validator("relations")
    @classmethod
    def _settle_relations(cls, relations: dict[str, Relation], info: Any) -> dict[str, Relation]:
        _some("relations", relations)
        settled = settle("relations", relations)
        objects = info.data.get("objects")
        return settled if objects is None else settle_takes(settled, objects)

    @field_validator("contexts")
    @classmethod
    def _settle_contexts(cls, contexts: dict[str, dict[str, Value]]) -> dict[str, dict[str, Value]]:
        settled: dict[str, dict[str, Value]] = {}
        for key, values in contexts.items():
            if not key.isidentifier() or key == "is":
                raise problem((key,), f"'{key}' cannot name a context", "letters, digits and _; not 'is'")
            if not values:
                raise problem((key,), f"'{key}' has no values", "at least one value")
            settled[key] = {
                canonical(value): Value(says=how.says or value.replace("_", " "))
                for value, how in values.items()
            }
        return settled

    @field_validator("facts")
    @classmethod
    def _settle_facts(cls, facts: dict[str, dict[str, str]], info: Any) -> dict[str, dict[str, str]]:
        tables = [info.data.get(kind) for kind in KINDS]
        if any(table is None for table in tables):
            return facts  # what is wrong there is told first
        actors, relations, objects = tables
        return settle_facts(facts, actors, relations, objects)

    @model_validator(mode="after")
    def _consistent(self) -> Vocabulary:
        for key in self.describes:
            if key not in self.contexts:
                close = nearest(key, self.contexts)
                raise problem(
                    ("describes", key), f"'{key}' is not a context", ", ".join(self.contexts), close
                )
        check_frames("phrasings", self.phrasings)
        check_frames("reserved_phrasings", self.reserved_phrasings, not_among=self.phrasings)
        check_frames("settings", self.settings, ("place",) if "place" in self.contexts else ())
        return self

    # A corpus asks these millions of times, and a vocabulary never changes.
    @cached_property
    def _above(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {(kind, name): ancestors(self.concepts(kind), name) for kind, name in self._names()}

    @cached_property
    def _below(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {(kind, name): descendants(self.concepts(kind), name) for kind, name in self._names()}

    @cached_property
    def _usual(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {(kind, name): self.concepts(kind)[name].usual() for kind, name in self._names()}

    def _names(self) -> list[tuple[str, str]]:
        return [(kind, name) for kind in KINDS for name in self.concepts(kind)]

    def concepts(self, kind: str) -> Mapping[str, Concept]:
        """The concepts of one kind: ``actors``, ``relations`` or ``objects``."""
        tables: dict[str, Mapping[str, Concept]] = {
            "actors": self.actors,
            "relations": self.relations,
            "objects": self.objects,
        }
        return tables[kind]

    def resolve(self, kind: str, word: str) -> str:
        """The canonical name for ``word``: a name, with spaces or underscores, or any phrase for it,
        with or without its article.

        Raises:
            UserError: nothing of this kind is called so; the nearest known word is suggested.
        """
        known = index(self.concepts(kind))
        name = known.get(plain(word))
        if name is None:
            names = ", ".join(self.concepts(kind))
            close = nearest(plain(word), known)
            remedy = close or f"add it to the vocabulary's {kind}, or use one of the words above"
            raise UserError(f"'{word}' is not among the {kind}", names, remedy)
        return name

    def ancestors(self, kind: str, name: str) -> tuple[str, ...]:
        """All that ``name`` is a kind of, nearest first, without itself."""
        return self._above[kind, name]

    def descendants(self, kind: str, name: str) -> tuple[str, ...]:
        """All kinds of ``name``, without itself."""
        return self._below[kind, name]

    def concrete_under(self, kind: str, name: str) -> tuple[str, ...]:
        """The concepts that pictures show, among ``name`` and all below it."""
        return tuple(n for n in (name, *self.descendants(kind, name)) if self.concepts(kind)[n].concrete)

    def concrete(self, kind: str) -> tuple[str, ...]:
        """All concepts of a kind that pictures show."""
        return tuple(name for name, concept in self.concepts(kind).items() if concept.concrete)

    def is_under(self, kind: str, name: str, ancestor: str) -> bool:
        """Whether ``name`` is ``ancestor`` or a kind of it."""
        return name == ancestor or ancestor in self.ancestors(kind, name)

    def takes(self, relation: str, object_: str) -> bool:
        """Whether the relation can have this concrete object, as a fact or not; see `hierarchy.takes`."""
        return takes(self.relations, self.objects, relation, object_)

    def holds(self, triple: Triple) -> bool:
        """Whether a bare tuple of concrete concepts is one of this world's: where facts are given a
        fact, elsewhere whatever the relation takes."""
        if self.facts:
            return self.facts.get(triple.actor, {}).get(triple.relation) == triple.object
        return self.takes(triple.relation, triple.object)

    def triples(self) -> tuple[Triple, ...]:
        """Every bare tuple of concrete concepts, over the objects that each relation takes; where
        facts are given, the facts."""
        if self.facts:
            return fact_triples(self.facts, self.concrete("actors"), self.concrete("relations"))
        return tuple(
            Triple(actor, relation, object_)
            for actor in self.concrete("actors")
            for relation in self.concrete("relations")
            for object_ in self.concrete("objects")
            if self.takes(relation, object_)
        )

    def nodes(self) -> tuple[Triple, ...]:
        """Every concrete actor alone, then every concrete object alone."""
        return (
            *(Triple(actor=name) for name in self.concrete("actors")),
            *(Triple(object=name) for name in self.concrete("objects")),
        )

    def phrases(self, kind: str, name: str) -> tuple[str, ...]:
        """The usual ways to say a concept, the plainest first."""
        return self._usual[kind, name]

    def reserved_phrases(self, kind: str, name: str) -> tuple[str, ...]:
        """The ways to say it that are kept for the attacks; perhaps none."""
        return self.concepts(kind)[name].reserved

    def context_phrase(self, key: str, value: str) -> str:
        """How captions say a context: ``("place", "park")`` is ``in a park``."""
        return self.contexts[key][value].says or value


def _some(kind: str, concepts: Mapping[str, Concept]) -> None:
    if not concepts:
        raise problem((), f"there are no {kind}", f"at least one of the {kind}")


def _short_values(values: Any) -> Any:
    if isinstance(values, (list, tuple)) and all(isinstance(value, str) for value in values):
        return {value: {} for value in values}
    if isinstance(values, Mapping):
        return {value: {"says": how} if isinstance(how, str) else how for value, how in values.items()}
    return values
