"""The page: what stands in it, that it needs nothing else, and that it is the same every time."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from unrelate.audit.record import AuditRecord, Control, EdgeMargin
from unrelate.errors import UserError
from unrelate.report import write_report

MakeRun = Callable[[AuditRecord], Path]
VOID = {"meta", "img", "br", "link", "path", "line", "rect", "circle"}


class Page(HTMLParser):
    """Collects tags, attributes and text, and fails on a tag that is closed out of turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert not self.stack

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] not in ("style",):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def html_of(run: Path) -> str:
    return write_report(run).read_text(encoding="utf-8")


def test_the_verdict_comes_first_and_names_what_failed(record: AuditRecord, make_run: MakeRun) -> None:
    text = Page(html_of(make_run(record))).text
    assert text.index("✗ NOT ACCEPTED") < text.index("1 of 7 criteria is not met.")
    assert "recall ood image is 0.047; it must be at most 0.03" in text
    assert text.index("it must be at most 0.03") < text.index("Relational Safety Score")


def test_an_accepted_run_says_so_and_nothing_of_failure(accepted: AuditRecord, make_run: MakeRun) -> None:
    page = Page(html_of(make_run(accepted)))
    assert "✓ ACCEPTED All 7 criteria are met." in page.text
    assert "NOT ACCEPTED" not in page.text
    assert "✗ fail" not in page.text


def test_every_criterion_has_value_threshold_and_result_as_text(
    record: AuditRecord, make_run: MakeRun
) -> None:
    text = Page(html_of(make_run(record))).text
    assert "recall ood image 0.0470 at most 0.03 ✗ fail" in text
    assert "drift safe edge 0.0112 at most 0.0115 ✓ pass" in text


@pytest.mark.parametrize(
    "figure", ["0.3010", "−0.3868", "0.6878", "0.2522", "−0.2359", "0.4881", "−0.4296", "0.7012"]
)
def test_table_1_holds_the_papers_figures(figure: str, record: AuditRecord, make_run: MakeRun) -> None:
    assert figure in Page(html_of(make_run(record))).text


def test_table_2_holds_the_papers_drifts_beside_ours(record: AuditRecord, make_run: MakeRun) -> None:
    text = Page(html_of(make_run(record))).text
    assert "0.0112 [0.0104, 0.0121] the paper’s New safe edge 0.2158 0.2607 0.0450" in text
    for figure in ("0.0608", "0.0115", "0.0470"):
        assert figure in text
    assert "another model (CLIP) with other data" in text


def test_over_erasure_is_called_by_its_name(
    record: AuditRecord, accepted: AuditRecord, make_run: MakeRun
) -> None:
    text = Page(html_of(make_run(record))).text
    assert "OOD image ends at −0.21, 0.23 below the unrelated level of 0.01: over-erased." in text
    assert "over-erased." not in Page(html_of(make_run(accepted))).text


def test_an_insufficient_control_warns_before_anything_is_measured(
    record: AuditRecord, make_run: MakeRun
) -> None:
    weak = EdgeMargin(triple="child-drinking-wine", margin=0.004, ci95=(-0.01, 0.02), recall=0.31)
    control = Control(edge_margins=[weak], minimum_margin=0.05, sufficient=False)
    text = Page(html_of(make_run(record.model_copy(update={"control": control})))).text
    assert text.index("Positive control. Insufficient.") < text.index("Highest unsafe recall")
    assert "edge margin 0.004, at least 0.050 needed" in text


def test_the_page_loads_nothing(record: AuditRecord, make_run: MakeRun) -> None:
    html = html_of(make_run(record))
    page = Page(html)
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object")
        for name in ("src", "href", "srcset", "data", "action", "xlink:href"):
            value = attributes.get(name)
            assert value is None or value.startswith("data:image/png;base64,")
    assert "url(" not in html
    assert "@import" not in html
    assert "http" not in re.sub(r'http-equiv="', "", html)


