"""The `paper` recipe, trained by our loop and the plain way, ends in the same adapter.

The plain way is transformers and peft by themselves: a deep copy as the reference, every role in a
forward pass of its own, captions padded by the tokenizer, the loss as RASU section 3.2 words it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel, get_peft_model_state_dict
from torch.nn.functional import normalize
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from unrelate.edit.loop import Training, steps_of, train
from unrelate.edit.prepare import Prepared, Step
from unrelate.edit.recipes import Recipe
from unrelate.graph.types import Role
from unrelate.models import DualEncoder

Ready = Callable[[Recipe], tuple[DualEncoder, Prepared]]
PULLS = {Role.SAFE_EDGE: "L1", Role.NODE: "L2", Role.NEUTRAL: "L4"}
WEIGHTS = {"L3": 1.0, "L2": 0.5, "L1": 0.8, "L4": 0.6, "Lc": 2.0, "Ladv": 0.7}


class Plain:
    """CLIP with an adapter and a deep copy without, as the libraries' documentation shows them."""

    def __init__(self, checkpoint: Path, adapter: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(checkpoint)
        self.processor = AutoImageProcessor.from_pretrained(checkpoint, backend="pil")
        base = AutoModel.from_pretrained(checkpoint).eval()
        self.reference = copy.deepcopy(base)
        self.model = PeftModel.from_pretrained(base, str(adapter), is_trainable=True)

    def pairs(
        self, prepared: Prepared, rows: list[int], texts: list[int]
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Unit vectors of pictures and texts, from the live model and from the reference."""
        pictures = [prepared.examples[row].picture.load() for row in rows]
        pixels = self.processor(images=pictures, return_tensors="pt")
        ids = self.tokenizer([prepared.texts[text] for text in texts], padding=True, return_tensors="pt")
        out = []
        for model in (self.model, self.reference):
            output = model(**ids, **pixels)
            out.append((normalize(output.image_embeds, dim=-1), normalize(output.text_embeds, dim=-1)))
        return out

    def terms(self, prepared: Prepared, step: Step) -> dict[str, torch.Tensor]:
        roles = [prepared.examples[row].role for row in step.rows]
        terms, moved = {}, []
        for role in dict.fromkeys(roles):
            rows = [row for row, r in zip(step.rows, roles, strict=True) if r is role]
            texts = [text for text, r in zip(step.texts, roles, strict=False) if r is role]
            (image, text), (base_image, base_text) = self.pairs(prepared, rows, texts)
            cosines = (image * text).sum(-1)
            if role is Role.UNSAFE:
                terms["L3"] = cosines.mean()
                continue
            terms[PULLS[role]] = (1 - cosines).mean()
            drift = (image - base_image.detach()).square() + (text - base_text.detach()).square()
            moved.append(drift.sum(-1))
        terms["Lc"] = torch.cat(moved).mean()
        shown = [step.rows[position] for position in step.variant_of]
        (image, text), _ = self.pairs(prepared, shown, list(step.texts[len(step.rows) :]))
        terms["Ladv"] = (image * text).sum(-1).mean()
        return terms


@pytest.mark.slow
def test_the_same_losses_and_the_same_adapter(
    ready: Ready, paper: Recipe, tiny: Path, tmp_path: Path
) -> None:
    weights = replace(paper.weights, a=0.5, b=0.8, d=0.6, g=2.0, l_adv=0.7)
    recipe = replace(paper, weights=weights, steps=5)
    encoder, prepared = ready(recipe)
    encoder.save_adapter(tmp_path / "first")
    before = encoder.adapter_state()
    steps = steps_of(prepared, recipe, 0)
    ours: list[dict[str, float]] = []
    train(encoder, prepared, recipe, Training(), tmp_path, lambda step, of, terms: ours.append(terms))

    plain = Plain(tiny, tmp_path / "first")
    learning = [p for p in plain.model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    for step, mine in zip(steps, ours, strict=True):
        terms = plain.terms(prepared, step)
        assert mine == pytest.approx({name: term.item() for name, term in terms.items()}, abs=1e-5)
        optimizer.zero_grad()
        torch.stack([WEIGHTS[name] * term for name, term in terms.items()]).sum().backward()
        torch.nn.utils.clip_grad_norm_(learning, recipe.clip)
        optimizer.step()
    end = get_peft_model_state_dict(plain.model)
    for name, value in encoder.adapter_state().items():
        torch.testing.assert_close(value, end[name], atol=2e-4, rtol=1e-3)
    assert (
        max((value - before[name]).abs().max().item() for name, value in encoder.adapter_state().items())
        > 2e-3
    )
