"""What a folder may do to us, each refused by file and row, and all of it in one message."""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from unrelate.data import FolderSource, Limits
from unrelate.data.checks import check_picture
from unrelate.data.pictures import BadPicture
from unrelate.errors import UserError
from unrelate.graph import RelationGraph
from unrelate.policy import Policy

LIMITS = Limits(max_pixels=1_000_000, max_bytes=1_000_000)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def encoded(kind: str, size: tuple[int, int] = (64, 48)) -> bytes:
    noise = Image.frombytes("RGB", size, bytes(i * 31 % 251 for i in range(size[0] * size[1] * 3)))
    out = BytesIO()
    noise.save(out, kind)
    return out.getvalue()


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n"
BROKEN = {
    "empty.png": (b"", r"empty \(0 bytes\)"),
    "words.png": (b"this is no picture", "not a picture"),
    "program.eps": (EPS, "not a picture"),
    "bomb.png": (png_header(60_000, 60_000), "60000|too large"),
    "wide.png": (png_header(2_000, 1_000), "2000 x 1000 pixels; at most 1000000"),
    "short.jpg": (encoded("JPEG")[:-400], "corrupt or cut short"),
    "short.png": (encoded("PNG")[:-400], "corrupt or cut short"),
    "short.gif": (encoded("GIF")[:-400], "corrupt or cut short"),
    "short.webp": (encoded("WEBP")[:-40], "corrupt"),
    "flipped.png": (flip(encoded("PNG"), 60), "corrupt or cut short"),
    "header.jpg": (encoded("JPEG")[:20], "corrupt"),
    "heavy.bmp": (encoded("BMP", (700, 500)), "has 10500.. bytes; at most 1000000"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused(tmp_path: Path, name: str) -> None:
    data, why = BROKEN[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadPicture, match=why):
        check_picture(tmp_path, name, LIMITS)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_the_same_files_are_taken_when_whole(tmp_path: Path, kind: str) -> None:
    (tmp_path / "whole").write_bytes(encoded(kind))
    assert check_picture(tmp_path, "whole", LIMITS).load().size == (64, 48)


def test_a_bomb_is_refused_before_anything_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wide.png").write_bytes(png_header(9_000, 9_000))  # below the size that Pillow itself refuses

    def decoded(image: Image.Image) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(Image.Image, "load", decoded)
    with pytest.raises(BadPicture, match="9000 x 9000"):
        check_picture(tmp_path, "wide.png", Limits())


PATHS = {
    "../x.png": r"'\.\.'",
    "in/../../x.png": r"'\.\.'",
    "..\\x.png": r"'\.\.'",
    "C:\\x.png": "absolute",
    "\\\\server\\share\\x.png": "absolute",
    "nowhere.png": "missing",
    "in": "not a file",
    "a\0b.png": "cannot be found",
    "x" * 5000: "cannot be found",
}


@pytest.mark.parametrize("name", PATHS, ids=lambda name: repr(name[:30]))
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    (folder / "in").mkdir(parents=True)
    (tmp_path / "x.png").write_bytes(encoded("PNG"))
    with pytest.raises(BadPicture, match=PATHS[name]):
        check_picture(folder, name, LIMITS)


def test_an_absolute_path_is_refused_even_into_the_folder(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(encoded("PNG"))
    with pytest.raises(BadPicture, match="absolute"):
        check_picture(tmp_path, str(tmp_path / "x.png"), LIMITS)


def test_links_may_stay_inside_but_not_leave(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for place in (tmp_path, folder):
        (place / "x.png").write_bytes(encoded("PNG"))
    (folder / "within.png").symlink_to("x.png")
    (folder / "out.png").symlink_to("../x.png")
    (folder / "door").symlink_to("..")
    (folder / "round.png").symlink_to("round.png")
    assert check_picture(folder, "within.png", LIMITS).load().mode == "RGB"
    for name in ("out.png", "door/x.png"):
        with pytest.raises(BadPicture, match="link that leaves"):
            check_picture(folder, name, LIMITS)
    with pytest.raises(BadPicture, match="cannot be found"):
        check_picture(folder, "round.png", LIMITS)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(BadPicture, match="not a file"):
        check_picture(tmp_path, "pipe.png", LIMITS)


def refused(folder: Path, policy: Policy, graph: RelationGraph) -> str:
    with pytest.raises(UserError) as caught:
        FolderSource(folder, policy).corpus(graph, seed=0)
    return str(caught.value)


def test_everything_wrong_is_said_at_once(
    write_csv: Callable[..., Path], sound_rows: list[dict[str, str]], policy: Policy, graph: RelationGraph
) -> None:
    safe = dict(sound_rows[10])
    bad = [
        safe | {"image": "gone.png"},
        safe | {"image": "short.jpg"},
        safe | {"image": "../outside.png"},
        safe | {"image": "bomb.png"},
        safe | {"caption": " "},
        safe | {"object": "bear"},
        safe | {"relation": ""},
        safe | {"split": "test"},
        safe | {"actor": "", "relation": "", "object": "", "role": "unsave"},
        safe | {"actor": "", "relation": "", "object": ""},
        safe | {"image": ""},
    ]
    folder = write_csv([*sound_rows, *bad])
    (folder / "gone.png").unlink()
    (folder / "short.jpg").write_bytes(encoded("JPEG")[:-400])
    (folder / "bomb.png").write_bytes(png_header(60_000, 60_000))
    message = refused(folder, policy, graph)
    first = len(sound_rows) + 2
    expected = [
        "'gone.png' is missing",
        "'short.jpg' is corrupt or cut short",
        "'../outside.png' has '..'",
        "'bomb.png' ",
        "has no caption",
        "'bear' is not among the objects; did you mean 'beer'?",
        "has actor and object; give all three",
        "has split 'test'; known are train, held_out",
        "has role 'unsave'; did you mean 'unsafe'?",
        "has neither a tuple",
        "has no image",
    ]
    assert f"{len(expected)} problems in " in message
    for number, words in enumerate(expected):
        assert re.search(rf"manifest\.csv:{first + number}: {re.escape(words)}", message), (words, message)


def test_a_picture_in_both_splits_is_refused(
    write_csv: Callable[..., Path], sound_rows: list[dict[str, str]], policy: Policy, graph: RelationGraph
) -> None:
    twin = sound_rows[0] | {"image": "twin.png"}
    folder = write_csv([sound_rows[0] | {"split": "train"}, *sound_rows[1:], twin | {"split": "held_out"}])
    (folder / "twin.png").write_bytes((folder / sound_rows[0]["image"]).read_bytes())
    line = len(sound_rows) + 2
    message = refused(folder, policy, graph)
    assert "manifest.csv:2: one picture is in both splits: 'unsafe/0.png' (line 2, train), " in message
    assert f"'twin.png' (line {line}, held_out)" in message


def test_a_kept_tuple_in_both_splits_is_refused(
    write_csv: Callable[..., Path], sound_rows: list[dict[str, str]], policy: Policy, graph: RelationGraph
) -> None:
    neutral = sound_rows[-1]
    more = [neutral | {"image": f"more-{split}.png", "split": split} for split in ("train", "held_out")]
    message = refused(write_csv([*sound_rows[:-2], *more]), policy, graph)
    assert "'man-kicking-teddy' must be new to the audit, but is in both splits" in message


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        (
            {"actor": "toddler", "relation": "drinking", "object": "wine"},
            "the policy holds this tuple held out",
        ),
        ({"role": "safe_node"}, "safe nodes are held out"),
    ],
)
def test_what_only_the_audit_may_see_is_not_trained_on(
    write_csv: Callable[..., Path],
    sound_rows: list[dict[str, str]],
    policy: Policy,
    graph: RelationGraph,
    extra: dict[str, str],
    why: str,
) -> None:
    row = {"image": "new.png", "caption": "something", "split": "train"} | extra
    assert why in refused(write_csv([*sound_rows, row]), policy, graph)


def test_a_role_that_contradicts_the_policy_is_refused(
    write_csv: Callable[..., Path], sound_rows: list[dict[str, str]], policy: Policy, graph: RelationGraph
) -> None:
    message = refused(write_csv([sound_rows[0] | {"role": "neutral"}, *sound_rows[1:]]), policy, graph)
    assert "has role 'neutral', but under this policy 'child-drinking-wine' is 'unsafe'" in message


def test_an_open_tuple_asks_for_more(
    write_csv: Callable[..., Path], sound_rows: list[dict[str, str]], policy: Policy, graph: RelationGraph
) -> None:
    vague = sound_rows[0] | {"image": "vague.png", "actor": "person"}
    assert "'person-drinking-wine', which may or may not be forbidden" in refused(
        write_csv([*sound_rows, vague]), policy, graph
    )


@pytest.mark.parametrize(("kept", "why"), [(True, "has no unsafe row"), (False, "has no row that stays")])
def test_one_side_alone_is_refused(
    write_csv: Callable[..., Path],
    sound_rows: list[dict[str, str]],
    policy: Policy,
    graph: RelationGraph,
    kept: bool,
    why: str,
) -> None:
    assert why in refused(write_csv(sound_rows[10:] if kept else sound_rows[:10]), policy, graph)


def test_a_split_without_unsafe_pictures_is_refused(
    write_csv: Callable[..., Path], sound_rows: list[dict[str, str]], policy: Policy, graph: RelationGraph
) -> None:
    rows = [row | {"split": "train"} for row in sound_rows[:10]] + sound_rows[10:]
    assert "has no unsafe row held out for the audit" in refused(write_csv(rows), policy, graph)


def test_a_picture_changed_after_the_check_is_not_used(
    write_csv: Callable[..., Path], sound_rows: list[dict[str, str]], policy: Policy, graph: RelationGraph
) -> None:
    folder = write_csv(sound_rows)
    first = FolderSource(folder, policy).corpus(graph, seed=0).examples[0]
    assert first.picture.load().size == (12, 9)
    (folder / "unsafe/0.png").write_bytes(encoded("PNG"))
    with pytest.raises(UserError, match="has changed since it was checked"):
        first.picture.load()
