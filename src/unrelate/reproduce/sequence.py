"""Requests one after the other: each edit starts from the merged model of the one before.

As users do it: `unrelate edit` with the exported model of the last request, which knows nothing of what
was forbidden before. After every request each earlier one is asked for again, and so is what must stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from unrelate import api
from unrelate.assembly import MICROWORLD, gather, load_model, resolve_device
from unrelate.audit.encoder import PRESERVATION
from unrelate.audit.measure import ask
from unrelate.data.roles import Roles
from unrelate.data.types import Corpus, Example
from unrelate.edit.recipes import Recipe
from unrelate.files import read_json, whole, write_json
from unrelate.graph.types import RelationGraph
from unrelate.microworld.world import vocabulary
from unrelate.models import DualEncoder
from unrelate.policy.load import load_policy
from unrelate.policy.schema import Forbidden, Policy
from unrelate.reproduce.work import same_recipe


@dataclass(frozen=True)
class After:
    """The model after so many requests (0: the base model).

    Args:
        recall: request -> recall of what it forbids, in [0, 1]; every request's, made or not.
        accuracy: part of what must stay -> accuracy, in [0, 1]; over the pictures of all requests, those
            that any of them may forbid left out.
        asked: part -> how many pictures.
    """

    requests: int
    recall: dict[str, float]
    accuracy: dict[str, float]
    asked: dict[str, int]

    @property
    def kept(self) -> float:
        """Accuracy over all that must stay."""
        return sum(self.accuracy[part] * count for part, count in self.asked.items()) / sum(
            self.asked.values()
        )


def five_requests() -> tuple[Policy, ...]:
    """The three shipped policies, and two that share neither actor nor relation nor object with them."""
    words = vocabulary()
    shipped = ("kid-eating-hamburger", "child-drinking-alcohol", "man-drinking-beer-in-classroom")
    more = (("robot", "lifting", "hammer"), ("dog", "kicking", "ball"))
    return (
        *(load_policy(name) for name in shipped),
        *(
            Policy(
                name="-".join(slots),
                vocabulary=words,
                forget=(Forbidden(actor=slots[0], relation=slots[1], object=slots[2]),),
            )
            for slots in more
        ),
    )


def run_sequence(
    folder: Path, policies: Sequence[Policy], model: str, recipe: Recipe, seed: int, device: str
) -> None:
    """Make the requests one after the other, and leave ``after.json``: what is measured after each.

    A killed sequence goes on with the request that it was at.
    """
    runs = [folder / f"{number}-{policy.name}" for number, policy in enumerate(policies, 1)]
    for run in runs:
        if (run / "run.json").exists():
            same_recipe([recipe], run)
    if (folder / "after.json").exists():
        return
    asked = _Asked(policies, seed)
    done = [_measured(folder / "after-0.json", 0, asked, model, device)]
    for number, (policy, run) in enumerate(zip(policies, runs, strict=True), 1):
        merged = folder / f"{number}-merged"
        if not merged.exists():
            api.edit(policy, run, model=model, recipe=recipe, seed=seed, device=device, quiet=True)
            with whole(merged) as fresh:
                api.export(run, fresh, merged=True)
        model = str(merged)
        done.append(_measured(folder / f"after-{number}.json", number, asked, model, device))
    write_json(folder / "after.json", [asdict(one) for one in done], indent=1)


def read_sequence(folder: Path) -> tuple[After, ...]:
    """What `run_sequence` measured."""
    return tuple(After(**held) for held in read_json(folder / "after.json"))


class _Asked:
    """The held-out pictures of every request, drawn once."""

    def __init__(self, policies: Sequence[Policy], seed: int) -> None:
        self.names = tuple(policy.name for policy in policies)
        self._held = [(policy, *gather(policy, MICROWORLD, seed)) for policy in policies]
        self._roles = [Roles(graph, policy.vocabulary) for policy, graph, _ in self._held]

    def recall(self, model: DualEncoder) -> dict[str, float]:
        return {
            policy.name: _right(model, corpus, corpus.part("direct"), graph)
            for policy, graph, corpus in self._held
        }

    def accuracy(self, model: DualEncoder) -> tuple[dict[str, float], dict[str, int]]:
        won: dict[str, float] = dict.fromkeys(PRESERVATION, 0.0)
        asked: dict[str, int] = dict.fromkeys(PRESERVATION, 0)
        for _, graph, corpus in self._held:
            for part in PRESERVATION:
                stays = [e for e in corpus.part(part) if not self._may_be_forbidden(e)]
                if stays:
                    won[part] += len(stays) * _right(model, corpus, stays, graph)
                    asked[part] += len(stays)
        asked = {part: count for part, count in asked.items() if count}
        return {part: won[part] / count for part, count in asked.items()}, asked

    def _may_be_forbidden(self, example: Example) -> bool:
        return any(roles.may_be_forbidden(example.triple) for roles in self._roles)


def direct_recall(model: str, adapter: Path, policy: Policy, seed: int, device: str) -> float:
    """How often an edited model still finds the forbidden, asked directly; in [0, 1]."""
    asked = _Asked([policy], seed)
    return asked.recall(load_model(model, resolve_device(device), adapter))[policy.name]


def _right(model: DualEncoder, corpus: Corpus, examples: Sequence[Example], graph: RelationGraph) -> float:
    return float(ask(model, corpus, examples, forbidden=graph.forbidden).right.mean())


def _measured(path: Path, number: int, asked: _Asked, model: str, device: str) -> After:
    if not path.exists():
        loaded = load_model(model, resolve_device(device))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, asdict(After(number, asked.recall(loaded), *asked.accuracy(loaded))), indent=1)
    return After(**read_json(path))
