"""A user's folder as downstream tasks: what counts, what is chosen, and everything that is wrong."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PIL import Image

from unrelate.data.imagefolder import folder_tasks
from unrelate.data.pictures import Limits
from unrelate.data.tasks import UtilityTask
from unrelate.errors import UserError

WriteManifest = Callable[[Sequence[dict[str, str]]], Path]


def paint(path: Path, number: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 6), (number % 256, number // 256, 9)).save(path)
    return path


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    """Five cats, one of them deeper, and three ice creams."""
    for number in range(4):
        paint(tmp_path / "pets" / "cat" / f"{number}.png", number)
    paint(tmp_path / "pets" / "cat" / "old" / "4.jpg", 4)
    for number in range(3):
        paint(tmp_path / "pets" / "ice_cream" / f"{number}.png", 100 + number)
    return tmp_path / "pets"


def only(tasks: tuple[UtilityTask, ...]) -> UtilityTask:
    (task,) = tasks
    return task


def by_class(task: UtilityTask) -> Counter[str]:
    return Counter(task.texts[number][0] for right in task.answers for number in right)


def problems(folder: Path, **how: object) -> str:
    with pytest.raises(UserError) as caught:
        folder_tasks(folder, **how)  # pyright: ignore[reportArgumentType]
    return str(caught.value)


def test_a_folder_of_classes_is_a_zero_shot_task(classes: Path) -> None:
    (classes / ".DS_Store").write_bytes(b"not a picture")
    (classes / "cat" / ".thumbs").mkdir()
    (classes / "cat" / ".thumbs" / "0.png").write_bytes(b"not a picture")
    task = only(folder_tasks(classes))
    assert (task.name, task.kind) == ("pets", "zero-shot")
    assert task.texts == (("cat", "a photo of a cat"), ("ice cream", "a photo of a ice cream"))
    assert by_class(task) == {"cat": 5, "ice cream": 3}
    assert task.pictures[0].load().size == (8, 6)
    assert "cat/old/4.jpg" in task.keys


def test_a_picture_that_is_there_twice_counts_once(classes: Path) -> None:
    paint(classes / "cat" / "again.png", 0)
    assert by_class(only(folder_tasks(classes)))["cat"] == 5


def test_some_are_chosen_by_content_and_evenly(classes: Path) -> None:
    task = only(folder_tasks(classes, most=4))
    assert by_class(task) == {"cat": 2, "ice cream": 2}
    chosen = [picture.load().tobytes() for picture in task.pictures]
    for path, name in zip(sorted((classes / "cat").glob("*.png")), "dcba", strict=True):
        path.rename(path.with_name(f"{name}.png"))
    renamed = only(folder_tasks(classes, most=4))
    assert [picture.load().tobytes() for picture in renamed.pictures] == chosen


def test_a_manifest_is_retrieval_both_ways(write_csv: WriteManifest) -> None:
    folder = write_csv(
        [
            {"image": "a.png", "caption": "a nap", "actor": "", "_note": "mine"},
            {"image": "b.png", "caption": "a dog", "actor": "", "_note": ""},
            {"image": "c.png", "caption": "a nap", "actor": "", "_note": ""},
            {"image": "b.png", "caption": "the dog", "actor": "", "_note": ""},
        ]
    )
    to_text, to_image = folder_tasks(folder)
    assert (to_text.kind, to_image.kind) == ("image to text", "text to image")
    assert to_text.name.endswith("_image_to_text")
    assert to_text.name.isidentifier()
    assert len(to_text.pictures) == 3
    own = [{to_text.texts[n][0] for n in right} for right in to_text.answers]
    assert sorted(map(sorted, own)) == [["a dog", "the dog"], ["a nap"], ["a nap"]]
    found = dict(zip((text for (text,) in to_image.texts), to_image.answers, strict=True))
    assert {text: len(right) for text, right in found.items()} == {"a nap": 2, "a dog": 1, "the dog": 1}


def test_a_manifest_may_be_cut_short_and_may_have_contexts(write_jsonl: WriteManifest) -> None:
    rows = [{"image": f"{n}.png", "caption": f"number {n}", "place": "park"} for n in range(9)]
    folder = write_jsonl(rows)
    assert "unknown column 'place'" in problems(folder)
    to_text, _ = folder_tasks(folder, most=5, contexts=("place",))
    assert len(to_text.pictures) == len(to_text.texts) == 5


def test_all_that_is_wrong_with_classes_is_said_at_once(classes: Path) -> None:
    paint(classes / "loose.png", 200)
    (classes / "empty").mkdir()
    (classes / "cat" / "notes.txt").write_text("cats")
    (classes / "cat" / "cut.png").write_bytes((classes / "cat" / "0.png").read_bytes()[:40])
    (classes / "cat" / "void.png").touch()
    paint(classes / "ice cream" / "0.png", 300)
    paint(classes / "ice_cream" / "cat.png", 1)
    outside = paint(classes.parent / "outside.png", 7)
    os.symlink(outside, classes / "cat" / "link.png")
    Image.new("RGB", (40, 40)).save(classes / "cat" / "large.png")
    said = problems(classes, limits=Limits(max_pixels=1000))
    for line in (
        "9 problems in",
        "loose.png: lies beside the class folders",
        "empty: has no pictures",
        "ice cream and ice_cream: one name, 'ice cream'",
        "cat/notes.txt: is not a picture",
        "cat/cut.png: is ",
        "cat/void.png: is empty",
        "cat/link.png: is a link that leaves",
        "cat/large.png: has 40 x 40 pixels",
        "cat/1.png and ice_cream/cat.png: one picture in two classes",
    ):
        assert line in said


def test_one_class_is_none(tmp_path: Path) -> None:
    paint(tmp_path / "cat" / "0.png", 0)
    assert "has 1 class folders" in problems(tmp_path)
    assert "no folder" in problems(tmp_path / "nowhere")


def test_all_that_is_wrong_with_a_manifest_is_said_at_once(write_csv: WriteManifest) -> None:
    folder = write_csv(
        [
            {"image": "a.png", "caption": "a nap"},
            {"image": "b.png", "caption": ""},
            {"image": "../c.png", "caption": "a dog"},
        ]
    )
    (folder / "a.png").write_bytes(b"")
    said = problems(folder)
    assert "3 problems" in said
    for line in (
        "manifest.csv:2: 'a.png' is empty",
        "manifest.csv:3: has no caption",
        "manifest.csv:4: '../c",
    ):
        assert line in said


def test_there_must_be_something_to_choose_from(write_csv: WriteManifest) -> None:
    folder = write_csv([{"image": "a.png", "caption": "a nap"}, {"image": "b.png", "caption": "a nap"}])
    assert "2 different pictures and 1 different captions" in problems(folder)


def test_progress_is_told(classes: Path) -> None:
    told: list[tuple[int, int]] = []
    folder_tasks(classes, progress=lambda done, of: told.append((done, of)))
    assert told == [(n, 8) for n in range(1, 9)]
