"""What does not change while an adapter learns, computed once.

Base features of every picture and text; and, where only later layers are adapted, the states that
enter the first adapted layer, so that the frozen part of the network runs once for each example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from unrelate.data.stand_ins import StandIn
from unrelate.data.types import Example
from unrelate.edit.between import mixed, mixtures, never_shown
from unrelate.edit.level import unrelated_level
from unrelate.errors import UserError
from unrelate.graph.types import RelationGraph, Role
from unrelate.models import DualEncoder
from unrelate.models.looking import stand_in_features
from unrelate.models.prefix import Prefix
from unrelate.objectives.types import Batch, Features
from unrelate.policy.triple import Triple

# Prepared pictures kept in memory; beyond it they are read again when they are needed.
_MOST_PIXELS = 2**29
# Below this share of a frozen tower, keeping its states costs more memory than it saves time.
_WORTH_KEEPING = 0.5
_ROWS = 64


@dataclass(frozen=True)
class Step:
    """Indices of one step: into the examples, and into the texts (captions, variants, anchors).

    ``between``: how many mixtures of two of its texts it holds (`unrelate.edit.between`).
    """

    rows: tuple[int, ...]
    texts: tuple[int, ...]
    variant_of: tuple[int, ...]
    between: int = 0


class Prepared:
    """Examples ready for training: what an encoder needs of each, and its base features."""

    def __init__(
        self,
        model: DualEncoder,
        examples: Sequence[Example],
        graph: RelationGraph,
        progress: Callable[[int, int], None] = lambda done, of: None,
        anchors: Mapping[str, Triple] = MappingProxyType({}),
        *,
        known: Prepared | None = None,
    ) -> None:
        """``known``: see `retold`."""
        self.model = model
        self.examples = tuple(examples)
        self._graph, self._anchors = graph, anchors
        self._never_shown = never_shown(graph)
        shown = {e.triple.bare() for e in self.examples if e.role is Role.UNSAFE}
        self._tuples = max(1, len(shown))
        stated: dict[str, Triple] = {}
        for example in self.examples:
            for text in (example.caption, *example.variants):
                stated.setdefault(text, example.triple)
        self.anchors = tuple(text for text in anchors if text not in stated)
        stated |= {text: anchors[text] for text in self.anchors}
        self.texts = tuple(stated)
        self.text_triples = tuple(stated.values())
        self.place = {text: number for number, text in enumerate(self.texts)}
        self.device = model.device
        self._images_stay = model.frozen_share("image") == 1
        self._texts_stay = model.frozen_share("text") == 1
        if not self._images_stay and any(isinstance(e.picture, StandIn) for e in self.examples):
            raise UserError(
                "a recipe that adapts the image tower, for a policy with tuples that have no pictures",
                "a recipe that adapts the text tower alone",
                "--recipe picture-free",
            )
        self._keep_images = model.frozen_share("image") >= _WORTH_KEEPING
        self._keep_texts = model.frozen_share("text") >= _WORTH_KEEPING
        self._pixels: list[Tensor | None] = known._pixels if known else [None] * len(self.examples)
        self._image_prefixes: dict[int, Prefix] = known._image_prefixes if known else {}
        # A copy: what a later one of the same ``known`` finds must not depend on this one.
        self._text_prefixes: dict[str, Prefix] = dict(known._text_prefixes) if known else {}
        self._ends: dict[str, int] = {}
        self._last_mixed: tuple[Step, Prefix | None] | None = None
        with model.base():
            images = known.reference.image if known else self._embed_images(progress)
            self.reference = Features(images, self._embed_texts(known))
        self.level = self._unrelated_level()

    def retold(self, examples: Sequence[Example]) -> Prepared:
        """The same pictures with other texts; what is known of pictures and texts is not computed again."""
        return Prepared(self.model, examples, self._graph, anchors=self._anchors, known=self)

    def batch(self, step: Step) -> tuple[Features, Batch]:
        """The reference features of a step and its masks."""
        rows, texts = list(step.rows), list(step.texts)
        roles = [self.examples[row].role for row in rows]
        unsafe_picture = torch.tensor([self.examples[row].triple in self._graph.forbidden for row in rows])
        unsafe_text = torch.tensor(self._forbidden(texts))
        conditional = torch.tensor([bool(self.examples[row].triple.context) for row in rows])
        batch = Batch(
            unsafe=torch.tensor([role is Role.UNSAFE for role in roles], device=self.device),
            safe_edge=torch.tensor([role is Role.SAFE_EDGE for role in roles], device=self.device),
            node=torch.tensor([role is Role.NODE for role in roles], device=self.device),
            neutral=torch.tensor([role is Role.NEUTRAL for role in roles], device=self.device),
            variant_of=torch.tensor(step.variant_of, dtype=torch.long, device=self.device),
            forbidden=(unsafe_picture[:, None] & unsafe_text[None, :]).to(self.device),
            unsafe_text=unsafe_text.to(self.device),
            conditional=(unsafe_picture & conditional).to(self.device),
            tuples=self._tuples,
        )
        states, between = self._mixed(step), None
        if states is not None:
            with torch.no_grad(), self.model.base():
                between = self.model.text_suffix(states)
        return Features(self.reference.image[rows], self.reference.text[texts], between), batch

    def live(self, step: Step) -> Features:
        """The same pictures and texts through the model as it is now, with gradients."""
        if self._images_stay:
            image = self.reference.image[list(step.rows)]
        elif self._keep_images:
            image = self.model.image_suffix(Prefix.stack([self._image_prefixes[row] for row in step.rows]))
        else:
            image = self.model.image_features(torch.stack([self._pixel(row) for row in step.rows]))
        # A text met twice in a batch is computed once.
        unique, back = torch.unique(torch.tensor(step.texts), return_inverse=True)
        text = self.model.text_suffix(self._states(unique.tolist()))
        states = self._mixed(step)
        between = None if states is None else self.model.text_suffix(states)
        return Features(image, text[back.to(text.device)], between)

    def _mixed(self, step: Step) -> Prefix | None:
        """The states of a step's mixtures; None where none could move. Made once for `batch` and `live`."""
        if self._texts_stay or not step.between:
            return None
        if self._last_mixed is None or self._last_mixed[0] is not step:
            self._last_mixed = (step, self._mix(step))
        return self._last_mixed[1]

    def _mix(self, step: Step) -> Prefix | None:
        unshown = [not self._never_shown.isdisjoint(self.text_triples[text].slots()) for text in step.texts]
        ends, forbidden = self._ends_of(step.texts), self._forbidden(step.texts)
        made = mixtures(step.texts, ends, forbidden, unshown, step.between)
        if not made:
            return None
        one = self._states([mixture.one for mixture in made])
        other = self._states([mixture.other for mixture in made])
        return mixed(one, other, torch.tensor([mixture.share for mixture in made]))

    def _forbidden(self, texts: Sequence[int]) -> list[bool]:
        """Of each text, whether it states what is to be forgotten."""
        return [self.text_triples[text] in self._graph.forbidden for text in texts]

    def _states(self, texts: Sequence[int]) -> Prefix:
        """What enters the first adapted stage of the text tower."""
        if self._keep_texts:
            return Prefix.stack([self._text_prefixes[self.texts[number]] for number in texts])
        return self.model.text_prefix(self.model.prepare_texts([self.texts[number] for number in texts]))

    def _ends_of(self, texts: Sequence[int]) -> list[int]:
        """Where the tower pools each text; read once."""
        fresh = [number for number in dict.fromkeys(texts) if self.texts[number] not in self._ends]
        if fresh:
            ends = self._states(fresh).ends.tolist()
            self._ends |= {self.texts[number]: end for number, end in zip(fresh, ends, strict=True)}
        return [self._ends[self.texts[number]] for number in texts]

    def _pixel(self, row: int) -> Tensor:
        kept = self._pixels[row]
        if kept is None:
            kept = self.model.prepare_images([self.examples[row].picture.load()])[0]
            if kept.numel() * len(self.examples) <= _MOST_PIXELS:
                self._pixels[row] = kept
        return kept

    @torch.no_grad()
    def _embed_images(self, progress: Callable[[int, int], None]) -> Tensor:
        drawn = [n for n, example in enumerate(self.examples) if not isinstance(example.picture, StandIn)]
        features = torch.zeros(len(self.examples), self.model.embedding_dim, device=self.device)
        for start in range(0, len(drawn), _ROWS):
            rows = drawn[start : start + _ROWS]
            prefix = self.model.image_prefix(torch.stack([self._pixel(row) for row in rows]))
            features[rows] = self.model.image_suffix(prefix)
            if self._keep_images and not self._images_stay:
                self._image_prefixes |= dict(zip(rows, prefix.rows(), strict=True))
            if self._keep_images or self._images_stay:
                for row in rows:
                    self._pixels[row] = None
            progress(start + len(rows), len(drawn))
        place = {self.examples[row].picture: row for row in drawn}
        for row, example in enumerate(self.examples):
            if isinstance(example.picture, StandIn):
                features[row] = stand_in_features(example.picture, place, features)
        return features

    @torch.no_grad()
    def _embed_texts(self, known: Prepared | None) -> Tensor:
        if known is None:
            return self._embed(self.texts)
        fresh = [text for text in self.texts if text not in known.place]
        features = torch.cat([known.reference.text, self._embed(fresh)])
        place = known.place | {text: number for number, text in enumerate(fresh, len(known.texts))}
        return features[[place[text] for text in self.texts]]

    def _embed(self, texts: Sequence[str]) -> Tensor:
        if not self._keep_texts:
            return self.model.embed_texts(texts).to(self.device)
        parts = [torch.empty(0, self.model.embedding_dim, device=self.device)]
        for start in range(0, len(texts), _ROWS):
            said = texts[start : start + _ROWS]
            prefix = self.model.text_prefix(self.model.prepare_texts(said))
            parts.append(self.model.text_suffix(prefix))
            self._text_prefixes |= dict(zip(said, prefix.rows(), strict=True))
        return torch.cat(parts)

    def _unrelated_level(self) -> float:
        """Mean base cosine of the unsafe pictures and the texts whose tuples share no concept with them."""
        rows = [row for row, example in enumerate(self.examples) if example.role is Role.UNSAFE]
        return unrelated_level(
            self.reference.image[rows].cpu(),
            self.reference.text.cpu(),
            [self.examples[row].triple for row in rows],
            self.text_triples,
        )
