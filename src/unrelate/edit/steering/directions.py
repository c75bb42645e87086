"""ASRU, stage 0: the direction in which a model that does not know differs from one that does.

``v = mean(h_pos) - mean(h_neg)``, ``h`` the residual stream after a decoder layer at the last prompt token,
the words that ask for an answer appended. The direction is *I do not know this*, not *this is harmful*:
``pos`` are questions that the base model, asked, really declines or admits not to know; ``neg`` those of
the forget set that it answers.

Departures from what is released: every layer is measured, and a score on held-out rows chooses (there:
layer 17 of 36, given); what counts as a refusal is decided by `unrelate.answers.refusal`, whose detector
is measured on a labelled corpus; questions of the negative set that the model declines are left out too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from unrelate.answers.refusal import is_refusal
from unrelate.edit.steering import artefact
from unrelate.edit.steering.separation import Projections, Score, best, difference, held_out
from unrelate.errors import Unattainable, UserError
from unrelate.models.chat import Ask
from unrelate.models.generator import AnswerBatch, Generator
from unrelate.models.generator_hooks import states_at

STEM = "directions"
# Where the released ASRU steers: layer 17 of Qwen3-VL-4B's 36.
ASRU_DEPTH = 17 / 36
ASRU_STRENGTH = 3.0


@dataclass(frozen=True)
class Directions:
    """One direction for each position and layer, and how well each separates.

    vectors: ``[positions, layers, width]``, float32, on the CPU; not of unit length: strength 1 is the
        whole way from the mean of what is answered to the mean of what is declined.
    positions: 0 the last prompt token, -1 the one before, 1 the first of the answer.
    scores: of every layer and position, on held-out halves.
    layer, position: where it is steered: the first of the positions, and the layer that is best there (see
        `separation.best`). Other positions are for looking: at an answer's own tokens two sets of different
        answers are told apart by anything.
    projections: of held-out rows on that direction.
    counts: how many questions were asked, and how many were kept, on either side.
    base_hash: of the weights they were found in.
    """

    vectors: Tensor = field(repr=False)
    positions: tuple[int, ...]
    scores: tuple[Score, ...]
    layer: int
    position: int
    projections: Projections = field(repr=False)
    counts: Mapping[str, int]
    model: str
    base_hash: str

    def vector(self, layer: int | None = None, position: int | None = None) -> Tensor:
        """The direction ``[width]`` of a layer and a position; the chosen ones where none are given.

        Raises:
            UserError: it was not measured there.
        """
        layer = self.layer if layer is None else layer
        position = self.position if position is None else position
        if position not in self.positions or not 0 <= layer < self.vectors.shape[1]:
            raise UserError(
                f"the direction of layer {layer} at position {position}",
                f"layers 0 to {self.vectors.shape[1] - 1}, positions {', '.join(map(str, self.positions))}",
                "choose one that was measured, or find directions there",
            )
        return self.vectors[self.positions.index(position), layer]

    def ranked(self, position: int | None = None) -> tuple[int, ...]:
        """All layers, the best separating first."""
        left = [s for s in self.scores if s.position == (self.position if position is None else position)]
        order: list[int] = []
        while left:
            order.append(best(left).layer)
            left = [score for score in left if score.layer != order[-1]]
        return tuple(order)

    def refuse_other_model(self, generator: Generator) -> None:
        """Raises `UserError` where these are not directions of this generator."""
        artefact.refuse_other_model(generator, self.base_hash, "directions")

    def save(self, folder: str | Path) -> None:
        """Write ``directions.safetensors`` and ``directions.json``; see `artefact.write`."""
        record = {
            "model": self.model,
            "base_hash": self.base_hash,
            "counts": dict(self.counts),
            "positions": self.positions,
            "layer": self.layer,
            "position": self.position,
            "scores": [asdict(score) for score in self.scores],
            "projections": asdict(self.projections),
        }
        artefact.write(Path(folder), STEM, {"vectors": self.vectors}, record)

    @classmethod
    def load(cls, folder: str | Path, generator: Generator | None = None) -> Directions:
        """Read what `save` wrote; with a generator, only if they are its own.

        Raises:
            UserError: see `artefact.read` and `artefact.refuse_other_model`.
        """
        needed = ("model", "base_hash", "counts", "positions", "layer", "position", "scores", "projections")
        tensors, record = artefact.read(Path(folder), STEM, needed)
        found = cls(
            vectors=tensors["vectors"],
            positions=tuple(record["positions"]),
            scores=tuple(Score(**score) for score in record["scores"]),
            layer=record["layer"],
            position=record["position"],
            projections=Projections(*(tuple(record["projections"][s]) for s in ("positive", "negative"))),
            counts=record["counts"],
            model=record["model"],
            base_hash=record["base_hash"],
        )
        if generator is not None:
            found.refuse_other_model(generator)
        return found


def asru_layer(layers: int) -> int:
    """The layer that lies as deep among ``layers`` as ASRU's 17 of 36, counted from 0."""
    return min(layers - 1, round(ASRU_DEPTH * layers))


