"""A benchmark as a folder that others can run: pictures, one JSON object a line, and what vouches for both.

    benchmark.json    version, policy, seed, licences, slices, the hash of every other file
    items.jsonl       one item a line: picture, caption, foils, what is shown
    images/KEY.png    the pictures

Nothing is pickled, and nothing outside the folder is opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from PIL import Image
from pydantic import BaseModel, ValidationError

from unrelate.data.benchmark import SLICES, Benchmark
from unrelate.data.benchmark_schema import StoredHead, StoredItem, StoredPolicy, StoredSlice
from unrelate.data.checks import Progress, check_picture
from unrelate.data.hashing import bytes_sha256, text_sha256
from unrelate.data.pictures import BadPicture, FilePicture, Limits
from unrelate.errors import UserError

HEAD, ITEMS, IMAGES = "benchmark.json", "items.jsonl", "images"
FORMAT = 1  # of the folder; what the items are has a version of its own
# Encoders see 224 to 512 pixels: a photograph is kept no larger, and without its metadata.
_LARGEST_SHORT_SIDE = 512
_MOST_BYTES = 100_000_000
_REMEDY = "export it again: unrelate benchmark POLICY --out DIR"


def write_benchmark(benchmark: Benchmark, folder: Path, progress: Progress | None = None) -> None:
    """Write a benchmark into a new folder; ``benchmark.json`` last, so that a part is no benchmark.

    Raises:
        UserError: the folder is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is not empty", "a new folder", "give another --out")
    (folder / IMAGES).mkdir(parents=True)
    lines, pictures = [], {}
    for done, item in enumerate(benchmark.items, 1):
        image = f"{IMAGES}/{item.key}.png"
        _small(item.picture.load()).save(folder / image)
        pictures[image] = bytes_sha256((folder / image).read_bytes())
        lines.append(StoredItem.of(item, image).model_dump_json() + "\n")
        if progress is not None:
            progress(done, len(benchmark.items))
    text = "".join(lines)
    (folder / ITEMS).write_text(text, encoding="utf-8", newline="\n")
    head = StoredHead(
        format=FORMAT,
        version=benchmark.version,
        seed=benchmark.seed,
        policy=StoredPolicy(
            name=benchmark.policy, sha256=benchmark.policy_sha256, text=benchmark.policy_text
        ),
        licences=sorted({item.licence for item in benchmark.items}),
        slices={
            name: StoredSlice(
                expect=items[0].expect,
                count=len(items),
                about=SLICES[name].shows if name in SLICES else "",
            )
            for name, items in benchmark.slices.items()
        },
        absent=dict(benchmark.absent),
        items_sha256=text_sha256(text),
        pictures=pictures,
    )
    (folder / HEAD).write_text(head.model_dump_json(indent=1) + "\n", encoding="utf-8", newline="\n")


