"""A benchmark in a folder: what is written is read again, what was changed is named. And from pictures."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image

from unrelate.data.benchmark import SLICES, Benchmark, BenchmarkItem
from unrelate.data.benchmark_files import is_benchmark, read_benchmark, write_benchmark
from unrelate.data.folder import FolderSource
from unrelate.data.folder_benchmark import folder_benchmark
from unrelate.data.hashing import bytes_sha256, text_sha256
from unrelate.data.minimal_pairs import CONDITION, Foils, beside_the_forbidden, difference
from unrelate.errors import UserError
from unrelate.graph import RelationGraph, build_graph
from unrelate.policy import Policy, load_policy
from unrelate.policy.triple import Triple

Cells = dict[str, str]
Write = Callable[[Sequence[Cells]], Path]
WINE, MILK = Triple("child", "drinking", "wine"), Triple("child", "drinking", "milk")
HOLDING = Triple("child", "holding", "apple", (("place", "park"),))


@dataclass(frozen=True)
class Plain:
    colour: tuple[int, int, int]
    size: tuple[int, int] = (16, 12)

    def load(self) -> Image.Image:
        return Image.new("RGB", self.size, self.colour)


def item(key: str, slice_: str, number: int, **changes: object) -> BenchmarkItem:
    made = BenchmarkItem(
        key=key,
        slice=slice_,
        expect=SLICES[slice_].expect,
        picture=Plain((number, 2, 3)),
        caption="a child drinking milk\u2028– so to speak",  # a line break to some, not to JSONL
        foils=("a child drinking wine", "a man drinking milk"),
        triples=(MILK, HOLDING),
        near=WINE,
        source="drawn",
        licence="CC0-1.0",
    )
    return replace(made, **changes)


def benchmark(*items: BenchmarkItem) -> Benchmark:
    items = items or (
        item("minimal_object-000", "minimal_object", 1),
        item("minimal_object-001", "minimal_object", 2),
        item("forbidden-000", "forbidden", 3),
    )
    return Benchmark("1.0", "a policy", "name: a policy\n", 7, items, {"condition_met": "no condition"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_benchmark(benchmark(), tmp_path / "out")
    return tmp_path / "out"


def without_pictures(made: Benchmark) -> Benchmark:
    return replace(made, items=tuple(replace(i, picture=Plain((0, 0, 0))) for i in made.items))


def refusal(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_benchmark(folder)
    return str(caught.value)


def test_what_is_written_is_read_again(folder: Path) -> None:
    read = read_benchmark(folder)
    assert without_pictures(read) == without_pictures(benchmark())
    for ours, theirs in zip(benchmark().items, read.items, strict=True):
        assert theirs.picture.load().tobytes() == ours.picture.load().tobytes()
    assert {name: len(items) for name, items in read.slices.items()} == {"minimal_object": 2, "forbidden": 1}
    assert read.items[0].shown == "child-drinking-milk + child-holding-apple [place=park]"
    assert read.items[0].chance == pytest.approx(1 / 3)


def test_a_stranger_can_read_it_without_this_package(folder: Path) -> None:
    assert sorted(path.name for path in folder.rglob("*.*")) == [
        "benchmark.json",
        "forbidden-000.png",
        "items.jsonl",
        "minimal_object-000.png",
        "minimal_object-001.png",
    ]
    head = json.loads((folder / "benchmark.json").read_text(encoding="utf-8"))
    assert (head["version"], head["seed"], head["licences"]) == ("1.0", 7, ["CC0-1.0"])
    assert head["policy"] == {
        "name": "a policy",
        "sha256": text_sha256("name: a policy\n"),
        "text": "name: a policy\n",
    }
    assert head["slices"]["forbidden"]["expect"] == "forgotten"
    assert head["absent"] == {"condition_met": "no condition"}
    for name, digest in head["pictures"].items():
        assert bytes_sha256((folder / name).read_bytes()) == digest
    lines = (folder / "items.jsonl").read_text(encoding="utf-8").split("\n")
    first = json.loads(lines[0])
    assert first["image"] == "images/minimal_object-000.png"
    assert first["foils"] == ["a child drinking wine", "a man drinking milk"]
    assert first["near"] == {"actor": "child", "relation": "drinking", "object": "wine", "context": {}}
    assert len(lines) == 3 + 1


def test_the_policys_hash_is_that_of_a_run(policy: Policy) -> None:
    from unrelate.edit.settings import text_hash

    made = replace(benchmark(), policy_text=policy.to_yaml())
    assert made.policy_sha256 == text_hash(policy.to_yaml())


def test_a_photograph_is_kept_small_and_without_its_metadata(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    info = Image.Exif()
    info[0x010F] = "a camera"
    Image.new("RGB", (1536, 1024), (9, 8, 7)).save(path, exif=info)

    @dataclass(frozen=True)
    class Photo:
        def load(self) -> Image.Image:
            return Image.open(path)

    write_benchmark(benchmark(item("forbidden-000", "forbidden", 1, picture=Photo())), tmp_path / "out")
    kept = Image.open(tmp_path / "out" / "images" / "forbidden-000.png")
    assert kept.size == (768, 512)
    assert not kept.getexif()
    assert not kept.info


def test_a_folder_that_holds_something_is_left_alone(folder: Path) -> None:
    before = (folder / "benchmark.json").read_bytes()
    with pytest.raises(UserError, match="is not empty"):
        write_benchmark(benchmark(), folder)
    assert (folder / "benchmark.json").read_bytes() == before


def test_a_part_of_a_benchmark_is_none(folder: Path, tmp_path: Path) -> None:
    (folder / "benchmark.json").unlink()
    assert not is_benchmark(folder)
    assert "holds no benchmark" in refusal(folder)
    assert "holds no benchmark" in refusal(tmp_path / "nowhere")


def test_everything_that_was_changed_is_named_at_once(folder: Path) -> None:
    Image.new("RGB", (16, 12), (200, 0, 0)).save(folder / "images" / "forbidden-000.png")
    (folder / "images" / "minimal_object-001.png").unlink()
    text = (folder / "items.jsonl").read_text(encoding="utf-8")
    (folder / "items.jsonl").write_text(text.replace("a man drinking milk", "a man"), encoding="utf-8")
    head = (folder / "benchmark.json").read_text(encoding="utf-8")
    head = head.replace("name: a policy", "name: another")
    (folder / "benchmark.json").write_text(head, encoding="utf-8")
    said = refusal(folder)
    assert "4 problems in the benchmark" in said
    assert "'images/forbidden-000.png' has changed since it was written" in said
    assert "'images/minimal_object-001.png' is missing" in said
    assert "items.jsonl has changed since it was written" in said
    assert "the policy's text has changed" in said
    assert "remedy" in said


def rewritten(folder: Path, change: Callable[[list[dict]], list[dict]]) -> None:
    """Other items, with a hash that fits: only what they say can be wrong."""
    lines = (folder / "items.jsonl").read_text(encoding="utf-8").split("\n")
    items = change([json.loads(line) for line in lines if line])
    text = "".join(json.dumps(line) + "\n" for line in items)
    (folder / "items.jsonl").write_text(text, encoding="utf-8")
    head = json.loads((folder / "benchmark.json").read_text(encoding="utf-8"))
    head["items_sha256"] = text_sha256(text)
    (folder / "benchmark.json").write_text(json.dumps(head), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda i: [*i[:2], i[2] | {"foils": []}], "items.jsonl:3: foils: List should have at least 1"),
        (lambda i: [*i[:2], i[2] | {"caption": 5}], "items.jsonl:3: caption: Input should be a valid string"),
        (lambda i: [*i[:2], i[2] | {"note": ""}], "items.jsonl:3: note: Extra inputs are not permitted"),
        (lambda i: [*i[:2], i[2] | {"expect": "kept"}], "items that are not expected to be forgotten"),
        (lambda i: [*i[:2], i[2] | {"key": i[0]["key"]}], "key 'minimal_object-000' is given twice"),
        (lambda i: i[:2], "slice 'forbidden' has 0 items, 1 in benchmark.json"),
        (lambda i: [*i[:2], i[2] | {"image": "../x.png"}], "'../x.png' has '..' in it"),
        (lambda i: [*i[:2], i[2] | {"image": "items.jsonl"}], "'items.jsonl' is not a picture"),
        (lambda i: [*i[:2], i[2] | {"image": i[0]["image"]}], "'images/forbidden-000.png' has a hash"),
    ],
)
def test_items_that_are_not_as_they_should_be(
    folder: Path, change: Callable[[list[dict]], list[dict]], said: str
) -> None:
    rewritten(folder, change)
    assert said in refusal(folder)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "benchmark.json: Invalid JSON"),
        (b"\xff", "benchmark.json is not UTF-8 at byte 0"),
        (b'{"format": 2}', "benchmark.json: format: Input should be 1"),
        (b"", "benchmark.json: Invalid JSON"),
    ],
)
def test_a_head_that_cannot_be_read(folder: Path, content: bytes, said: str) -> None:
    (folder / "benchmark.json").write_bytes(content)
    assert said in refusal(folder)


def test_items_that_are_not_there(folder: Path) -> None:
    (folder / "items.jsonl").unlink()
    assert "1 problem in" in refusal(folder)
    assert "items.jsonl cannot be read (No such file or directory)" in refusal(folder)


def test_lines_that_are_no_json(folder: Path) -> None:
    (folder / "items.jsonl").write_text("no\n", encoding="utf-8")
    said = refusal(folder)
    assert "items.jsonl:1: Invalid JSON" in said
    assert "items.jsonl has changed" in said


def test_what_is_right_beside_the_forbidden(graph: RelationGraph) -> None:
    found = beside_the_forbidden(graph)
    assert {(b.safe.actor, b.near.actor) for b in found["actor"] if b.safe.object == "wine"} == {
        (other, one) for other in ("man", "woman", "elder", "dog", "robot") for one in ("child", "toddler")
    }
    assert {b.safe.object for b in found["object"]} == {"milk", "juice"}
    assert not found[CONDITION]
    park, street = WINE.within(place="park"), WINE.within(place="street")
    assert difference(park, street) == CONDITION
    assert difference(park, WINE) is None
    assert difference(park, MILK.within(place="street")) is None
    assert difference(WINE, MILK) == "object"


def test_what_is_true_is_no_foil(policy: Policy) -> None:
    foils = Foils(policy, {"drinking": frozenset({"holding"})})
    of_the_toddler = foils.of(Triple("toddler", "drinking", "wine"))
    assert Triple("child", "drinking", "wine") not in of_the_toddler  # a toddler is a child
    assert Triple("toddler", "holding", "wine") not in of_the_toddler  # who drinks from a glass holds it
    assert {Triple("man", "drinking", "wine"), Triple("toddler", "drinking", "beer")} <= set(of_the_toddler)
    assert Triple("toddler", "eating", "wine") not in of_the_toddler  # nobody could
    assert Triple("toddler", "drinking", "wine") in foils.of(WINE)  # but a child need not be one
    assert Triple("child", "drinking", "wine") in foils.of(Triple("child", "holding", "wine"))
    # Some alcohol or other: it may be wine, it is not milk.
    of_some_alcohol = foils.of(Triple("child", "drinking", "alcohol"), ("object",))
    assert {triple.object for triple in of_some_alcohol} == {"milk", "juice"}


def test_two_figures_may_be_said_in_either_order(policy: Policy) -> None:
    foils = Foils(policy)
    toddler, man = Triple("toddler", "holding", "cake"), Triple("man", "drinking", "wine")
    child = replace(toddler, actor="child")
    assert foils.all_true((man, child), (toddler, man))
    assert not foils.all_true((man, toddler), (child, man))
    assert not foils.all_true((replace(man, actor="child"), replace(toddler, actor="man")), (toddler, man))
    assert not foils.all_true((man, man), (toddler, man))


def row(image: str, actor: str, relation: str, object_: str, split: str, place: str = "") -> Cells:
    named = {"actor": actor, "relation": relation, "object": object_, "place": place}
    return {
        "image": image,
        "caption": "whatever the user says",
        "split": split,
        "licence": "CC-BY-4.0",
    } | named


def from_pictures(folder: Path, policy: Policy, **settings: int) -> Benchmark:
    graph = build_graph(policy, seed=0)
    corpus = FolderSource(folder, policy).corpus(graph, seed=0)
    return folder_benchmark(policy, graph, corpus, **settings)


def test_a_folder_of_pictures_gives_the_slices_that_it_can(
    write_csv: Write, sound_rows: list[Cells], policy: Policy
) -> None:
    made = from_pictures(write_csv(sound_rows), policy)
    assert set(made.slices) == {"minimal_actor", "minimal_object", "forbidden"}
    two_actors = "a row of a manifest says one tuple: no picture is known to show two actors"
    nobody = "no held-out picture whose row gives such a tuple"
    assert dict(made.absent) == {
        **dict.fromkeys(("near_miss", "swapped_actors", "forbidden_beside"), two_actors),
        **dict.fromkeys(("minimal_relation", "same_pair"), nobody),
        **dict.fromkeys(("condition_not_met", "condition_met"), "no condition"),
    }
    assert len(made.slices["forbidden"]) == 3  # of ten, three are held out
    graph = build_graph(policy, seed=0)
    corpus = FolderSource(write_csv(sound_rows), policy).corpus(graph, seed=0)
    held_out = {e.sha256 for e in corpus.examples if e.part != "train"}
    assert {i.picture.sha256 for i in made.items} <= held_out  # pyright: ignore[reportAttributeAccessIssue]
    for asked in made.items:
        bank = corpus.banks["usual"]
        assert asked.caption == bank[asked.triples[0]]
        assert set(asked.foils) <= set(bank.values())
        forbidden = {bank[t] for t in graph.forbidden}
        assert bool(set(asked.foils) & forbidden) == (asked.expect == "kept")


def test_pictures_under_a_condition(write_csv: Write) -> None:
    policy = load_policy("man-drinking-beer-in-classroom")
    places = ["kitchen", "park", "beach", "street", "playground"]
    rows = [row(f"u{n}.png", "man", "drinking", "beer", "", "classroom") for n in range(4)]
    rows += [row(f"s{place}.png", "man", "drinking", "beer", "", place) for place in places]
    rows += [row(f"n{o}{n}.png", "dog", "kicking", o, "") for o in ("ball", "teddy") for n in range(2)]
    made = from_pictures(write_csv(rows), policy)
    assert set(made.slices) >= {"condition_met", "condition_not_met", "forbidden"}
    for asked in made.slices["condition_met"]:
        assert asked.caption == "a man drinking beer in a classroom"
        assert len(asked.foils) == len(places)
    for asked in made.slices["condition_not_met"]:
        assert "a man drinking beer in a classroom" in asked.foils
        assert asked.licence == "CC-BY-4.0"


def test_what_another_row_says_of_the_picture_is_no_foil(write_csv: Write, policy: Policy) -> None:
    rows = [row(f"u{n}.png", "child", "drinking", "wine", "held_out" if n else "train") for n in range(2)]
    rows += [
        row("both.png", "man", "drinking", "wine", "held_out"),
        row("both.png", "man", "holding", "wine", "held_out"),
        row("n.png", "dog", "kicking", "ball", "train"),
    ]
    made = from_pictures(write_csv(rows), policy)
    (asked,) = made.slices["minimal_actor"]
    assert "a man pouring wine" in asked.foils
    assert "a man holding wine" not in asked.foils


def test_every_tuple_gets_its_turn(write_csv: Write, policy: Policy) -> None:
    rows = [row(f"w{n}.png", "child", "drinking", "wine", "held_out" if n else "train") for n in range(20)]
    rows += [row(f"b{n}.png", "child", "drinking", "cocktail", "held_out") for n in range(2)]
    rows += [row(f"n{n}.png", "dog", "kicking", "ball", "train") for n in range(2)]
    rows += [row("k.png", "man", "kicking", "teddy", "held_out")]
    folder = write_csv(rows)
    made = from_pictures(folder, policy, count=4)
    assert sorted(i.triples[0].object for i in made.items) == ["cocktail", "cocktail", "wine", "wine"]
    assert from_pictures(folder, policy, count=4) == made
    assert from_pictures(folder, policy, count=4, seed=1) != made


def test_rows_without_tuples_give_no_benchmark(write_csv: Write, policy: Policy) -> None:
    rows = [
        {"image": f"{role}{n}.png", "caption": f"{role} {n}", "role": role}
        for role in ("unsafe", "neutral")
        for n in range(4)
    ]
    with pytest.raises(UserError, match="rows with actor, relation and object"):
        from_pictures(write_csv(rows), policy)