def find_directions(
    generator: Generator,
    positive: Sequence[Ask],
    negative: Sequence[Ask],
    *,
    positions: Sequence[int] = (0,),
    least: int = 8,
    max_new_tokens: int = 32,
    batch_size: int = 32,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Directions:
    """Ask the base model both sets, keep what it really declines and really answers, and measure.

    Args:
        positive: questions that it should decline of itself (strangers, unknown names).
        negative: questions of the forget set.
        positions: see `Directions`, the one to steer with first; of the answer's tokens only those that
            every answer has.
        least: of each side that must be left, at least 4.
        max_new_tokens: of an answer; a refusal shows in its first words.
        seed: halves the rows for the scores.
        progress: told (questions done, of how many).

    Raises:
        UserError: a position that some row has not.
        Unattainable: too few questions were declined, or answered.
    """
    if least < 4 or not positions or len(set(positions)) != len(positions):
        raise UserError(
            f"least = {least}, positions = {tuple(positions)}",
            "least at least 4; one position or more, none twice",
            "change them",
        )
    tell = progress or (lambda done, whole: None)
    whole = len(positive) + len(negative)
    with generator.base():
        declined = _answered(generator, positive, True, max_new_tokens, batch_size)
        tell(len(positive), whole)
        answered = _answered(generator, negative, False, max_new_tokens, batch_size)
        tell(whole, whole)
        for kept, asked, what in ((declined, positive, "declined"), (answered, negative, "answered")):
            if len(kept) < least:
                raise Unattainable(
                    f"{len(kept)} of {len(asked)} questions that '{generator.name}' {what}",
                    f"at least {least}",
                    "ask more, or of another kind",
                )
        pos = _states(generator, declined, positions, batch_size)
        neg = _states(generator, answered, positions, batch_size)
    scores: list[Score] = []
    places: dict[tuple[int, int], Projections] = {}
    vectors = torch.empty(len(positions), *pos.shape[1:2], pos.shape[-1])
    for at, position in enumerate(positions):
        for layer in range(pos.shape[1]):
            v = difference(pos[at, layer], neg[at, layer])
            auc, fisher, places[layer, position] = held_out(pos[at, layer], neg[at, layer], seed)
            scores.append(Score(layer, position, auc, fisher, float(v.norm())))
            vectors[at, layer] = v
    chosen = best([score for score in scores if score.position == positions[0]])
    counts = {
        "positive_asked": len(positive),
        "positive_kept": len(declined),
        "negative_asked": len(negative),
        "negative_kept": len(answered),
    }
    return Directions(
        vectors=vectors,
        positions=tuple(positions),
        scores=tuple(scores),
        layer=chosen.layer,
        position=chosen.position,
        projections=places[chosen.layer, chosen.position],
        counts=counts,
        model=generator.name,
        base_hash=generator.weights_hash(),
    )


def _answered(
    generator: Generator, asks: Sequence[Ask], refused: bool, tokens: int, batch_size: int
) -> list[tuple[Ask, str]]:
    """The questions whose greedy answer is a refusal, or is none, each with that answer."""
    if not asks:
        return []
    answers = generator.generate(asks, max_new_tokens=tokens, batch_size=batch_size)
    return [(a, said[0]) for a, said in zip(asks, answers, strict=True) if is_refusal(said[0]) is refused]


def _states(
    generator: Generator, answered: Sequence[tuple[Ask, str]], positions: Sequence[int], batch_size: int
) -> Tensor:
    """``[positions, layers, N, width]``, float32, on the CPU."""
    found: list[Tensor] = []
    for start in range(0, len(answered), batch_size):
        asks, answers = zip(*answered[start : start + batch_size], strict=True)
        batch = generator.batch(asks, answers)
        found.append(states_at(generator, batch.to(generator.device), _columns(batch, positions)))
    return torch.cat(found, dim=1).permute(2, 0, 1, 3)


def _columns(batch: AnswerBatch, positions: Sequence[int]) -> Tensor:
    """``[B, positions]``: which columns of the batch those positions are."""
    columns = batch.prompt_ends.unsqueeze(1) + torch.tensor(list(positions))
    real = batch.inputs["attention_mask"].bool()
    inside = (columns >= 0) & (columns < real.shape[1])
    inside &= real.gather(1, columns.clamp(0, real.shape[1] - 1))
    if not inside.all():
        position = next(p for p, there in zip(positions, inside.all(0).tolist(), strict=True) if not there)
        raise UserError(
            f"position {position}, which some question or answer is too short for",
            "0 for the last prompt token, a few before it, 1 for the first token of the answer",
            "choose positions that all have",
        )
    return columns
