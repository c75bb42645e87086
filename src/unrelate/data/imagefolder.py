"""A user's own downstream tasks: a folder of classes to tell apart, or of captioned pictures to find.

    FOLDER/CLASS/....jpg               one folder a class, the pictures in it or below it: zero-shot
    FOLDER/manifest.csv (or .jsonl)    rows with ``image`` and ``caption``: retrieval, both ways

Names that begin with a dot are skipped. Everything else has to be a picture.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from unrelate.data.checks import Progress, check_picture, check_pictures, refuse
from unrelate.data.manifest import MANIFESTS, Problem, read_manifest
from unrelate.data.pictures import BadPicture, FilePicture, Limits
from unrelate.data.tasks import UtilityTask, retrieval
from unrelate.errors import UserError

# A class is asked for in all of these, averaged (Radford et al. 2021, section 3.1.4).
TEMPLATES = ("{}", "a photo of a {}")
MOST = 1000


def folder_tasks(
    folder: Path,
    *,
    most: int = MOST,
    contexts: Collection[str] = (),
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> tuple[UtilityTask, ...]:
    """The tasks of a folder: one zero-shot task, or with a manifest two of retrieval.

    Args:
        most: use at most so many pictures (of each class as many), chosen by their content. Recall
            falls with the number of pictures to choose from, so compare like with like.
        contexts: further columns that a manifest may have, such as ``place``; they are not read.
        limits: how large a picture may be.
        progress: told how many pictures are checked.

    Raises:
        UserError: there is no such folder; or everything that is wrong with what is in it.
    """
    if not folder.is_dir():
        raise UserError(f"there is no folder '{folder}'", "a folder of classes, or one with a manifest")
    limits = limits or Limits()
    if any((folder / name).exists() for name in MANIFESTS):
        return _captioned(folder, most, contexts, limits, progress)
    return (_classes(folder, most, limits, progress),)


def _captioned(
    folder: Path, most: int, contexts: Collection[str], limits: Limits, progress: Progress | None
) -> tuple[UtilityTask, ...]:
    manifest = read_manifest(folder, contexts)
    pictures, broken = check_pictures(folder, manifest.rows, limits, progress)
    captions: dict[str, tuple[FilePicture, list[str]]] = {}
    for row in manifest.rows:
        picture = pictures.get(row.get("image"))
        if picture is not None:  # one picture under two names is one picture
            captions.setdefault(picture.sha256, (picture, []))[1].append(row.get("caption"))
    chosen = [captions[digest] for digest in sorted(captions)[:most]]
    problems = [*manifest.problems, *broken]
    texts = {caption for _, own in chosen for caption in own}
    if not problems and min(len(chosen), len(texts)) < 2:
        found = f"{len(chosen)} different pictures and {len(texts)} different captions"
        problems.append(Problem(0, f"has {found}; there must be two of each to choose from"))
    refuse(folder, manifest, problems)
    return retrieval(
        _name(folder),
        tuple(_key(folder, picture) for picture, _ in chosen),
        tuple(picture for picture, _ in chosen),
        tuple(tuple(dict.fromkeys(own)) for _, own in chosen),
    )


def _classes(folder: Path, most: int, limits: Limits, progress: Progress | None) -> UtilityTask:
    found = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    classes = [path for path in found if path.is_dir()]
    problems = [
        f"{path.name}: lies beside the class folders; put it into one, or list it in {MANIFESTS[0]}"
        for path in found
        if not path.is_dir()
    ]
    if len(classes) < 2:
        problems.append(f"has {len(classes)} class folders; there must be two to choose from")
    problems += _alike(classes)
    files = {path: list(_files(folder, path)) for path in classes}
    problems += [f"{path.name}: has no pictures" for path, names in files.items() if not names]
    pictures: dict[Path, list[FilePicture]] = {path: [] for path in classes}
    done, of = 0, sum(len(names) for names in files.values())
    for path, names in files.items():
        for name in names:
            try:
                pictures[path].append(check_picture(folder, name, limits))
            except BadPicture as error:
                problems.append(f"{name}: {error}")
            done += 1
            if progress is not None:
                progress(done, of)
    problems += _in_two(folder, pictures.values())
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise UserError(
            "\n    ".join([f"{count} in '{folder}'", *problems]),
            "one folder a class, with nothing but pictures in it",
            "mend these or take them out; docs/data.md says what a folder may hold",
        )
    chosen = _evenly([pictures[path] for path in classes], most)
    return UtilityTask(
        _name(folder),
        "zero-shot",
        tuple(_key(folder, picture) for _, picture in chosen),
        tuple(picture for _, picture in chosen),
        tuple(tuple(template.format(_said(path)) for template in TEMPLATES) for path in classes),
        tuple(frozenset([number]) for number, _ in chosen),
    )


def _files(folder: Path, path: Path) -> Iterator[str]:
    """What lies in a class folder or below it, as seen from ``folder``; links to folders are not entered."""
    for place, below, names in os.walk(path):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield (Path(place) / name).relative_to(folder).as_posix()


def _alike(classes: Sequence[Path]) -> list[str]:
    """Folders that are called the same in words."""
    said: dict[str, list[str]] = {}
    for path in classes:
        said.setdefault(_said(path).casefold(), []).append(path.name)
    return [f"{' and '.join(names)}: one name, '{word}'" for word, names in said.items() if len(names) > 1]


def _in_two(folder: Path, classes: Collection[Sequence[FilePicture]]) -> list[str]:
    """Pictures that are of two classes, to which there is no right answer."""
    seen: dict[str, dict[int, FilePicture]] = {}
    for number, pictures in enumerate(classes):
        for picture in pictures:
            seen.setdefault(picture.sha256, {}).setdefault(number, picture)
    names = (
        [_key(folder, picture) for picture in found.values()] for found in seen.values() if len(found) > 1
    )
    return [f"{' and '.join(found)}: one picture in two classes" for found in names]


def _evenly(classes: Sequence[Sequence[FilePicture]], most: int) -> list[tuple[int, FilePicture]]:
    """At most so many, each class as often as any other, by content; no picture twice."""
    ordered = [
        sorted({p.sha256: p for p in pictures}.values(), key=lambda p: p.sha256) for pictures in classes
    ]
    turns = [
        (turn, number, picture)
        for number, pictures in enumerate(ordered)
        for turn, picture in enumerate(pictures)
    ]
    chosen = sorted(turns, key=lambda turn: turn[:2])[:most]
    return sorted(((number, picture) for _, number, picture in chosen), key=lambda pair: pair[0])


def _said(path: Path) -> str:
    """``ice_cream`` as people say it."""
    return " ".join(re.split(r"[\s_-]+", path.name.strip("_- ")))


def _key(folder: Path, picture: FilePicture) -> str:
    """The picture's path in the folder; that of the file itself, where it is a link."""
    return picture.path.relative_to(folder.resolve()).as_posix()


def _name(folder: Path) -> str:
    """The folder's own name as a task may be called."""
    return re.sub(r"\W+", "_", folder.resolve().name).strip("_") or "folder"
