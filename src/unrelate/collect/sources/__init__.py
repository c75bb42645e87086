"""Where pairs come from: one table, and a file for each family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from unrelate.collect.sources.captions import Captions
from unrelate.collect.sources.coco import CocoCaptions
from unrelate.collect.sources.diffusion import DiffusersDrawer
from unrelate.collect.sources.folder import FolderCaptions
from unrelate.collect.sources.gemini import GeminiDrawer
from unrelate.collect.sources.hub_dataset import HubDataset
from unrelate.collect.sources.microworld import MicroworldDrawer
from unrelate.collect.sources.openai_images import OpenAIDrawer
from unrelate.collect.sources.visual_genome import VisualGenome
from unrelate.collect.sources.webdataset import WebDatasetShards
from unrelate.collect.types import Drawer, Finder
from unrelate.errors import UserError, nearest
from unrelate.policy.schema import Policy


@dataclass(frozen=True)
class _Asked:
    """What an opener is given: the text after the colon, for whom, and on what it may compute."""

    rest: str
    policy: Policy
    device: str

    def two_paths(self, form: str) -> tuple[Path, Path]:
        """``FILE,FOLDER``.

        Raises:
            UserError: it is not two.
        """
        first, comma, second = self.rest.rpartition(",")
        if not (first and comma and second):
            raise UserError(f"source '{self.rest}'", form, "give both, with a comma between them")
        return Path(first), Path(second)


@dataclass(frozen=True)
class Kind:
    """A row of the table. ``form``: how its spec is written."""

    form: str
    open: Callable[[_Asked], Finder | Drawer]


def _coco(asked: _Asked) -> Finder:
    return CocoCaptions(*asked.two_paths(SOURCES["coco"].form))


def _visual_genome(asked: _Asked) -> Finder:
    return VisualGenome(*asked.two_paths(SOURCES["visual-genome"].form))


def _dataset(asked: _Asked) -> Finder:
    data, _, split = asked.rest.partition(":")
    return HubDataset(data, split)


def _openai(asked: _Asked) -> Drawer:
    url, mark, model = asked.rest.rpartition("#")
    if not (url and mark and model):
        raise UserError(f"source 'openai:{asked.rest}'", SOURCES["openai"].form)
    return OpenAIDrawer(url, model)


SOURCES: Mapping[str, Kind] = {
    "microworld": Kind("microworld", lambda a: MicroworldDrawer.for_policy(a.policy)),
    "folder": Kind("folder:DIR", lambda a: FolderCaptions(Path(a.rest), tuple(a.policy.vocabulary.contexts))),
    "captions": Kind("captions:FILE", lambda a: Captions(Path(a.rest))),
    "coco": Kind("coco:CAPTIONS.json,IMAGES_DIR", _coco),
    "visual-genome": Kind("visual-genome:RELATIONSHIPS.json,IMAGES_DIR", _visual_genome),
    "webdataset": Kind("webdataset:data-{000..009}.tar", lambda a: WebDatasetShards(a.rest)),
    "datasets": Kind("datasets:NAME_OR_FOLDER[:SPLIT]", _dataset),
    "diffusers": Kind("diffusers:MODEL", lambda a: DiffusersDrawer(a.rest, device=a.device)),
    "openai": Kind("openai:URL#MODEL", _openai),
    "gemini": Kind("gemini:MODEL", lambda a: GeminiDrawer(a.rest)),
}


def open_source(spec: str, policy: Policy, *, device: str = "auto") -> Finder | Drawer:
    """The source that a spec such as ``coco:captions.json,images`` names.

    Raises:
        UserError: there is no such kind, or what it names cannot be used.
    """
    kind, _, rest = spec.partition(":")
    forms = ", ".join(known.form for known in SOURCES.values())
    if kind not in SOURCES:
        raise UserError(f"source '{spec}'", forms, nearest(kind, SOURCES))
    if bool(rest) != (":" in SOURCES[kind].form):
        raise UserError(f"source '{spec}'", SOURCES[kind].form)
    return SOURCES[kind].open(_Asked(rest, policy, device))
