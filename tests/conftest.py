"""Settings for every test (offline, no deadline on a shared machine), a tiny model, a small corpus."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from unrelate.data.types import Corpus
from unrelate.graph import RelationGraph, build_graph
from unrelate.policy import Policy, load_policy

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

settings.register_profile("unrelate", deadline=None, derandomize=True)
settings.load_profile("unrelate")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP of the embedded world in the hub's layout that was never trained: quick, and knows nothing."""
    from unrelate.microworld.clip_recipe import ClipRecipe, image_processor, new_clip
    from unrelate.microworld.tokenizer import train_tokenizer

    folder = tmp_path_factory.mktemp("tiny-clip")
    tokenizer = train_tokenizer()
    recipe = ClipRecipe(vision_width=32, vision_layers=2, text_width=32, text_layers=2, embedding=16)
    new_clip(recipe, tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    image_processor().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy("child-drinking-alcohol")


@pytest.fixture(scope="session")
def graph(policy: Policy) -> RelationGraph:
    return build_graph(policy, seed=0)


@pytest.fixture(scope="session")
def corpus(graph: RelationGraph) -> Corpus:
    """A few pictures of every role and part."""
    from unrelate.microworld.source import Amounts, MicroworldSource

    amounts = Amounts(unsafe=24, safe_edge=30, node=16, neutral=20, audit=8)
    return MicroworldSource(amounts).corpus(graph, seed=0)