def _small(image: Image.Image) -> Image.Image:
    """The pixels alone, no larger than encoders look at."""
    scale = _LARGEST_SHORT_SIDE / min(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    bare = image.convert("RGB") if scale >= 1 else image.convert("RGB").resize(size)
    bare.info = {}
    return bare


def is_benchmark(folder: Path) -> bool:
    """Whether a path is a folder that holds a benchmark."""
    return (folder / HEAD).is_file()


def read_benchmark(folder: Path, limits: Limits | None = None, progress: Progress | None = None) -> Benchmark:
    """Read what `write_benchmark` wrote, and check every hash in it.

    Raises:
        UserError: everything that is missing, changed or not as it should be, in one message.
    """
    if not is_benchmark(folder):
        raise UserError(f"'{folder}' holds no benchmark", f"a folder with {HEAD}", _REMEDY)
    problems: list[str] = []
    head_text, text = _text(folder / HEAD, problems), _text(folder / ITEMS, problems)
    head = None if head_text is None else _parsed(StoredHead, head_text, HEAD, problems)
    if head is None or text is None:
        raise _refusal(folder, problems)
    read = [
        _parsed(StoredItem, line, f"{ITEMS}:{number}", problems)
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip()
    ]
    lines = [line for line in read if line is not None]
    if text_sha256(text) != head.items_sha256:
        problems.append(f"{ITEMS} has changed since it was written")
    if text_sha256(head.policy.text) != head.policy.sha256:
        problems.append(f"{HEAD}: the policy's text has changed since it was written")
    problems += _keys_given_twice(lines)
    problems += _counted_otherwise(head, lines)
    pictures = _pictures(folder, head, lines, limits or Limits(), problems, progress)
    if problems:
        raise _refusal(folder, problems)
    return Benchmark(
        version=head.version,
        policy=head.policy.name,
        policy_text=head.policy.text,
        seed=head.seed,
        items=tuple(line.item(pictures[line.image]) for line in lines),
        absent=head.absent,
    )


def _text(path: Path, problems: list[str]) -> str | None:
    """A file's text; None, with a problem, if there is none to be had."""
    try:
        if path.stat().st_size <= _MOST_BYTES:
            return path.read_bytes().decode("utf-8")
        problems.append(f"{path.name} has more than {_MOST_BYTES} bytes")
    except OSError as error:
        problems.append(f"{path.name} cannot be read ({error.strerror})")
    except UnicodeDecodeError as error:
        problems.append(f"{path.name} is not UTF-8 at byte {error.start}")
    return None


_Model = TypeVar("_Model", bound=BaseModel)


def _parsed(kind: type[_Model], text: str, where: str, problems: list[str]) -> _Model | None:
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        for fault in error.errors()[:3]:
            at = ".".join(str(step) for step in fault["loc"])
            problems.append(f"{where}: {f'{at}: ' if at else ''}{fault['msg']}")
    return None


def _keys_given_twice(lines: Sequence[StoredItem]) -> list[str]:
    counts = Counter(line.key for line in lines)
    return [f"{ITEMS}: key '{key}' is given twice" for key, count in counts.items() if count > 1]


def _counted_otherwise(head: StoredHead, lines: Sequence[StoredItem]) -> list[str]:
    problems = []
    for name in dict.fromkeys((*head.slices, *(line.slice for line in lines))):
        items = [line for line in lines if line.slice == name]
        stated = head.slices.get(name)
        if stated is None or len(items) != stated.count:
            problems.append(
                f"slice '{name}' has {len(items)} items, {stated.count if stated else 0} in {HEAD}"
            )
        elif any(line.expect != stated.expect for line in items):
            problems.append(f"slice '{name}' has items that are not expected to be {stated.expect}")
    return problems


def _pictures(
    folder: Path,
    head: StoredHead,
    lines: Sequence[StoredItem],
    limits: Limits,
    problems: list[str],
    progress: Progress | None,
) -> dict[str, FilePicture]:
    """Every picture that the items or the head name, checked."""
    names = list(dict.fromkeys((*head.pictures, *(line.image for line in lines))))
    used = {line.image for line in lines}
    found: dict[str, FilePicture] = {}
    for done, name in enumerate(names, 1):
        try:
            found[name] = check_picture(folder, name, limits)
        except BadPicture as error:
            problems.append(f"'{name}' {error}")
        else:
            if name not in head.pictures:
                problems.append(f"'{name}' has no hash in {HEAD}")
            elif found[name].sha256 != head.pictures[name]:
                problems.append(f"'{name}' has changed since it was written")
            elif name not in used:
                problems.append(f"'{name}' has a hash in {HEAD}, but no item")
        if progress is not None:
            progress(done, len(names))
    return found


def _refusal(folder: Path, problems: Sequence[str]) -> UserError:
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    said = "\n".join([f"{count} in the benchmark '{folder}'", *(f"    {what}" for what in problems)])
    return UserError(said, "a benchmark as it was written", _REMEDY)
