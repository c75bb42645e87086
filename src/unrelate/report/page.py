"""``report.html``: one file that needs nothing else, and the figures as SVG files beside it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from unrelate.report import charts, graph, losses, outcome, published, reading, words
from unrelate.report.pictures import gallery
from unrelate.report.rundir import Run, commands, read_run
from unrelate.report.svg import standalone

TEMPLATES = ("template.html.j2", "measures.html.j2", "macros.html.j2")
STYLES = ("style.css", "figures.css", "dark.css")


def write_report(run_dir: Path) -> Path:
    """Write ``report.html`` and ``figures/*.svg`` into a run directory, from its audit alone.

    The same run gives the same bytes: no date and no host goes into the page, and no path but those
    of the model and the data that the run names.

    Raises:
        UserError: ``audit.json`` is missing or is not an audit record.
    """
    run = read_run(run_dir)
    figures = draw(run)
    folder = run_dir / "figures"
    folder.mkdir(exist_ok=True)
    for name, figure in figures.items():
        _write(folder / f"{name}.svg", standalone(figure))
    page = run_dir / "report.html"
    _write(page, render(run, figures, run_dir / "pictures"))
    return page


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
    if graph.choose(record.graph).drawn:
        figures["graph"] = graph.graph_figure(record.graph)
    if run.losses.series:
        figures["losses"] = losses.loss_figure(run.losses)
    return figures


def render(run: Run, figures: dict[str, str], picture_dir: Path) -> str:
    """The page as text. Everything from policies and captions is escaped by the template."""
    package = files("unrelate.report")
    source = {name: package.joinpath(name).read_text(encoding="utf-8") for name in TEMPLATES}
    environment = Environment(
        loader=DictLoader(source),
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
        "tight": words.tight,
    }
    styles = [
        package.joinpath(n).read_text(encoding="utf-8") for n in ("style.css", "figures.css", "dark.css")
    ]
    chosen = graph.choose(run.record.graph)
    return environment.get_template("template.html.j2").render(
        run=run,
        record=run.record,
        css=Markup("\n".join(styles)),
        figures={name: Markup(figure) for name, figure in figures.items()},
        panels=[Markup(panel) for panel in losses.loss_panels(run.losses)],
        gallery=gallery(run.record.items, picture_dir),
        chosen=chosen,
        commands=commands(run),
        reading=reading,
        words=words,
        graph=graph,
        published=published,
        looks=outcome.LOOKS,
    )


def _write(path: Path, text: str) -> None:
    """Whole or not at all, with the same line ends everywhere."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(path)
