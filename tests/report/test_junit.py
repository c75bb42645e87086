"""Verdicts as JUnit XML."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as xml

from unrelate.audit.record import AuditRecord, CriterionResult
from unrelate.report import write_junit


def test_every_criterion_is_a_case_and_the_control_is_one(record: AuditRecord, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "verdict.xml"
    write_junit(record, path)
    (suite,) = xml.parse(path).getroot()
    cases = list(suite)
    assert len(cases) == len(record.criteria) + 1 == int(suite.attrib["tests"])
    failed = [case for case in cases[1:] if case.find("failure") is not None]
    assert len(failed) == sum(not result.passed for result in record.criteria)
    assert int(suite.attrib["failures"]) == len(failed) + (not record.control.sufficient)


def test_a_failure_names_value_and_worst_examples_and_survives_strange_text(
    record: AuditRecord, tmp_path: Path
) -> None:
    item = next(item for item in record.items if item.part in record.preservation)
    lost = item.model_copy(
        update={"base_right": True, "edited_right": False, "caption": "a <child> & \x00\ud800 wine"}
    )
    result = CriterionResult(
        name=f"preservation.{item.part}.accuracy_lost",
        value=0.2,
        comparison="at_most",
        threshold=0.01,
        passed=False,
    )
    write_junit(record.model_copy(update={"items": [lost], "criteria": [result]}), tmp_path / "v.xml")
    failure = xml.parse(tmp_path / "v.xml").getroot().find(".//testcase[2]/failure")
    assert failure is not None
    assert "accuracy_lost = 0.2" in failure.attrib["message"]
    assert "<child> &" in str(failure.text)
    assert lost.edited_best in str(failure.text)
