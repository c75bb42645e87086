"""The page: what stands in it, that it needs nothing else, and that it is the same every time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from unrelate.audit.record import AuditRecord, Control, EdgeMargin
from unrelate.edit.recipes import adjusted
from unrelate.errors import UserError
from unrelate.report import write_report

MakeRun = Callable[[AuditRecord], Path]
PageOf = Callable[..., Any]
PAGES = ("report.html", "robustness.html")


def test_the_verdict_comes_first_and_names_what_failed(record: AuditRecord, page_of: PageOf) -> None:
    text = page_of(record).text
    assert text.index("✗ NOT ACCEPTED") < text.index("1 of 7 criteria is not met.")
    assert "recall ood image is 0.047; it must be at most 0.03" in text
    assert text.index("it must be at most 0.03") < text.index("Relational Safety Score")


def test_an_accepted_run_says_so_and_nothing_of_failure(accepted: AuditRecord, page_of: PageOf) -> None:
    page = page_of(accepted)
    assert "✓ ACCEPTED All 7 criteria are met." in page.text
    assert "NOT ACCEPTED" not in page.text
    assert "✗ fail" not in page.text


def test_every_criterion_has_value_threshold_and_result_as_text(record: AuditRecord, page_of: PageOf) -> None:
    text = page_of(record).text
    assert "recall ood image 0.0470 at most 0.03 ✗ fail" in text
    assert "drift safe edge 0.0112 at most 0.0115 ✓ pass" in text


def test_a_narrow_screen_may_break_a_criterions_name_after_each_dot(
    record: AuditRecord, page_of: PageOf, make_run: MakeRun
) -> None:
    long = record.criteria[0].model_copy(update={"name": "forgetting.paraphrase.edited_recall"})
    page = write_report(make_run(record.model_copy(update={"criteria": [long]}))).read_text()
    assert '<th scope="row">forgetting.<wbr>paraphrase.<wbr>edited recall</th>' in page


@pytest.mark.parametrize(
    "figure", ["0.3010", "−0.3868", "0.6878", "0.2522", "−0.2359", "0.4881", "−0.4296", "0.7012"]
)
def test_table_1_holds_the_papers_figures(figure: str, record: AuditRecord, page_of: PageOf) -> None:
    assert figure in page_of(record).text


def test_table_2_holds_the_papers_drifts_beside_ours(record: AuditRecord, page_of: PageOf) -> None:
    text = page_of(record).text
    assert "0.0112 [0.0104, 0.0121] the paper’s New safe edge 0.2158 0.2607 0.0450" in text
    for figure in ("0.0608", "0.0115", "0.0470"):
        assert figure in text
    assert "another model (CLIP) with other data" in text


def test_over_erasure_is_called_by_its_name(
    record: AuditRecord, accepted: AuditRecord, page_of: PageOf
) -> None:
    text = page_of(record).text
    assert "OOD image ends at −0.21, 0.23 below the unrelated level of 0.01: over-erased." in text
    assert "over-erased." not in page_of(accepted).text


def test_an_insufficient_control_warns_before_anything_is_measured(
    record: AuditRecord, page_of: PageOf
) -> None:
    weak = EdgeMargin(triple="child-drinking-wine", margin=0.004, ci95=(-0.01, 0.02), recall=0.31)
    control = Control(edge_margins=[weak], minimum_margin=0.05, sufficient=False)
    text = page_of(record.model_copy(update={"control": control})).text
    assert text.index("Positive control. Insufficient.") < text.index("Highest unsafe recall")
    assert "edge margin 0.004, at least 0.050 needed" in text


@pytest.mark.parametrize("name", PAGES)
def test_the_page_loads_nothing(name: str, record: AuditRecord, page_of: PageOf) -> None:
    page = page_of(record, name)
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object")
        for attribute in ("src", "srcset", "data", "action", "xlink:href"):
            value = attributes.get(attribute)
            assert value is None or value.startswith("data:image/png;base64,")
        assert attributes.get("href") in (None, *PAGES)
    assert "url(" not in page.html
    assert "@import" not in page.html
    assert "http" not in re.sub(r'http-equiv="', "", page.html)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_can_be_read_aloud(name: str, record: AuditRecord, page_of: PageOf) -> None:
    page = page_of(record, name)
    tags = [tag for tag, _ in page.tags]
    assert ("html", {"lang": "en"}) in page.tags
    assert tags.count("h1") == 1
    assert all(a.get("scope") in ("col", "row", "colgroup", "rowgroup") for t, a in page.tags if t == "th")
    assert all(a.get("alt") for t, a in page.tags if t == "img")
    assert all(a.get("aria-label") or a.get("aria-hidden") for t, a in page.tags if t == "svg")
    levels = [int(t[1]) for t in tags if re.fullmatch("h[1-6]", t)]
    assert all(b - a <= 1 for a, b in pairwise(levels))
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_the_pages_lead_to_each_other(record: AuditRecord, page_of: PageOf) -> None:
    for name, other in (PAGES, reversed(PAGES)):
        assert ("a", {"href": other}) in page_of(record, name).tags


def test_the_same_record_gives_the_same_bytes(record: AuditRecord, make_run: MakeRun, tmp_path: Path) -> None:
    def written(run: Path) -> dict[str, bytes]:
        names = [run / name for name in (*PAGES, "MODEL_CARD.md")]
        return {path.name: path.read_bytes() for path in [*names, *(run / "figures").iterdir()]}

    run = make_run(record)
    assert write_report(run) == run / "report.html"
    moved = run.rename(tmp_path / "elsewhere")
    before = written(moved)
    write_report(moved)
    assert before == written(moved)
    assert all(str(tmp_path).encode() not in text for text in before.values())


def test_the_figures_are_files_of_their_own(record: AuditRecord, make_run: MakeRun) -> None:
    run = make_run(record)
    write_report(run)
    names = {path.stem for path in (run / "figures").iterdir()}
    assert names == {
        *("score", "unsafe-cosine", "unsafe-recall", "kept-cosine", "kept-accuracy", "graph", "losses"),
        *("attacks-text", "attacks-image", "attacks-weights", "relearning", "benchmark-kept", "utility"),
    }
    for path in (run / "figures").iterdir():
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert float(root.attrib["width"]) > 100


def test_the_report_sums_up_the_attacks(record: AuditRecord, page_of: PageOf) -> None:
    text = page_of(record).text
    assert "0.968 95 % interval [0.954, 0.975] Highest" in text
    assert "6 attacks of 3 families, the points of curves counted; 3 of them count" in text
    assert "Text reworded 94.0 % 2.1 % [1.0, 3.6] 1.0 %" in text
    assert "Weights relearn 200 96.0 %" in text  # 1000 examples bring back more, but are not scored
    assert "quick audit" not in text


def test_a_quick_audit_is_called_one(record: AuditRecord, page_of: PageOf) -> None:
    for name in PAGES:
        text = page_of(record.model_copy(update={"quick": True}), name).text
        assert "This was a quick audit: fewer pictures" in text
    assert "unrelate audit again --quick" in page_of(record.model_copy(update={"quick": True})).text


def test_how_to_run_it_again(record: AuditRecord, page_of: PageOf) -> None:
    changed = record.model_copy(update={"model": "my models/clip", "seed": 7})
    text = page_of(changed).text
    again = "unrelate edit policy.yaml --model 'my models/clip' --recipe calibrated --seed 7 --out again"
    assert again in text
    points = {
        f"sequential_{n}": record.attacks["relearn_200"].model_copy(update={"group": "sequential", "at": n})
        for n in (1, 2, 3)
    }
    wide = record.model_copy(update={"attacks": points, "generator": "https://host/v1#m"})
    assert "unrelate audit again --requests 3 --generator 'https://host/v1#m'" in page_of(wide).text
    assert "hashes.base weights " + "9c" * 32 in text
    assert "settings.rank 8" in text
    assert "transformers 5.23.0" in text


def test_what_was_changed_in_a_recipe_is_changed_again(
    record: AuditRecord, make_run: MakeRun, parse: Callable[[str], Any]
) -> None:
    settings = {"strength": 0.9, "between": 64, "steps": 300}
    recipe = adjusted("hardened", adapter={"method": "dora"}, settings=settings)
    run = make_run(record.model_copy(update={"recipe": recipe.name}))
    held = {"settings": {"recipe": asdict(recipe)}}
    (run / "run.json").write_text(json.dumps(held), encoding="utf-8")
    text = parse(write_report(run).read_text(encoding="utf-8")).text
    assert "--recipe hardened" in text
    assert "--steps 300 --adapter dora --between 64 --strength 0.9 --out again" in text


def test_a_figure_that_is_no_number_is_shown_as_such(record: AuditRecord, make_run: MakeRun) -> None:
    broken = record.forgetting["direct"].model_copy(update={"edited_cos": float("nan")})
    run = make_run(record.model_copy(update={"forgetting": {"direct": broken}}))
    write_report(run)
    assert "n/a" in (run / "report.html").read_text(encoding="utf-8")
    assert "nan" not in (run / "figures" / "unsafe-cosine.svg").read_text(encoding="utf-8")


def test_without_the_optional_files_the_page_says_what_is_missing(
    record: AuditRecord, make_run: MakeRun, parse: Callable[[str], Any]
) -> None:
    run = make_run(record.model_copy(update={"items": [], "graph": [], "attacks": {}}))
    for name in ("losses.jsonl", "run.json", "policy.yaml"):
        (run / name).unlink()
    text = parse(write_report(run).read_text(encoding="utf-8")).text
    assert "No losses.jsonl in the run" in text
    assert "No run.json in the run" in text
    assert "No policy.yaml in the run" in text
    assert "The audit holds no items" in text
    assert "The audit holds no relation graph" in text
    assert "The audit ran no attack" in text
    assert "unrelate edit 'child drinking alcohol' --model" in text


def test_an_audit_that_measured_nothing_still_makes_a_page(record: AuditRecord, page_of: PageOf) -> None:
    empty = {"forgetting": {}, "preservation": {}, "criteria": [], "accepted": False}
    control = Control(edge_margins=[], minimum_margin=0.05, sufficient=False)
    text = page_of(record.model_copy(update={**empty, "control": control})).text
    assert "The audit names no criteria" in text
    assert "Table 1 is missing" in text
    assert "Table 2 is missing" in text
    assert "No edge was measured" in text


@pytest.mark.parametrize(
    "content", [None, "", "{", "[]", "{}", '{"schema": 1, "model": "m"}', '{"schema": 1, "x": 2}']
)
def test_without_a_usable_audit_the_remedy_is_named(content: str | None, tmp_path: Path) -> None:
    run = tmp_path / "my run"
    run.mkdir()
    if content is not None:
        (run / "audit.json").write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        write_report(run)
    assert f"unrelate audit '{run}'" in caught.value.remedy
    assert not (run / "report.html").exists()


@pytest.mark.parametrize("schema", [1, 4])
def test_another_schema_is_refused(schema: int, record: AuditRecord, make_run: MakeRun) -> None:
    run = make_run(record.model_copy(update={"schema_version": schema}))
    with pytest.raises(UserError, match=f"schema {schema}") as caught:
        write_report(run)
    assert "unrelate audit" in caught.value.remedy


def test_a_record_of_the_first_schema_is_told_its_schema_and_not_a_missing_field(
    record: AuditRecord, make_run: MakeRun
) -> None:
    run = make_run(record)
    data = json.loads((run / "audit.json").read_text(encoding="utf-8"))
    del data["score"]["ci95"], data["benchmark"]
    (run / "audit.json").write_text(json.dumps({**data, "schema": 1}), encoding="utf-8")
    with pytest.raises(UserError, match="has schema 1"):
        write_report(run)
