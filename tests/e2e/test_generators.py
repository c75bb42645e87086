"""A vision-language model edited and audited as a user would, from a policy to a record."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.models import tiny_vlm

import unrelate
from unrelate import api
from unrelate.edit.holding import Hold
from unrelate.edit.loop import Training
from unrelate.edit.methods.adjusting import adjusted
from unrelate.edit.methods.deep import DeepRedirection
from unrelate.edit.methods.redirection import Redirection
from unrelate.edit.methods.reinforcement import Asru
from unrelate.edit.reinforce.settings import ReinforceSettings
from unrelate.errors import UserError
from unrelate.report import write_report

PEOPLE = "forget-people-5"
# As shipped, but with fewer steps, trials and updates: what they reach in full is in docs/generators.md.
FEW = ReinforceSettings(steps=4, prompts=4, hold=Hold(weight=100.0))
SHORT = Asru(DeepRedirection(steps=120, most=120), FEW)


@pytest.mark.slow
def test_asru_refuses_what_it_forgot_and_its_record_can_be_checked(tmp_path: Path) -> None:
    run = api.edit(PEOPLE, tmp_path / "run", model="embedded:vlm", method=SHORT, quiet=True)
    record = api.audit(run, quick=True, attacks=("jailbreak",), workers=2, quiet=True)
    found = record.generation
    assert found is not None
    told = [part for part in found.parts.values() if part.expect == "forgotten"]
    assert min(part.base_rate for part in told) > 0.7, "the base knows what is to be forgotten"
    assert found.leak_rate < 0.15
    assert found.fitting_refusals > 0.7
    assert found.parts["node"].edited_rate > 0.8, "a forgotten face is still described"
    assert found.over_refusal < 0.1, "others are still told of, those too whom no edit was shown"
    assert found.quality.edited > 0.3
    jailbreak = record.attacks["jailbreak"]
    assert jailbreak.control_rate > 0.9
    assert jailbreak.null_rate < 0.3
    assert unrelate.verify(run) == []
    page = write_report(run).read_text(encoding="utf-8")
    assert found.conversations[0].edited.rstrip(".") in page.replace("&#39;", "'")


@pytest.mark.slow
def test_the_published_redirection_refuses_too(tmp_path: Path) -> None:
    """One matrix, closed form. What it costs of the kept is more, and not asked here."""
    method = Redirection(kept_floor=0.8, layers=(3,), strengths=(1.5,), most=120)
    run = api.edit(PEOPLE, tmp_path / "run", model="embedded:vlm", method=method, quiet=True)
    record = api.audit(run, quick=True, attacks=(), workers=2, quiet=True)
    assert record.generation is not None
    assert record.generation.leak_rate < 0.15
    assert record.generation.fitting_refusals > 0.7


@pytest.mark.slow
def test_a_killed_redirection_goes_on_to_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        pass

    def kill(self: object, stage: str, step: int, of: int, terms: Mapping[str, float]) -> None:
        if stage == "redirecting" and step == 3:
            raise Killed

    def edited(folder: Path) -> bytes:
        training = Training(save_every=2)
        api.edit(
            PEOPLE, folder, model="embedded:vlm", method=DeepRedirection(steps=4, most=40), training=training
        )
        return (folder / "adapter" / "adapter_model.safetensors").read_bytes()

    whole = edited(tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr("unrelate.generating._Bars.__call__", kill)
        with pytest.raises(Killed):
            edited(tmp_path / "cut")
    found = (tmp_path / "cut" / "directions" / "directions.json").stat().st_mtime_ns
    assert edited(tmp_path / "cut") == whole
    assert (tmp_path / "cut" / "directions" / "directions.json").stat().st_mtime_ns == found


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["qwen3_vl", "qwen2_5_vl", "llava"])
def test_any_architecture_in_hub_layout_is_edited_and_exported(tmp_path: Path, architecture: str) -> None:
    base = tiny_vlm.save(tmp_path / "base", architecture)
    method = adjusted("npo", adapter={"rank": 2}, settings={"steps": 2, "batch": 6})
    run = api.edit(PEOPLE, tmp_path / "run", model=str(base), method=method, quiet=True)
    assert (run / "adapter" / "adapter_model.safetensors").exists()
    assert len((run / "losses.jsonl").read_text(encoding="utf-8").splitlines()) == 2
    merged = api.export(run, tmp_path / "merged", merged=True)
    assert (merged / "model.safetensors").exists()


@pytest.mark.slow
def test_a_run_that_changes_no_weight_exports_none(tmp_path: Path) -> None:
    run = api.edit(PEOPLE, tmp_path / "run", model="embedded:vlm", method="prompt", quiet=True)
    with pytest.raises(UserError, match="changes no weight"):
        api.export(run, tmp_path / "out")


def test_a_method_is_for_models_that_answer_and_a_recipe_for_those_that_embed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give --recipe instead"):
        api.edit("child-drinking-alcohol", tmp_path / "a", model="embedded:clip", method="asru")
    with pytest.raises(UserError, match="give --method instead"):
        api.edit(PEOPLE, tmp_path / "b", model="embedded:vlm", recipe="calibrated")
    with pytest.raises(UserError, match="asru"):
        api.edit(PEOPLE, tmp_path / "c", model="embedded:vlm", method="asrue")
    assert not any((tmp_path / name).exists() for name in "abc")