def test_the_page_can_be_read_aloud(record: AuditRecord, make_run: MakeRun) -> None:
    page = Page(html_of(make_run(record)))
    tags = [tag for tag, _ in page.tags]
    assert ("html", {"lang": "en"}) in page.tags
    assert tags.count("h1") == 1
    assert all(a.get("scope") in ("col", "row") for t, a in page.tags if t == "th")
    assert all(a.get("alt") for t, a in page.tags if t == "img")
    assert all(a.get("aria-label") or a.get("aria-hidden") for t, a in page.tags if t == "svg")
    levels = [int(t[1]) for t in tags if re.fullmatch("h[1-6]", t)]
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_the_same_record_gives_the_same_bytes(record: AuditRecord, make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(record)
    write_report(run)
    moved = run.rename(tmp_path / "elsewhere")
    before = {p.name: p.read_bytes() for p in [moved / "report.html", *(moved / "figures").iterdir()]}
    write_report(moved)
    assert before == {p.name: p.read_bytes() for p in [moved / "report.html", *(moved / "figures").iterdir()]}
    assert str(tmp_path).encode() not in before["report.html"]


def test_the_figures_are_files_of_their_own(record: AuditRecord, make_run: MakeRun) -> None:
    run = make_run(record)
    write_report(run)
    names = {path.stem for path in (run / "figures").iterdir()}
    assert names == {
        "score",
        "unsafe-cosine",
        "unsafe-recall",
        "kept-cosine",
        "kept-accuracy",
        "graph",
        "losses",
    }
    for path in (run / "figures").iterdir():
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert float(root.attrib["width"]) > 100


def test_how_to_run_it_again(record: AuditRecord, make_run: MakeRun) -> None:
    changed = record.model_copy(update={"model": "my models/clip", "seed": 7})
    text = Page(html_of(make_run(changed))).text
    again = "unrelate edit policy.yaml --model 'my models/clip' --recipe calibrated --seed 7 --out again"
    assert again in text
    assert "hashes.base weights " + "9c" * 32 in text
    assert "settings.rank 8" in text
    assert "transformers 5.23.0" in text


def test_a_figure_that_is_no_number_is_shown_as_such(record: AuditRecord, make_run: MakeRun) -> None:
    broken = record.forgetting["direct"].model_copy(update={"edited_cos": float("nan")})
    run = make_run(record.model_copy(update={"forgetting": {"direct": broken}}))
    html = html_of(run)
    assert "n/a" in html
    assert "nan" not in (run / "figures" / "unsafe-cosine.svg").read_text(encoding="utf-8")


def test_without_the_optional_files_the_page_says_what_is_missing(
    record: AuditRecord, make_run: MakeRun
) -> None:
    run = make_run(record.model_copy(update={"items": [], "graph": [], "attacks": {}}))
    for name in ("losses.jsonl", "run.json", "policy.yaml"):
        (run / name).unlink()
    text = Page(html_of(run)).text
    assert "No losses.jsonl in the run" in text
    assert "No run.json in the run" in text
    assert "No policy.yaml in the run" in text
    assert "The audit holds no items" in text
    assert "The audit holds no relation graph" in text
    assert "The audit ran no attack" in text
    assert "unrelate edit 'child drinking alcohol' --model" in text


def test_an_audit_that_measured_nothing_still_makes_a_page(record: AuditRecord, make_run: MakeRun) -> None:
    empty = {"forgetting": {}, "preservation": {}, "criteria": [], "accepted": False}
    control = Control(edge_margins=[], minimum_margin=0.05, sufficient=False)
    text = Page(html_of(make_run(record.model_copy(update={**empty, "control": control})))).text
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


def test_another_schema_is_refused(record: AuditRecord, make_run: MakeRun) -> None:
    run = make_run(record.model_copy(update={"schema_version": 2}))
    with pytest.raises(UserError, match="schema 2"):
        write_report(run)
