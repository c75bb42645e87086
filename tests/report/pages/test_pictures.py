"""Pictures and words come from outside: neither may reach out of the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from unrelate.audit.record import AuditRecord, Item
from unrelate.report import write_report
from unrelate.report.outcome import Outcome
from unrelate.report.pictures import MOST_SHOWN, breach_cards, gallery

MakeRun = Callable[[AuditRecord], Path]
EVIL = "<script>alert('x')</script> \"quoted\" & more"


def test_words_are_escaped_everywhere(record: AuditRecord, make_run: MakeRun) -> None:
    items = [
        i.model_copy(update={"caption": EVIL, "base_best": EVIL, "edited_best": EVIL}) for i in record.items
    ]
    graph = [e.model_copy(update={"actor": EVIL, "relation": EVIL, "kind": EVIL}) for e in record.graph]
    criteria = [c.model_copy(update={"name": EVIL}) for c in record.criteria]
    broken = record.attacks["ood_image"].breaches[0].model_copy(update={"text": EVIL, "triple": EVIL})
    evil = {"budget": EVIL, "group": EVIL, "curve": EVIL, "breaches": [broken]}
    changes = {
        "attacks": {EVIL + name: a.model_copy(update=evil) for name, a in record.attacks.items()},
        "benchmark": {EVIL: record.benchmark["swapped_actors"]},
        "utility": {EVIL: record.utility["captions"]},
        "null_model": EVIL,
        "hashes": {EVIL: EVIL},
        "items": items,
        "graph": graph,
        "criteria": criteria,
        "policy": EVIL,
        "model": EVIL,
        "recipe": EVIL,
    }
    run = make_run(record.model_copy(update=changes))
    (run / "policy.yaml").write_text(f"name: {EVIL}\n</pre>{EVIL}", encoding="utf-8")
    (run / "run.json").write_text('{"<script>": "</dd><script>"}', encoding="utf-8")
    html = write_report(run).read_text(encoding="utf-8")
    robustness = (run / "robustness.html").read_text(encoding="utf-8")
    for page in (html, robustness):
        assert "<script" not in page
        assert "</pre><" not in page
    assert robustness.count("&lt;script&gt;") > 20
    assert (
        'alt="Test picture of: &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &#34;quoted&#34; &amp; more"'
        in html
    )
    for figure in (run / "figures").iterdir():
        assert "<script" not in figure.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["../secret.png", "sub/../../secret.png", "link.png", "sub/inner.png"])
def test_a_picture_outside_of_the_run_is_refused(name: str, record: AuditRecord, make_run: MakeRun) -> None:
    run = make_run(record)
    secret = (run / "pictures" / "direct-0.png").read_bytes()
    (run / "secret.png").write_bytes(secret)
    (run / "pictures" / "sub").mkdir()
    (run / "pictures" / "sub" / "inner.png").write_bytes(secret)
    (run / "pictures" / "link.png").symlink_to(run / "secret.png")
    items = [record.items[0].model_copy(update={"picture": name})]
    shown = gallery(items, run / "pictures").forbidden[0]
    assert shown.picture.source == ""
    assert "refused" in shown.picture.missing
    (run / "audit.json").write_text(record.model_copy(update={"items": items}).to_json(), encoding="utf-8")
    assert "data:image" not in write_report(run).read_text(encoding="utf-8")


def test_an_absolute_path_is_refused(record: AuditRecord, make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(record)
    item = record.items[0].model_copy(update={"picture": str(run / "audit.json")})
    assert gallery([item], run / "pictures").forbidden[0].picture.missing.startswith("picture refused")


def test_what_is_not_a_picture_is_left_out_with_a_reason(record: AuditRecord, make_run: MakeRun) -> None:
    pictures = make_run(record) / "pictures"
    (pictures / "text.png").write_text("not a picture", encoding="utf-8")
    (pictures / "empty.png").write_bytes(b"")
    (pictures / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2_000_001))
    names = ["text.png", "empty.png", "huge.png", "gone.png", "nul\0.png"]
    items = [record.items[0].model_copy(update={"picture": name}) for name in names]
    found = [shown.picture.missing for shown in gallery(items, pictures).forbidden]
    assert found == [
        "picture left out: not a PNG",
        "picture left out: not a PNG",
        "picture left out: over 2 MB",
        "picture not found",
        "picture not found",
    ]


def test_failures_come_first_and_are_shown_once(record: AuditRecord, make_run: MakeRun) -> None:
    found = gallery(record.items, make_run(record) / "pictures")
    assert [(s.item.key, s.outcome) for s in found.wrong] == [
        ("ood_image-5", Outcome.STILL_KNOWN),
        ("safe_edge-8", Outcome.DAMAGED),
    ]
    assert found.failures == 3  # one of them kept no picture
    assert {s.outcome for s in found.forbidden} == {Outcome.FORGOTTEN}
    assert {s.outcome for s in found.kept} == {Outcome.KEPT}
    assert found.wrong[0].picture.pixelated


def test_a_breachs_picture_outside_of_the_run_is_refused(record: AuditRecord, make_run: MakeRun) -> None:
    run = make_run(record)
    broken = record.attacks["ood_image"].breaches[0]
    for name, said in (("../audit.json", "refused"), ("gone.png", "not found"), (None, "no picture kept")):
        breaches = [broken.model_copy(update={"picture": name})]
        attack = record.attacks["ood_image"].model_copy(update={"breaches": breaches})
        shown = breach_cards(record.model_copy(update={"attacks": {"ood_image": attack}}), run / "pictures")
        assert shown[0].picture.source == ""
        assert said in shown[0].picture.missing


def test_every_part_gets_its_turn(record: AuditRecord, tmp_path: Path) -> None:
    def copies(item: Item, count: int) -> list[Item]:
        return [item.model_copy(update={"key": f"{item.part}-{i}"}) for i in range(count)]

    items = copies(record.items[0], 40) + copies(record.items[2], 3)
    shown = [s.item.part for s in gallery(items, tmp_path).forbidden]
    assert len(shown) == MOST_SHOWN
    assert shown.count("paraphrase") == 3
    assert shown == sorted(shown)
