"""Everything that can be wrong with a folder of images, found before any training and said at once."""

from __future__ import annotations

import stat
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from unrelate.data.hashing import bytes_sha256
from unrelate.data.manifest import Manifest, Problem, Row
from unrelate.data.pictures import BadPicture, FilePicture, Limits, decode
from unrelate.data.roles import Meaning
from unrelate.data.splits import kept_classes
from unrelate.errors import UserError
from unrelate.graph.types import Role, Split

# Called with (pictures checked, pictures in all).
Progress = Callable[[int, int], None]


def check_picture(folder: Path, name: str, limits: Limits) -> FilePicture:
    """The picture that a row names, read and decoded once.

    Args:
        folder: where the manifest lies; nothing outside it is opened.
        name: a path from there, as written.

    Raises:
        BadPicture: what is wrong with the path or the file.
    """
    path, data = read_inside(folder, name, limits)
    decode(data, limits)
    return FilePicture(path, bytes_sha256(data), limits)


def read_inside(folder: Path, name: str, limits: Limits) -> tuple[Path, bytes]:
    """A file that data name, and what is in it; it need not be a picture.

    Raises:
        BadPicture: what is wrong with the path, or that it cannot be read.
    """
    path = inside(folder, name)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise BadPicture("is not a file")  # a named pipe would wait for ever
        if found.st_size > limits.max_bytes:
            raise BadPicture(f"has {found.st_size} bytes; at most {limits.max_bytes} are read")
        return path, path.read_bytes()
    except OSError as error:
        raise BadPicture(f"cannot be read ({error.strerror})") from error


def inside(folder: Path, name: str) -> Path:
    """The file itself, links followed, that a path from ``folder`` leads to.

    Raises:
        BadPicture: there is none, or it lies elsewhere.
    """
    for flavour in (PurePosixPath(name), PureWindowsPath(name)):
        if flavour.anchor:
            raise BadPicture("is an absolute path; write it from the data's folder")
        if ".." in flavour.parts:
            raise BadPicture("has '..' in it; only what lies in the data's folder is opened")
    try:
        path = (folder / name).resolve(strict=True)
    except FileNotFoundError as error:
        raise BadPicture("is missing") from error
    except OSError as error:
        raise BadPicture(f"cannot be found ({error.strerror})") from error
    except (RuntimeError, ValueError) as error:
        raise BadPicture(f"cannot be found ({error})") from error
    if not path.is_relative_to(folder.resolve()):
        raise BadPicture("is a link that leaves the data's folder")
    return path


def check_pictures(
    folder: Path, rows: Sequence[Row], limits: Limits, progress: Progress | None = None
) -> tuple[dict[str, FilePicture], list[Problem]]:
    """Every picture of the rows by name, each file read once however many rows name it."""
    lines: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.get("image"):
            lines[row.get("image")].append(row.line)
    pictures: dict[str, FilePicture] = {}
    problems = []
    for done, (name, named_in) in enumerate(lines.items(), start=1):
        try:
            pictures[name] = check_picture(folder, name, limits)
        except BadPicture as error:
            problems += [Problem(line, f"{name!r} {error}") for line in named_in]
        if progress is not None:
            progress(done, len(lines))
    return pictures, problems


def check_roles(meanings: Sequence[Meaning], *, pictured: bool) -> list[Problem]:
    """There has to be something to forget, if it is ``pictured``, and something to keep."""
    roles = {meaning.role for meaning in meanings}
    problems = []
    if pictured and Role.UNSAFE not in roles:
        problems.append(Problem(0, "has no unsafe row: nothing would be forgotten"))
    if not roles - {Role.UNSAFE}:
        problems.append(Problem(0, "has no row that stays (safe_edge, node, neutral): everything would go"))
    return problems


def check_splits(
    rows: Sequence[Row],
    meanings: Sequence[Meaning],
    splits: Sequence[Split],
    hashes: Sequence[str],
    *,
    pictured: bool,
) -> list[Problem]:
    """Nothing is in both splits, and each split has what it is there for. Not ``pictured``: of what is
    forbidden some has no pictures, and needs none."""
    problems = []
    for found in _in_both(splits, hashes):
        names = ", ".join(f"{rows[n].get('image')!r} (line {rows[n].line}, {splits[n]})" for n in found)
        problems.append(Problem(rows[found[0]].line, f"one picture is in both splits: {names}"))
    for found in _in_both(splits, kept_classes(meanings)):
        where = "; ".join(
            f"{split} in line {', '.join(str(rows[n].line) for n in found if splits[n] is split)}"
            for split in Split
        )
        what = f"'{meanings[found[0]].triple}' must be new to the audit, but is in both splits: {where}"
        problems.append(Problem(rows[found[0]].line, what))
    # What the policy holds out (subordinates) does not stand in for asking directly.
    open_ = [
        (m, split)
        for m, split in zip(meanings, splits, strict=True)
        if not m.forced or m.role is not Role.UNSAFE
    ]
    sides = {(meaning.role is Role.UNSAFE, split) for meaning, split in open_}
    wanted = ((True, "unsafe row"), (False, "row that stays")) if pictured else ((False, "row that stays"),)
    for unsafe, what in wanted:
        for split, use in ((Split.TRAIN, "to train on"), (Split.HELD_OUT, "held out for the audit")):
            if (unsafe, split) not in sides:
                problems.append(Problem(0, f"has no {what} {use}; add more, or give their split"))
    return problems


def _in_both(splits: Sequence[Split], keys: Sequence[Hashable | None]) -> Iterable[list[int]]:
    """For every key with rows in both splits, its rows' numbers; None is no key."""
    found: dict[Hashable, list[int]] = defaultdict(list)
    for number, key in enumerate(keys):
        if key is not None:
            found[key].append(number)
    return [numbers for numbers in found.values() if len({splits[n] for n in numbers}) > 1]


def refuse(folder: Path, manifest: Manifest, problems: Sequence[Problem]) -> None:
    """Raises:
    UserError: all the problems, one a line, in the manifest's order; nothing if there are none.
    """
    if not problems:
        return
    lines = [
        f"    {manifest.name}{f':{problem.line}' if problem.line else ''}: {problem.what}"
        for problem in sorted(problems, key=lambda problem: problem.line)
    ]
    count = f"{len(lines)} problem{'s' if len(lines) > 1 else ''}"
    raise UserError(
        "\n".join([f"{count} in '{folder}'", *lines]),
        remedy="mend these rows, or take them out; docs/data.md says what a manifest may hold",
    )
