"""RASU's six terms as the paper writes them (section 3.2).

The paper gives no formulas beyond "pull", "push" and "consistency". We read: a pull is ``1 - cos``, a
push is ``cos`` itself (it has no floor, as the after-cosines of -0.24 to -0.43 in its Table 1 show),
and consistency is the squared distance to the base model's embedding of what stays.
"""

from __future__ import annotations

from torch import Tensor

from unrelate.objectives.types import Batch, Features, Terms


def mean_where(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of ``values`` where ``mask`` holds; 0, with a gradient of 0, where it holds nowhere."""
    weight = mask.to(values.dtype)
    return (values * weight).sum() / weight.sum().clamp(min=1)


def paper_terms(live: Features, reference: Features, batch: Batch) -> Terms:
    """The terms of RASU: L3 and Ladv in [-1, 1], L1, L2, L4 in [0, 2], Lc in [0, 8]."""
    rows = len(live.image)
    own = (live.image * live.text[:rows]).sum(-1)
    pull = 1 - own
    moved = (live.image - reference.image).square().sum(-1)
    moved = moved + (live.text[:rows] - reference.text[:rows]).square().sum(-1)
    texts = live.text[rows : rows + len(batch.variant_of)]
    variants = (live.image[batch.variant_of] * texts).sum(-1)
    return {
        "L3": mean_where(own, batch.unsafe),
        "L2": mean_where(pull, batch.node),
        "L1": mean_where(pull, batch.safe_edge),
        "L4": mean_where(pull, batch.neutral),
        "Lc": mean_where(moved, ~batch.unsafe),
        "Ladv": mean_where(variants, variants == variants),
    }
