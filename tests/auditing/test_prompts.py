"""What a text model wrote, kept: asked once, by one author, in a file that can be read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from unrelate.attacks.table import ATTACKS, scored
from unrelate.attacks.weights.sequential import Sequential
from unrelate.audit.verify import PROMPTS, file_hashes
from unrelate.auditing.plan import Asked, Plan, checked_requests, chosen_attacks
from unrelate.auditing.prompts import Author, Transcript
from unrelate.errors import UserError

AUTHOR = Author("some/model", "0f" * 32)


@dataclass
class Moody:
    """Never says the same twice; fails from the third request on."""

    asked: list[str] = field(default_factory=list)
    name: str = "moody"

    def __call__(self, request: str, seed: int) -> str:
        self.asked.append(request)
        if len(self.asked) > 2:
            raise UserError("no answer")
        return f"reply {len(self.asked)}"


def test_a_reply_is_asked_for_once_and_outlives_a_failure(tmp_path: Path) -> None:
    writer, path = Moody(), tmp_path / "audit" / "prompts.jsonl"
    transcript = Transcript(path, AUTHOR, writer)
    assert [transcript(request, 0) for request in ("a", "b", "a")] == ["reply 1", "reply 2", "reply 1"]
    with pytest.raises(UserError, match="no answer"):
        transcript("a", 1)
    assert writer.asked == ["a", "b", "a"]
    again = Transcript(path, AUTHOR)
    assert [again(request, 0) for request in ("a", "b")] == ["reply 1", "reply 2"]
    with pytest.raises(UserError, match="without a reply that some/model gave"):
        again("a", 1)


def test_the_replies_of_another_are_kept_and_not_used(tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    Transcript(path, AUTHOR, Moody())("a", 0)
    other = replace(AUTHOR, weights="1e" * 32)
    with pytest.raises(UserError, match="without a reply"):
        Transcript(path, other)("a", 0)
    Transcript(path, other, Moody())("b", 0)
    assert Transcript(path, AUTHOR)("a", 0) == "reply 1"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["author"]["hash"], line["request"]) for line in lines] == [
        (AUTHOR.weights, "a"),
        (other.weights, "b"),
    ]


@pytest.mark.parametrize("text", ["nonsense\n", "[1]\n", '{"author": {}}\n'])
def test_a_broken_transcript_is_said_to_be_one(text: str, tmp_path: Path) -> None:
    (tmp_path / "prompts.jsonl").write_text(text)
    with pytest.raises(UserError, match="line 1: no reply"):
        Transcript(tmp_path / "prompts.jsonl", AUTHOR, Moody())("a", 0)


def test_a_record_names_neither_folders_nor_addresses(tmp_path: Path) -> None:
    folder = tmp_path / "my-writer"
    folder.mkdir()
    assert Author(str(folder), "00").shown == "my-writer"
    assert Author("https://inside.example/v1#big/model").shown == "big/model (a chat service)"
    assert Author("some/model").shown == "some/model"
    one, other = (Author(f"https://{host}.example/v1#m").hash for host in ("a", "b"))
    assert one != other


def test_a_text_model_adds_its_attack_to_those_that_are_chosen() -> None:
    assert chosen_attacks(None, quick=False, generator=True) == (*ATTACKS, "generator")
    assert chosen_attacks(None, quick=True, generator=True)[-1] == "generator"
    assert chosen_attacks(["case"], quick=False, generator=True) == ("case", "generator")
    assert chosen_attacks(["generator"], quick=False, generator=True) == ("generator",)
    with pytest.raises(UserError, match="without a text model") as raised:
        chosen_attacks(["generator"], quick=False)
    assert "--generator" in raised.value.remedy


def test_the_plan_knows_who_writes(tmp_path: Path) -> None:
    """Rows of one author are no other's; the jobs are those of any attack: edited, base and null."""
    models = (Asked("edited", "m"), Asked("base", "m"), Asked("null", "n"))
    plain = Plan(str(tmp_path), "p", "microworld", 0, models, ("case",), (), True, "cpu", "f")
    plan = replace(plain, attacks=("case", "generator"), author=AUTHOR)
    assert len({plain.key(), plan.key(), replace(plan, author=Author("other")).key()}) == 3
    assert "generator" not in plain.suite
    attack = plan.suite["generator"]
    assert (attack.family, attack.threat) == ("generated", "black box")
    assert "24 statements by some/model a tuple" in attack.budget.words
    jobs = [job for job in plan.jobs() if job.attack == "generator"]
    assert [job.subject for job in jobs] == ["edited", "base", "null"]
    assert all(job.cost > 1 for job in jobs)


def test_further_requests_are_of_the_plan_and_within_bounds(tmp_path: Path) -> None:
    models = (Asked("edited", "m"), Asked("base", "m"))
    plan = Plan(str(tmp_path), "p", "microworld", 0, models, ("case", "sequential"), (), False, "cpu", "f")
    more = replace(plan, requests=3)
    assert plan.suite["sequential"] == ATTACKS["sequential"]
    assert more.suite["sequential"] == Sequential(requests=3)
    assert plan.key() != more.key()
    costs = {job.subject: job.cost for job in plan.jobs() if job.attack == "sequential"}
    assert all(job.attack == "sequential" for job in plan.jobs()[: len(costs)])  # what takes longest first
    assert {job.cost for job in more.jobs() if job.attack == "sequential"} == {3 * costs["base"]}
    assert [checked_requests(n, more.attacks) for n in (1, 5)] == [1, 5]
    assert checked_requests(1, ("case",)) == 1
    for wrong in (0, 6):
        with pytest.raises(UserError, match=f"requests = {wrong}"):
            checked_requests(wrong, more.attacks)
    with pytest.raises(UserError, match="without the attack 'sequential'"):
        checked_requests(2, chosen_attacks(None, quick=True))


def test_of_further_requests_the_score_counts_the_first() -> None:
    assert [scored("sequential", at, (1, 2, 3)) for at in (1, 2, 3)] == [True, False, False]


def test_a_record_rests_on_the_transcript_only_if_it_used_it(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    (tmp_path / PROMPTS).write_text("{}")
    assert PROMPTS not in file_hashes(tmp_path)
    assert PROMPTS in file_hashes(tmp_path, prompts=True)
