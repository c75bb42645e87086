"""``report.html`` and ``robustness.html``: files that need nothing else; the figures and the model card."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from unrelate.files import write_whole
from unrelate.report import charts, generation, graph, losses, outcome, published, reading, redteam, words
from unrelate.report.again import commands
from unrelate.report.conversations import conversations
from unrelate.report.generation_chart import generation_rates
from unrelate.report.model_card import model_card
from unrelate.report.pictures import gallery
from unrelate.report.robustness import robustness_figures, robustness_parts
from unrelate.report.rundir import Run, read_run
from unrelate.report.svg import standalone

TEMPLATES = (
    "attacks.html.j2",
    "base.html.j2",
    "downstream.html.j2",
    "generation.html.j2",
    "macros.html.j2",
    "measures.html.j2",
    "report.html.j2",
    "robustness.html.j2",
    "score.html.j2",
)
STYLES = ("style.css", "robustness.css", "generation.css", "figures.css", "dark.css")


def write_report(run_dir: Path) -> Path:
    """Write ``report.html``, ``robustness.html``, ``MODEL_CARD.md`` and ``figures/*.svg`` into a run
    directory, from its audit alone. Gives the path of ``report.html``.

    The same run gives the same bytes: no date and no host goes into them, and no path but those of the
    model and the data that the run names.

    Raises:
        UserError: ``audit.json`` is missing or is not an audit record.
    """
    run = read_run(run_dir)
    figures = draw(run)
    folder = run_dir / "figures"
    folder.mkdir(exist_ok=True)
    for name, figure in figures.items():
        write_whole(folder / f"{name}.svg", standalone(figure))
    for name, page in render(run, figures, run_dir / "pictures").items():
        write_whole(run_dir / name, page)
    write_whole(run_dir / "MODEL_CARD.md", model_card(run))
    return run_dir / "report.html"


def draw(run: Run) -> dict[str, str]:
    """Every figure that the run has data for, by file name."""
    record = run.record
    figures = {"score": charts.score_bars(record.score)}
    if record.forgetting:
        figures["unsafe-cosine"] = charts.forgetting_cosines(record)
        figures["unsafe-recall"] = charts.forgetting_recalls(record)
    if record.preservation:
        figures["kept-cosine"] = charts.preservation_cosines(record)
        figures["kept-accuracy"] = charts.preservation_accuracies(record)
    if record.generation and record.generation.parts:
        figures["generation"] = generation_rates(record.generation)
    if graph.choose(record.graph).drawn:
        figures["graph"] = graph.graph_figure(record.graph)
    if run.losses.series:
        figures["losses"] = losses.loss_figure(run.losses)
    return figures | robustness_figures(record)


def render(run: Run, figures: dict[str, str], picture_dir: Path) -> dict[str, str]:
    """The pages as text, by file name. Everything from policies and captions is escaped by the template."""
    environment = _environment()
    safe = {name: Markup(figure) for name, figure in figures.items()}
    environment.globals |= {
        "run": run,
        "record": run.record,
        "css": Markup("\n".join(_read(name) for name in STYLES)),
        "figures": safe,
        "worst": redteam.worst_by_family(run.record),
        "generation": generation,
        "redteam": redteam,
        "reading": reading,
        "words": words,
    }
    report = environment.get_template("report.html.j2").render(
        panels=[Markup(panel) for panel in losses.loss_panels(run.losses)],
        gallery=gallery(run.record.items, picture_dir),
        chosen=graph.choose(run.record.graph),
        commands=commands(run),
        graph=graph,
        published=published,
        looks=outcome.LOOKS,
        talks=conversations(run.record.generation, picture_dir) if run.record.generation else None,
    )
    robustness = environment.get_template("robustness.html.j2").render(
        robustness_parts(run.record, safe, picture_dir)
    )
    return {"report.html": report, "robustness.html": robustness}


def _environment() -> Environment:
    environment = Environment(
        loader=DictLoader({name: _read(name) for name in TEMPLATES}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "cos": words.decimal,
        "short": words.short,
        "percent": words.percent,
        "interval": words.interval,
        "percents": words.percent_interval,
        "plain": words.plain,
        "sentence": words.sentence_case,
        "tight": words.tight,
    }
    return environment


def _read(name: str) -> str:
    return files("unrelate.report").joinpath(name).read_text(encoding="utf-8")
