"""Hand-made SVG: a few shapes as text. Looks come from the classes of ``figures.css``."""

from __future__ import annotations

from importlib.resources import files

from markupsafe import escape

CHAR = 0.56  # mean width of a character, in units of the font size, for fitting labels
BOLD = 13  # as wide as bold letters of 12 units are


def num(value: float) -> str:
    """Two decimals at most, so that equal figures are equal bytes on every machine."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def clean(text: str) -> str:
    """Escaped, and without the control characters that XML has no way to hold."""
    return str(escape("".join(c if c.isprintable() else " " for c in text)))


def fit(text: str, width: float, size: float) -> str:
    """``text``, cut with an ellipsis where it would be wider than ``width`` at font ``size``."""
    room = max(1, int(width / (CHAR * size)))
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    return f'<line x1="{num(x1)}" y1="{num(y1)}" x2="{num(x2)}" y2="{num(y2)}" class="{css}"/>'


def rect(x: float, y: float, width: float, height: float, css: str, radius: float = 0) -> str:
    size = f'width="{num(max(width, 0))}" height="{num(max(height, 0))}" rx="{num(radius)}"'
    return f'<rect x="{num(x)}" y="{num(y)}" {size} class="{css}"/>'


def circle(x: float, y: float, radius: float, css: str) -> str:
    return f'<circle cx="{num(x)}" cy="{num(y)}" r="{num(radius)}" class="{css}"/>'


def diamond(x: float, y: float, radius: float, css: str) -> str:
    d = f"M{num(x)} {num(y - radius)}l{num(radius)} {num(radius)}l{num(-radius)} {num(radius)}"
    return path(f"{d}l{num(-radius)} {num(-radius)}Z", css)


def path(d: str, css: str) -> str:
    return f'<path d="{d}" class="{css}"/>'


def text(x: float, y: float, words: str, css: str = "", anchor: str = "start") -> str:
    return f'<text x="{num(x)}" y="{num(y)}" text-anchor="{anchor}" class="{css}">{clean(words)}</text>'


def labelled(x: float, y: float, words: str, detail: str) -> str:
    """``words`` in bold with a quiet ``detail`` after them, whatever font they end up in."""
    quiet = f'<tspan class="muted small quiet" dx="6">{clean(detail)}</tspan>'
    return f'<text x="{num(x)}" y="{num(y)}" class="strong">{clean(words)}{quiet}</text>'


def group(x: float, y: float, body: str) -> str:
    return f'<g transform="translate({num(x)} {num(y)})">{body}</g>'


def svg(width: float, height: float, body: str, label: str) -> str:
    """A figure to stand inline in the page; ``label`` is what a screen reader says of it."""
    box = f'viewBox="0 0 {num(width)} {num(height)}"'
    return f'<svg class="fig" {box} role="img" aria-label="{clean(label)}">{body}</svg>'


def standalone(figure: str) -> str:
    """The same figure as a file of its own: namespace, size, background and style added."""
    css = files("unrelate.report").joinpath("figures.css").read_text(encoding="utf-8")
    head, body = figure.split(">", 1)
    width, height = head.split('viewBox="0 0 ')[1].split('"')[0].split()
    attributes = f' xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    return f"{head}{attributes}><style>{css}</style>{ground}{body}\n"
