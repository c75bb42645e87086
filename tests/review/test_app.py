"""What the page asks of its server: pairs, pictures, decisions."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from unrelate.data.decisions import read_decisions
from unrelate.data.hashing import bytes_sha256

pytest.importorskip("starlette", reason="needs the extra 'collect'")
from unrelate.review.app import LONGEST_BODY, LONGEST_CAPTION

OPEN = {"verdict": "undecided", "caption": ""}
ACCEPTED = {"verdict": "accepted", "caption": ""}
WriteFolder = Callable[..., Path]
Row = Callable[..., dict[str, Any]]
Client = Callable[[Path], Any]
Post = Callable[..., Any]


def accept(pair: str = "pair-0000") -> dict[str, Any]:
    return {"pair": pair, "before": OPEN, "after": ACCEPTED, "since": 0}


def test_markup_stays_text(collected: WriteFolder, row: Row, inside: Client) -> None:
    hostile = '<img src=x onerror="alert(1)">'
    client = inside(collected([row(0, caption=hostile, prompt=hostile, checks=hostile)]))
    answer = client.get("/pairs")
    assert answer.headers["content-type"] == "application/json"
    (pair,) = answer.json()["pairs"]
    assert (pair["caption"], pair["about"]["prompt"], pair["checks"]) == (hostile, hostile, [hostile])


def test_a_decision_is_on_the_disk_when_it_is_answered(
    collected: WriteFolder, inside: Client, post: Post
) -> None:
    folder = collected(2)
    client = inside(folder)
    answer = post(client, accept())
    (made,) = read_decisions(folder)
    assert (made.pair, made.verdict, made.by) == ("pair-0000", "accepted", "Ada")
    news = answer.json()
    assert (news["start"], news["number"]) == (0, 1)
    assert news["decisions"][0]["verdict"] == "accepted"
    assert news["undo"] == {"pair": "pair-0000", "before": ACCEPTED, "after": OPEN}
    assert client.get("/changes?since=1").json() == {**news, "start": 1, "decisions": []}
    assert client.get("/changes?since=nonsense").json() == news


def test_what_crosses_anothers_decision_is_told_so_and_not_written(
    collected: WriteFolder, inside: Client, post: Post
) -> None:
    folder = collected(2)
    client = inside(folder)
    assert post(client, accept()).status_code == 200
    late = accept() | {"after": {"verdict": "rejected", "caption": ""}}
    answer = post(client, late)
    assert answer.status_code == 409
    assert answer.json()["decisions"][0]["verdict"] == "accepted"
    assert len(read_decisions(folder)) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 60_000,
        b"\xff",
        b'"' + b"x" * LONGEST_BODY + b'"',
        [],
        {},
        {"pair": 3},
        accept("nobody"),
        accept() | {"since": "x"},
        accept() | {"after": None},
        accept() | {"after": {"verdict": "perhaps", "caption": ""}},
        accept() | {"after": {"verdict": [], "caption": ""}},
        accept() | {"after": {"verdict": "accepted", "caption": None}},
        accept() | {"after": {"verdict": "accepted", "caption": "x" * (LONGEST_CAPTION + 1)}},
        accept() | {"after": {"verdict": "accepted", "caption": "\ud800"}},
    ],
)
def test_what_is_no_decision_is_refused_with_a_word(
    collected: WriteFolder, body: Any, inside: Client, post: Post
) -> None:
    folder = collected(2)
    answer = post(inside(folder), body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert read_decisions(folder) == ()


def test_only_json_is_a_decision(collected: WriteFolder, inside: Client, post: Post) -> None:
    assert post(inside(collected(1)), accept(), content_type="text/plain").status_code == 400


def test_a_disk_that_is_full_is_said(
    collected: WriteFolder, monkeypatch: pytest.MonkeyPatch, inside: Client, post: Post
) -> None:
    client = inside(collected(2))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("unrelate.review.ledger.decide", full)
    answer = post(client, accept())
    assert (answer.status_code, "No space left" in answer.json()["error"]) == (507, True)
    assert client.get("/changes").json()["number"] == 0


def test_pictures_are_drawn_afresh(collected: WriteFolder, row: Row, inside: Client) -> None:
    folder = collected([row(0), row(1, image="pictures/large.jpg")])
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "<script>hostile</script>")
    picture = Image.new("RGBA", (24, 18), (200, 10, 10, 255))
    picture.save(folder / "pictures/0000.png", pnginfo=note, icc_profile=b"hostile profile")
    with (folder / "pictures/0000.png").open("ab") as file:
        file.write(b"<script>trailing</script>")
    Image.new("RGB", (3000, 1000), "green").save(folder / "pictures/large.jpg", comment=b"hostile")
    client = inside(folder)
    small, large = client.get("/picture/0"), client.get("/picture/1")
    assert (small.headers["content-type"], large.headers["content-type"]) == ("image/png", "image/jpeg")
    assert b"script" not in small.content
    assert b"hostile" not in small.content + large.content
    assert Image.open(BytesIO(small.content)).getpixel((5, 5)) == (200, 10, 10)
    assert Image.open(BytesIO(large.content)).size == (1280, 427)


def test_pictures_come_from_the_folder_alone(
    collected: WriteFolder, row: Row, tmp_path: Path, inside: Client
) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "secret.png")
    names = ["../secret.png", str(tmp_path / "secret.png"), "pictures/link.png", "pictures/gone.png"]
    folder = collected([row(n, image=name) for n, name in enumerate([*names, "pictures/text.png"])])
    (folder / "pictures/link.png").unlink(missing_ok=True)
    (folder / "pictures/link.png").symlink_to(tmp_path / "secret.png")
    (folder / "pictures/gone.png").unlink()
    (folder / "pictures/text.png").write_text("<svg onload=alert(1)>")
    client = inside(folder)
    said = [client.get(f"/picture/{number}") for number in range(5)]
    assert [answer.status_code for answer in said] == [404] * 5
    whys = ("has '..'", "absolute path", "is a link that leaves", "is missing", "not a picture")
    for answer, why in zip(said, whys, strict=True):
        assert why in answer.text
        assert answer.headers["content-type"].startswith("text/plain")
    for path in ("/picture/5", "/picture/-1", "/picture/x", "/static/..%2f__init__.py", "/static/page.html"):
        assert client.get(path).status_code == 404, path


def test_a_picture_that_is_not_the_collected_one_is_not_shown(
    collected: WriteFolder, row: Row, inside: Client
) -> None:
    folder = collected([row(0, sha256="0" * 64)])
    answer = inside(folder).get("/picture/0")
    assert (answer.status_code, "has changed" in answer.text) == (404, True)
    right = bytes_sha256((folder / "pictures/0000.png").read_bytes())
    other = collected([row(0, sha256=right)], name="other")
    assert inside(other).get("/picture/0").status_code == 200
