"""`unrelate collect`, whole: kills, caps, refusals, and that `edit` reads what it leaves."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from unrelate.assembly import gather
from unrelate.collect.drawing import draw_missing
from unrelate.collect.finding import NEVER, NO_PICTURE, OPEN, Taker
from unrelate.collect.intake import Intake
from unrelate.collect.needs import counted, needs
from unrelate.collect.sources.microworld import MicroworldDrawer
from unrelate.collect.store import SEEN, Store
from unrelate.collect.types import Need, Record, SourceFailed
from unrelate.collect.wording import Scenes
from unrelate.collecting import collect
from unrelate.errors import UserError
from unrelate.graph import RelationGraph, Role, Split, build_graph
from unrelate.policy import Policy, load_policy
from unrelate.policy.triple import Triple


class Killed(BaseException):
    """As from a signal: nothing catches it."""


@dataclass
class PaidDrawer:
    """The microworld, for money; killed at the ``dies``-th call, before or after the picture is made."""

    dies: int = 10**9
    before: bool = False
    fails: frozenset[int] = frozenset()
    charges: bool = False
    name: str = "paid"
    model: str = "painter"
    licence: str = ""
    paid: bool = True
    asked: list[tuple[str, int]] = field(default_factory=list)

    def draw(
        self, triple: Triple, prompt: str, *, seed: int, spend: Callable[[], None] = lambda: None
    ) -> bytes:
        if self.before and len(self.asked) == self.dies:
            raise Killed
        spend()
        self.asked.append((prompt, seed))
        if len(self.asked) - 1 in self.fails:
            raise SourceFailed("was refused", paid=self.charges)
        data = MicroworldDrawer().draw(triple, prompt, seed=seed)
        if len(self.asked) - 1 == self.dies:
            raise Killed
        return data


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy("child-drinking-alcohol")


@pytest.fixture(scope="module")
def graph(policy: Policy) -> RelationGraph:
    return build_graph(policy)


@pytest.fixture(scope="module")
def wanted(graph: RelationGraph) -> tuple[Need, ...]:
    return needs(graph, 4)


def drawn(
    folder: Path, policy: Policy, graph: RelationGraph, wanted: tuple[Need, ...], source: PaidDrawer, cap: int
) -> Intake:
    store = Store(folder, policy)
    try:
        intake = Intake(store, wanted)
        draw_missing(intake, source, Scenes(policy.vocabulary, graph), cap=cap)
        return intake
    finally:
        store.close()


def rows(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("dies", [0, 1, 7, 20])
def test_a_kill_pays_for_nothing_twice_and_loses_nothing(
    tmp_path: Path,
    policy: Policy,
    graph: RelationGraph,
    wanted: tuple[Need, ...],
    dies: int,
    before: bool,
) -> None:
    first = PaidDrawer(dies=dies, before=before)
    with pytest.raises(Killed):
        drawn(tmp_path, policy, graph, wanted, first, 1000)
    again = PaidDrawer()
    done = drawn(tmp_path, policy, graph, wanted, again, 1000)
    assert done.full
    assert not set(first.asked) & set(again.asked)
    assert max(Counter(first.asked + again.asked).values()) == 1
    listed = rows(tmp_path)
    assert len({row["pair"] for row in listed}) == len(listed) == sum(need.wanted for need in wanted)
    assert all((tmp_path / row["image"]).is_file() for row in listed)
    # Every answered call is in the folder: what was paid for in the first run is a pair in the second.
    assert len(again.asked) == len(listed) - (len(first.asked) if before else len(first.asked) - 1)


def test_a_line_that_a_kill_cut_short_is_cut_off(
    tmp_path: Path, policy: Policy, graph: RelationGraph, wanted: tuple[Need, ...]
) -> None:
    drawn(tmp_path, policy, graph, wanted, PaidDrawer(), 1000)
    whole = (tmp_path / "manifest.jsonl").read_bytes()
    (tmp_path / "manifest.jsonl").write_bytes(whole[:-30])
    with (tmp_path / SEEN).open("ab") as file:
        file.write(b'{"key": "half')
    again = PaidDrawer()
    assert drawn(tmp_path, policy, graph, wanted, again, 1000).full
    assert again.asked == []
    assert len(rows(tmp_path)) == len(whole.splitlines())


def test_the_cap_holds_over_all_runs(
    tmp_path: Path, policy: Policy, graph: RelationGraph, wanted: tuple[Need, ...]
) -> None:
    asked = []
    for cap in (5, 5, 8, 8):
        source = PaidDrawer(fails=frozenset({1}))
        outcome = drawn(tmp_path, policy, graph, wanted, source, cap).outcome
        asked += source.asked
        assert outcome.capped
        assert outcome.calls == cap == len(asked)


def test_a_refused_picture_is_replaced_by_another_scene(
    tmp_path: Path, policy: Policy, graph: RelationGraph, wanted: tuple[Need, ...]
) -> None:
    source = PaidDrawer(fails=frozenset({0, 3}))
    done = drawn(tmp_path, policy, graph, wanted, source, 1000)
    assert done.full
    assert done.outcome.left_out == {"was refused": 2}
    assert len(source.asked) == len(rows(tmp_path)) + 2


@pytest.mark.parametrize(("charges", "again"), [(True, 0), (False, 1)])
def test_what_failed_is_asked_for_again_only_if_it_cost_nothing(
    tmp_path: Path,
    policy: Policy,
    graph: RelationGraph,
    wanted: tuple[Need, ...],
    charges: bool,
    again: int,
) -> None:
    first = PaidDrawer(fails=frozenset({0}), charges=charges, dies=3)
    with pytest.raises(Killed):
        drawn(tmp_path, policy, graph, wanted, first, 1000)
    second = PaidDrawer()
    drawn(tmp_path, policy, graph, wanted, second, 1000)
    assert second.asked.count(first.asked[0]) == again


def test_retries_count_against_the_cap(
    tmp_path: Path, policy: Policy, graph: RelationGraph, wanted: tuple[Need, ...]
) -> None:
    class Insisting(PaidDrawer):
        def draw(
            self, triple: Triple, prompt: str, *, seed: int, spend: Callable[[], None] = lambda: None
        ) -> bytes:
            spend()  # an attempt that failed
            return super().draw(triple, prompt, seed=seed, spend=spend)

    source = Insisting()
    outcome = drawn(tmp_path, policy, graph, wanted, source, 5).outcome
    assert outcome.capped
    assert (outcome.calls, len(source.asked)) == (5, 2)


def test_a_paid_source_needs_a_cap(tmp_path: Path, policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unrelate.collecting.open_source", lambda *_, **__: PaidDrawer())
    with pytest.raises(UserError, match="no cap is given"):
        collect(policy, tmp_path / "out", ["openai:x#y"], pairs=4, check_with="", quiet=True)
    planned = collect(
        policy,
        tmp_path / "out",
        ["openai:x#y"],
        pairs=4,
        price=0.04,
        check_with="",
        quiet=True,
        plan_only=True,
    )
    missing = planned.plan["missing"]
    assert planned.plan["cost"] == {
        "calls": missing,
        "seconds": missing * 10.0,
        "timed": False,
        "money": pytest.approx(missing * 0.04),
    }


def test_what_is_collected_is_what_edit_reads(tmp_path: Path, policy: Policy) -> None:
    done = collect(policy, tmp_path, ["microworld"], pairs=8, check_with="", quiet=True)
    assert not any(need.missing for need in done.needs)
    _, corpus = gather(policy, str(tmp_path), 0)
    parts = Counter((e.part, e.role) for e in corpus.examples if e.part == "train")
    assert parts == {("train", role): 8 for role in (Role.UNSAFE, Role.SAFE_EDGE, Role.NODE, Role.NEUTRAL)}
    assert {"direct", "safe_edge", "node", "safe_node", "neutral"} <= {e.part for e in corpus.examples}


def test_generated_pairs_wait_for_review(
    tmp_path: Path, policy: Policy, graph: RelationGraph, wanted: tuple[Need, ...]
) -> None:
    drawn(tmp_path, policy, graph, wanted, PaidDrawer(), 1000)
    with pytest.raises(UserError, match="have not been reviewed"):
        gather(policy, str(tmp_path), 0)
    gather(policy, str(tmp_path), 0, unreviewed=True)


def never(policy: Policy) -> Policy:
    entry = policy.forget[0].model_copy(update={"pictures": "never"})
    return policy.model_copy(update={"forget": (entry,)})


def test_what_is_never_pictured_is_not_drawn(tmp_path: Path, policy: Policy) -> None:
    done = collect(never(policy), tmp_path, ["microworld"], pairs=8, check_with="", quiet=True)
    assert "child-drinking-wine" in done.plan["never_pictured"]
    assert {row["role"] for row in rows(tmp_path)} == {"safe_edge", "node", "safe_node", "neutral"}
    assert not any(
        row.get("relation") == "drinking"
        and row.get("actor") == "child"
        and row["object"] in ("wine", "beer", "cocktail")
        for row in rows(tmp_path)
    )


@dataclass(frozen=True)
class Photos:
    """Captions, each with a picture of its own."""

    captions: tuple[str, ...]
    name: str = "photos"
    size: int = 80

    def records(self) -> Iterator[Record]:
        for number, caption in enumerate(self.captions):
            yield Record(str(number), caption, None if "unseen" in caption else lambda n=number: self.read(n))

    def read(self, number: int) -> bytes:
        blocks = random.Random(number).randbytes(3 * 8 * 8)  # no two are alike to a perceptual hash
        image = Image.frombytes("RGB", (8, 8), blocks).resize((self.size, self.size))
        encoded = BytesIO()
        image.save(encoded, "PNG")
        return encoded.getvalue()


def taken(folder: Path, policy: Policy, source: Photos) -> Intake:
    graph = build_graph(policy)
    store = Store(folder, policy)
    try:
        intake = Intake(store, needs(graph, 40))
        Taker(policy, graph, intake).take(source)
        return intake
    finally:
        store.close()


CAPTIONS = (
    "A child drinking wine in the kitchen",
    "a man is drinking milk",
    "nothing that anybody knows",
    "somebody unseen: a child drinks wine",
    "a person drinking wine",
    "a man holding a hammer",
)


def test_pairs_are_found_by_what_captions_state(tmp_path: Path, policy: Policy) -> None:
    first = taken(tmp_path, policy, Photos(CAPTIONS))
    found = {
        row["caption"]: (row["actor"], row["relation"], row["object"], row["role"]) for row in rows(tmp_path)
    }
    assert found[CAPTIONS[0]] == ("child", "drinking", "wine", "unsafe")
    assert CAPTIONS[4] not in found
    why = {row["caption"]: row["_why"] for row in rows(tmp_path)}
    assert why[CAPTIONS[0]] == "wine is alcohol; forbidden by child-drinking-alcohol"
    assert first.outcome.left_out[OPEN] == 1
    assert sum(first.outcome.left_out.values()) + len(found) <= len(CAPTIONS)
    before = len(rows(tmp_path))
    taken(tmp_path, policy, Photos(CAPTIONS))
    assert len(rows(tmp_path)) == before


@dataclass(frozen=True)
class Torn(Photos):
    """Photos whose reading is killed at one of them."""

    dies: int = 0

    def read(self, number: int) -> bytes:
        if number == self.dies:
            raise Killed
        return super().read(number)


@pytest.mark.parametrize("dies", [1, 9, 20])
def test_a_kill_while_finding_loses_nothing(tmp_path: Path, policy: Policy, dies: int) -> None:
    captions = tuple(f"a child drinking wine, photo {number}" for number in range(50))
    with pytest.raises(Killed):
        taken(tmp_path / "killed", policy, Torn(captions, dies=dies))
    taken(tmp_path / "killed", policy, Photos(captions))
    taken(tmp_path / "whole", policy, Photos(captions))
    killed, whole = (
        sorted((row["pair"], row["sha256"], row["split"]) for row in rows(tmp_path / name))
        for name in ("killed", "whole")
    )
    assert len({pair for pair, *_ in killed}) == len(killed) == len(whole)
    assert {sha for _, sha, _ in killed} == {sha for _, sha, _ in whole}


def test_what_is_never_pictured_is_not_taken_either(tmp_path: Path, policy: Policy) -> None:
    done = taken(tmp_path, never(policy), Photos(CAPTIONS))
    assert done.outcome.left_out[NEVER] >= 1
    assert all(row["role"] != "unsafe" for row in rows(tmp_path))


def test_a_caption_without_a_picture_is_said(tmp_path: Path, policy: Policy) -> None:
    done = taken(tmp_path, policy, Photos(("unseen by all, a child is drinking wine",)))
    assert done.outcome.left_out == {NO_PICTURE: 1}


def test_small_pictures_do_not_count(tmp_path: Path, policy: Policy) -> None:
    done = taken(tmp_path, policy, Photos(CAPTIONS[:1], size=32))
    assert list(done.outcome.left_out) == ["is 32 x 32; the shorter side needs 64 pixels"]


def test_one_collector_at_a_time(tmp_path: Path, policy: Policy) -> None:
    store = Store(tmp_path, policy)
    try:
        with pytest.raises(UserError, match="another `unrelate collect`"):
            Store(tmp_path, policy)
    finally:
        store.close()


def test_a_folder_of_another_policy_is_refused(tmp_path: Path, policy: Policy) -> None:
    Store(tmp_path / "a", policy).close()
    with pytest.raises(UserError, match="another policy"):
        Store(tmp_path / "a", load_policy("kid-eating-hamburger"))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="was not made by"):
        Store(tmp_path / "b", policy)


def test_needs_put_audit_and_training_apart(graph: RelationGraph) -> None:
    wanted = needs(graph, 10)
    for role in (Role.SAFE_EDGE, Role.NEUTRAL):
        split = {s: {n.triple for n in wanted if (n.role, n.split) == (role, s)} for s in Split}
        assert split[Split.TRAIN]
        assert split[Split.HELD_OUT]
        assert not split[Split.TRAIN] & split[Split.HELD_OUT]
    held = sum(n.wanted for n in wanted if (n.role, n.split) == (Role.UNSAFE, Split.HELD_OUT))
    assert held == 4
    assert all(n.missing == 0 for n in counted(wanted, {(n.triple, n.split): n.wanted for n in wanted}))
