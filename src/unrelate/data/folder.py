"""A folder of images with a manifest, as a source of examples."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from unrelate.data.anchors import anchors
from unrelate.data.asking import Speaker, Styles, attacks, bank_of
from unrelate.data.checks import Progress, check_pictures, check_roles, check_splits, refuse
from unrelate.data.company import Company
from unrelate.data.decisions import read_decisions
from unrelate.data.manifest import Problem, Row, read_manifest
from unrelate.data.pictures import FilePicture, Limits
from unrelate.data.reviewed import reviewed
from unrelate.data.roles import Meaning, Roles, understand
from unrelate.data.sentences import SENTENCES, forbidden_sentences
from unrelate.data.splits import assign_splits
from unrelate.data.types import Corpus, Example
from unrelate.data.unpictured import unpictured
from unrelate.errors import UserError
from unrelate.graph.types import RelationGraph, Role, Split
from unrelate.policy.schema import Policy
from unrelate.policy.triple import Triple
from unrelate.policy.wording import USUAL


@dataclass(frozen=True)
class FolderSource:
    """Examples from a user's own pictures; `manifest` says what the manifest may hold.

    Args:
        path: the folder; ``manifest.csv`` or ``manifest.jsonl`` lies in it, pictures in or below it.
        policy: whose vocabulary the tuples are written in.
        stylise: name -> filter, for the out-of-distribution image attack; without any there is none.
        limits: how large a picture may be.
        unreviewed: take pairs that a model drew or worded though nobody has accepted them.
        progress: told how many pictures are checked.
    """

    path: Path
    policy: Policy
    stylise: Styles = field(default_factory=dict, repr=False)
    limits: Limits = field(default_factory=Limits)
    unreviewed: bool = False
    progress: Progress | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What records call it: the folder's own name, not where it lies."""
        return self.path.resolve().name

    def corpus(self, graph: RelationGraph, *, seed: int) -> Corpus:
        """All examples: train rows in part ``train``; held-out ones in the part of their role, and
        held-out unsafe ones asked for once more by paraphrase, in settings, and in every style.

        ``seed`` chooses which wording meets which picture, and nothing else: splits stay.

        Raises:
            UserError: everything that is wrong with manifest and pictures, each with its row.
        """
        manifest = read_manifest(self.path, tuple(self.policy.vocabulary.contexts))
        manifest = reviewed(manifest, read_decisions(self.path), unreviewed=self.unreviewed)
        roles = Roles(graph, self.policy.vocabulary)
        meanings, misread = _understand(manifest.rows, self.policy, roles)
        pictures, broken = check_pictures(self.path, manifest.rows, self.limits, self.progress)
        problems = [*manifest.problems, *misread, *broken]
        problems += _never(manifest.rows, meanings, graph)
        if manifest.rows and not misread:
            problems += check_roles(list(meanings.values()), pictured=not graph.never)
        # Rows that are sound are compared even when others are not, so that nothing waits its turn.
        sound = [row for row in manifest.rows if row.line in meanings and row.get("image") in pictures]
        read = [meanings[row.line] for row in sound]
        hashes = [pictures[row.get("image")].sha256 for row in sound]
        splits = assign_splits(read, hashes)
        crossing = check_splits(sound, read, splits, hashes, pictured=not graph.never)
        problems += [problem for problem in crossing if problem.line or not problems]
        refuse(self.path, manifest, problems)

        speaker = Speaker(self.policy.vocabulary, graph.scope, _captions(sound, read))
        company = Company(self.policy.vocabulary, graph)
        examples = tuple(
            _example(row, meaning, pictures[row.get("image")], split, speaker, company)
            for row, meaning, split in zip(sound, read, splits, strict=True)
        )
        examples = (*examples, *unpictured(graph, speaker, examples, seed=seed))
        asked = attacks(speaker, [e for e in examples if e.part == "direct"], self.stylise, seed)
        named = any(meaning.named for meaning in read)
        everything = (*examples, *asked)
        kept = anchors(self.policy.vocabulary, graph, seed) if named else {}
        return Corpus(everything, speaker.banks(everything, with_vocabulary=named), kept)


def _never(rows: Sequence[Row], meanings: Mapping[int, Meaning], graph: RelationGraph) -> list[Problem]:
    """Pictures of what must never be pictured."""
    what = "of which the policy allows no pictures (`pictures: never`): take the row out, and the picture"
    shown = [(row.line, meanings[row.line].triple) for row in rows if row.line in meanings]
    return [Problem(line, f"shows '{triple}', {what}") for line, triple in shown if triple in graph.never]


def _understand(
    rows: Sequence[Row], policy: Policy, roles: Roles
) -> tuple[dict[int, Meaning], list[Problem]]:
    """The rows understood, by line, and what is wrong with the others."""
    meanings: dict[int, Meaning] = {}
    problems = []
    for row in rows:
        try:
            meanings[row.line] = understand(row, policy, roles)
        except UserError as error:
            problems.append(Problem(row.line, error.received))
    return meanings, problems


def _captions(rows: Sequence[Row], meanings: Sequence[Meaning]) -> Mapping[Triple, str]:
    """The tuples that are nothing but a caption."""
    pairs = zip(rows, meanings, strict=True)
    return {meaning.triple: row.get("caption") for row, meaning in pairs if not meaning.named}


def _example(
    row: Row, meaning: Meaning, picture: FilePicture, split: Split, speaker: Speaker, company: Company
) -> Example:
    image = PurePosixPath(row.get("image"))
    forbidden: tuple[str, ...] = ()
    if meaning.role is Role.UNSAFE:
        forbidden = speaker.forbidden(meaning.triple)
        if meaning.named:
            rng = random.Random(f"sentences/{picture.sha256}")
            forbidden += tuple(forbidden_sentences(company, meaning.triple, SENTENCES, rng))
    variants = dict.fromkeys((*row.variants, *forbidden))
    return Example(
        key=f"{row.line:05d}-{re.sub(r'[^A-Za-z0-9_-]', '_', image.stem)[:60]}",
        picture=picture,
        caption=row.get("caption"),
        triple=meaning.triple,
        role=meaning.role,
        split=split,
        part="train" if split is Split.TRAIN else _part(meaning),
        wording=bank_of(USUAL, meaning.triple),
        source=row.get("source"),
        licence=row.get("licence"),
        sha256=picture.sha256,
        variants=tuple(text for text in variants if text != row.get("caption")),
    )


def _part(meaning: Meaning) -> str:
    if meaning.role is not Role.UNSAFE:
        return meaning.role.value
    return "subordinate" if meaning.forced else "direct"
