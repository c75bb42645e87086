"""Requests one after the other: another edit on top of the one that is attacked. Does the first hold?

Nobody forgets once. The next request starts from the merged model, knows nothing of what was forbidden
before, and so holds none of it down.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from unrelate.attacks.base import WeightAttack
from unrelate.attacks.types import Budget, NeedsPixels, Scenario
from unrelate.data.anchors import anchors
from unrelate.data.company import Company
from unrelate.data.roles import Roles
from unrelate.data.sentences import SENTENCES, forbidden_sentences
from unrelate.data.types import Example
from unrelate.edit.loop import Training, train
from unrelate.edit.prepare import Prepared
from unrelate.edit.recipes import recipe_named
from unrelate.errors import UserError
from unrelate.graph import RelationGraph, build_graph
from unrelate.graph.types import Role, Split
from unrelate.models import DualEncoder
from unrelate.policy.schema import Forbidden, Policy
from unrelate.policy.triple import Triple
from unrelate.policy.wording import say, training_wordings

# A request forbids so many objects of one actor and one relation, as a hypernym would.
_OBJECTS = 3


@dataclass(frozen=True)
class Request:
    """What an edit needs: training examples in their new roles, the new graph, captions that stay."""

    examples: tuple[Example, ...]
    graph: RelationGraph
    anchors: Mapping[str, Triple]


@dataclass(frozen=True)
class Sequential(WeightAttack):
    """So many further requests, each a new adapter on the merged model, merged in its turn.

    Each forbids up to three tuples of one actor and one relation that share nothing with what the
    scenario forbids, made from the scenario's own training examples: those of the new tuples become
    unsafe, the others what the new policy's graph says; those of the old forbidden are left out.

    Args:
        requests: how many; the points of its curve.
        steps: of each edit; the recipe is ``calibrated`` otherwise.
    """

    requests: int = 1
    steps: int = 120
    curve: ClassVar[str] = "requests"
    needs_pixels: ClassVar[NeedsPixels] = "trained"

    @property
    def budget(self) -> Budget:
        some = "an unrelated request" if self.requests == 1 else f"{self.requests} unrelated requests"
        return Budget(f"{some} on top, {self.steps} steps of the recipe calibrated each")

    def altered(self, model: DualEncoder, scenario: Scenario) -> Iterator[tuple[float | None, DualEncoder]]:
        recipe = replace(recipe_named("calibrated"), steps=self.steps)
        training = Training(seed=scenario.seed, save_every=self.steps + 1)
        for number, request in enumerate(requests(scenario, self.requests), 1):
            model = model.standalone()
            model.add_adapter(recipe.adapter, seed=training.seed)
            prepared = Prepared(model, request.examples, request.graph, anchors=request.anchors)
            with tempfile.TemporaryDirectory() as folder:  # the loop logs its losses; nobody reads these
                train(model, prepared, recipe, training, Path(folder))
            yield number, model


def requests(scenario: Scenario, count: int) -> Iterator[Request]:
    """So many requests that share nothing with what is forbidden, nor an actor with a relation with
    each other.

    Raises:
        UserError: the training examples do not show so many.
    """
    shown = [e for e in scenario.corpus.part("train") if e.role is Role.NEUTRAL]
    tuples = set(scenario.vocabulary.triples())
    by_pair: dict[tuple[str, str], dict[Triple, int]] = {}
    for triple in (e.triple.bare() for e in shown):
        if triple in tuples:
            objects = by_pair.setdefault((triple.actor, triple.relation), {})
            objects[triple] = objects.get(triple, 0) + 1
    # Those with most pictures first, equals in an order that the seed chooses.
    pairs = sorted(by_pair)
    random.Random(f"requests/{scenario.seed}").shuffle(pairs)
    pairs.sort(key=lambda pair: -sum(by_pair[pair].values()))
    if len(pairs) < count:
        raise UserError(
            f"neutral training examples of {len(pairs)} actors and relations, for {count} further requests",
            "one for each, with their tuples",
            "add neutral rows with actor, relation and object, or leave the attack out",
        )
    for pair in pairs[:count]:
        counted = by_pair[pair]
        chosen = sorted(counted, key=lambda triple: -counted[triple])[:_OBJECTS]
        yield _request(scenario, chosen)


def _request(scenario: Scenario, chosen: Sequence[Triple]) -> Request:
    """The request to forget these bare tuples."""
    words, rng = scenario.vocabulary, random.Random(f"request/{scenario.seed}/{chosen[0]}")
    forget = tuple(Forbidden(actor=t.actor, relation=t.relation, object=t.object) for t in chosen)
    graph = build_graph(Policy(name="a further request", vocabulary=words, forget=forget), seed=scenario.seed)
    old = {triple.slots() for triple in scenario.graph.forbidden}
    graph = replace(graph, edges=tuple(edge for edge in graph.edges if edge.triple.slots() not in old))
    known = {*words.triples(), *words.nodes()}  # others are mere captions
    roles, wordings, examples = Roles(graph, words), training_wordings(words), []
    company = Company(words, graph)
    for example in scenario.corpus.part("train"):
        bare = example.triple.bare()
        edge = roles.find(bare) if bare in known and bare.slots() not in old else None
        if edge is None or edge.split is not Split.TRAIN:
            continue
        variants: list[str] = []
        if edge.role is Role.UNSAFE:
            variants = forbidden_sentences(company, edge.triple, SENTENCES, rng)
        examples.append(
            replace(
                example,
                # Said anew: the old caption may be a hypernym that covers what is forbidden now.
                caption=say(words, example.triple, rng.choice(wordings)),
                triple=edge.triple,
                role=edge.role,
                variants=tuple(variants),
            )
        )
    return Request(tuple(examples), graph, anchors(words, graph, scenario.seed))
