"""Where things are in an image-text-to-text model: decoder layers, norm, head, and what adapters sit on.

Found through what transformers promises of every such model (`get_decoder`, `get_output_embeddings`,
the sizes in its config), then by exact names of parts, never by a pattern over substrings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn
from transformers import PreTrainedModel

from unrelate.errors import UserError
from unrelate.models.spec import GeneratorAdapterSpec

# What architectures call the norm after their last decoder layer.
NORMS = ("norm", "final_layernorm", "final_layer_norm", "ln_f")
# Kind of module -> the names that architectures give to it, one component of a module's full name each.
KINDS: dict[str, frozenset[str]] = {
    "attention": frozenset({"self_attn", "attn", "attention", "self_attention"}),
    "mlp": frozenset({"mlp", "feed_forward", "ffn"}),
    # From the image tower's width to the language model's.
    "projection": frozenset(
        {
            "merger",
            "deepstack_merger_list",
            "merger_list",
            "multi_modal_projector",
            "mm_projector",
            "connector",
            "aligner",
        }
    ),
}


@dataclass(frozen=True)
class Layout:
    """The parts of one model, by module and by full name.

    layers: the language model's decoder layers, in order.
    norm, head: what turns the last layer's states into logits.
    width: of the states.
    prefix: the layers' full name.
    image_blocks: the image tower's numbered blocks, by full name, in order; () where none are found.
    """

    layers: nn.ModuleList
    norm: nn.Module
    head: nn.Module
    width: int
    prefix: str
    image_blocks: tuple[str, ...]

    @staticmethod
    def of(model: PreTrainedModel) -> Layout:
        """
        Raises:
            UserError: the model is not made of decoder layers, a norm and a head.
        """
        text = model.config.get_text_config(decoder=True)
        decoder, head = model.get_decoder(), model.get_output_embeddings()
        depth = int(text.num_hidden_layers)
        stacks = [
            (name, module)
            for name, module in decoder.named_modules()
            if isinstance(module, nn.ModuleList) and len(module) == depth
        ]
        norms = [module for name, module in decoder.named_children() if name in NORMS]
        if not stacks or len(norms) != 1 or head is None:
            raise UserError(
                f"a {type(model).__name__}, in which no stack of {depth} decoder layers with a norm and a "
                "head is found",
                "an image-text-to-text model with one causal language model in it",
                "choose a checkpoint such as Qwen3-VL, Qwen2.5-VL or LLaVA",
            )
        layers = stacks[0][1]
        (prefix,) = (name for name, module in model.named_modules() if module is layers)
        return Layout(layers, norms[0], head, int(text.hidden_size), prefix, _image_blocks(model, prefix))


def _image_blocks(model: PreTrainedModel, language: str) -> tuple[str, ...]:
    """Full names of the image tower's blocks: of the stacks as deep as its config says, the first."""
    vision = getattr(model.config, "vision_config", None)  # a model of words alone has none
    depths = {getattr(vision, name, None) for name in ("depth", "num_hidden_layers")} - {None}
    for name, module in model.named_modules():
        elsewhere = name != language and not set(name.split(".")) & KINDS["projection"]
        if isinstance(module, nn.ModuleList) and len(module) in depths and elsewhere:
            return tuple(f"{name}.{index}" for index in range(len(module)))
    return ()


def target_modules(model: PreTrainedModel, layout: Layout, spec: GeneratorAdapterSpec) -> tuple[str, ...]:
    """Full names of the linear modules that ``spec`` adapts, in the model's order.

    Raises:
        UserError: there are none of a kind that was asked for.
    """
    language = [f"{layout.prefix}.{index}" for index in range(len(layout.layers))]
    blocks: list[str] = []
    for tower, names in (("language", language), ("image", list(layout.image_blocks))):
        if spec.towers in (tower, "both"):
            lower = names[: max(1, round(spec.depth * len(names)))]
            blocks += lower if spec.last_layers is None else lower[-spec.last_layers :]
    wanted: dict[str, list[str]] = {kind: [] for kind in spec.layers}
    for name in _linear(model):
        kind = _kind(name, layout)
        inside = any(name.startswith(f"{block}.") for block in blocks)
        projects = kind == "projection" and spec.towers in ("image", "both")
        if kind in wanted and (inside or projects):
            wanted[kind].append(name)
    for kind, names in wanted.items():
        if not names:
            raise UserError(
                f"adapter layers '{kind}' in the {spec.towers} part of a {type(model).__name__}, "
                "which has none known here",
                "attention and mlp of the language model; of the image tower also projection",
                "choose other layers or towers",
            )
    chosen = {name for names in wanted.values() for name in names}
    return tuple(name for name in _linear(model) if name in chosen)


def _linear(model: nn.Module) -> Iterator[str]:
    return (name for name, module in model.named_modules() if isinstance(module, nn.Linear))


def _kind(name: str, layout: Layout) -> str:
    """``attention``, ``mlp``, ``projection``, or "" for what no adapter is put on (the head, a router)."""
    parts = name.split(".")
    if not name.startswith(f"{layout.prefix}.") and set(parts) & KINDS["projection"]:
        return "projection"
    for kind in ("attention", "mlp"):
        if set(parts) & KINDS[kind]:
            return kind
    return ""
