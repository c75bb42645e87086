"""What objectives are given and what they give back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from unrelate.errors import UserError


@dataclass(frozen=True)
class Features:
    """Unit vectors of one batch.

    ``image`` is ``[B, D]``. ``text`` is ``[T, D]`` with ``T >= B``: the first B rows are the
    captions of the B pictures, the next V are adversarial text variants of the unsafe ones, the rest
    anchors: captions without pictures, of what must stay. ``between`` is ``[M, D]``: mixtures of two texts
    that must stay (`unrelate.edit.between`); None where there are none.
    """

    image: Tensor
    text: Tensor
    between: Tensor | None = None


@dataclass(frozen=True)
class Batch:
    """Which rows play which role, as bool masks.

    ``unsafe``, ``safe_edge``, ``node``, ``neutral``: ``[B]``, each row true in one of them.
    ``variant_of``: ``[V]``, the picture that each variant is about.
    ``forbidden``: ``[B, T]``, the picture shows and the text states a forbidden tuple.
    ``unsafe_text``: ``[T]``, the text states a forbidden tuple.
    ``conditional``: ``[B]``, the picture shows what is forbidden under a condition only.
    ``tuples``: how many forbidden tuples the whole edit trains on, 1 or more.
    """

    unsafe: Tensor
    safe_edge: Tensor
    node: Tensor
    neutral: Tensor
    variant_of: Tensor
    forbidden: Tensor
    unsafe_text: Tensor
    conditional: Tensor
    tuples: int = 1


# RASU's name of a term -> the field of `Weights` that weighs it.
WEIGHT_OF: Mapping[str, str] = {"L3": "push", "L2": "a", "L1": "b", "L4": "d", "Lc": "g", "Ladv": "l_adv"}


@dataclass(frozen=True)
class Weights:
    """RASU section 3.2: ``L = L3 + a L2 + b L1 + d L4 + g Lc + l_adv Ladv``. A term with weight 0 is
    not computed into the gradient; ``push`` weights L3 itself, so that it too can be left out.

    Raises:
        UserError: a weight below 0, or none above it.
    """

    a: float = 1.0
    b: float = 1.0
    d: float = 1.0
    g: float = 1.0
    l_adv: float = 1.0
    push: float = 1.0

    def __post_init__(self) -> None:
        values = self.by_term().values()
        if not (all(value >= 0 for value in values) and any(values)):
            allowed = "0 or more, one at least above 0"
            raise UserError(f"weights {dict(self.by_term())}", allowed, "change a weight")

    def by_term(self) -> Mapping[str, float]:
        """The weight of each term, by the term's name in RASU."""
        return {term: getattr(self, field) for term, field in WEIGHT_OF.items()}


# Named, unweighted loss terms, each a scalar: L1, L2, L3, L4, Lc, Ladv.
Terms = dict[str, Tensor]


def total(terms: Terms, weights: Weights) -> Tensor:
    """The weighted sum of the terms whose weight is not 0."""
    factors = weights.by_term()
    return sum(factors[name] * value for name, value in terms.items() if factors[name])  # pyright: ignore
