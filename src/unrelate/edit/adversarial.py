"""Adversarial rounds: an edited model is attacked, learns from what was found, and is attacked again.

RASU section 5.2 ("continuously refine the Ladv term"). This module trains and keeps the books; who
attacks is handed in, since attacks stand above this room.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from unrelate.data.types import Example
from unrelate.edit.loop import Report, Training, train
from unrelate.edit.prepare import Prepared
from unrelate.edit.recipes import Recipe
from unrelate.files import write_whole
from unrelate.graph.types import Role
from unrelate.models import DualEncoder
from unrelate.policy.triple import Triple

# A round's steps and its highest learning rate, as shares of the recipe's.
ROUND_SHARE, _ROUND_RATE = 0.25, 0.5
# Each round draws its batches from a seed of its own, far from those that users count up.
_SEED_STRIDE = 1_000_003


@dataclass(frozen=True)
class Found:
    """What the attack of one round found: training tuple -> texts that state it and still find it.

    The same sentences about what is safe are not held beside them: an adapter that is shown where each
    of them ends learns these ends one by one, and what it was never shown (beer, toddlers) comes back.
    """

    statements: Mapping[Triple, tuple[str, ...]]

    def to_json(self) -> str:
        said = [{"triple": _plain(t), "texts": list(texts)} for t, texts in self.statements.items()]
        return json.dumps({"statements": said}, indent=1, ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> Found:
        held = json.loads(text)
        return Found({_triple(row["triple"]): tuple(row["texts"]) for row in held["statements"]})


# The round's number, from 1 on -> what an attack on the model as it now is finds.
Search = Callable[[int], Found]


def train_rounds(
    model: DualEncoder,
    prepared: Prepared,
    recipe: Recipe,
    training: Training,
    folder: Path,
    *,
    search: Search,
    report: Report = lambda step, of, terms: None,
) -> None:
    """Attack and train on, as often as ``recipe`` says, from the adapter that ``model`` wears after `train`.

    Each round has its folder, ``folder/rounds/NUMBER``: what was found (found.json), and the losses,
    checkpoints and adapter of its steps. At the end ``folder/adapter`` is the last, and
    ``folder/losses.jsonl`` has the lines of all, one step counted after the other. A killed run goes on:
    what was found is read back, and `train` resumes. The same seed gives the same.

    Args:
        model: as `train` left it.
        prepared: the training examples, as `train` had them.
        recipe: a round takes `ROUND_SHARE` of its steps, with its schedule of learning rates anew, at half
            their height, and has an objective of its own where the recipe says so.
        training: as for `train`.
        folder: the run directory.
        search: the attack; the model does not change while it is asked.
        report: as for `train`.

    Raises:
        UserError: see `train`.
    """
    found: list[Found] = []
    rounds = recipe.adversarial_rounds
    for number in range(1, rounds + 1):
        place = folder / "rounds" / str(number)
        place.mkdir(parents=True, exist_ok=True)
        found.append(_searched(place / "found.json", number, search))
        if not any(found[-1].statements.values()):
            continue  # nothing won: there is nothing to learn in this round
        more = prepared.retold(with_found(prepared.examples, found))
        again = replace(training, seed=training.seed + _SEED_STRIDE * number)
        train(model, more, round_of(recipe, len(more.examples)), again, place, report)
    _join_losses(folder, rounds)
    model.save_adapter(folder / "adapter")


def round_of(recipe: Recipe, examples: int) -> Recipe:
    """The recipe of one round over so many training examples."""
    whole = recipe.steps or recipe.epochs * -(-examples // recipe.batch)
    return replace(
        recipe,
        objective=recipe.round_objective or recipe.objective,
        steps=max(1, round(ROUND_SHARE * whole)),
        learning_rate=_ROUND_RATE * recipe.learning_rate,
    )


def with_found(examples: Sequence[Example], found: Sequence[Found]) -> tuple[Example, ...]:
    """The examples; every unsafe one with what was found for its tuple among its variants, in turn with
    those that it has, so that a round meets as many new ones as old ones."""
    texts: dict[Triple, dict[str, None]] = {}
    for one in reversed(found):  # what was found last stands first
        for triple, said in one.statements.items():
            texts.setdefault(triple, {}).update(dict.fromkeys(said))
    return tuple(
        replace(example, variants=_in_turn(tuple(texts[example.triple]), example.variants))
        if example.role is Role.UNSAFE and texts.get(example.triple)
        else example
        for example in examples
    )


def _in_turn(fresh: tuple[str, ...], old: tuple[str, ...]) -> tuple[str, ...]:
    count = max(len(fresh), len(old))
    pairs = zip(
        (fresh[n % len(fresh)] for n in range(count)),
        (old[n % len(old)] if old else "" for n in range(count)),
        strict=True,
    )
    return tuple(text for pair in pairs for text in pair if text)


def _searched(path: Path, number: int, search: Search) -> Found:
    if path.exists():
        return Found.from_json(path.read_text(encoding="utf-8"))
    found = search(number)
    write_whole(path, found.to_json())
    return found


def _join_losses(folder: Path, rounds: int) -> None:
    """All lines in one file, steps counted on, each round's with its number. May be done again."""
    log = folder / "losses.jsonl"
    rows = [row for row in _rows(log) if "round" not in row]
    for number in range(1, rounds + 1):
        done = len(rows)
        more = _rows(folder / "rounds" / str(number) / "losses.jsonl")
        rows += [row | {"step": done + row["step"], "round": number} for row in more]
    write_whole(log, "".join(json.dumps(row) + "\n" for row in rows))


def _rows(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []


def _plain(triple: Triple) -> dict[str, Any]:
    return asdict(triple) | {"context": dict(triple.context)}


def _triple(held: Mapping[str, Any]) -> Triple:
    return Triple(held["actor"], held["relation"], held["object"]).within(**held["context"])
