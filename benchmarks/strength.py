"""What an edit of an encoder keeps, and what goes round it, at less than its full strength.

What an adapter adds to the weights is worked in at several strengths, and each such model is asked what an
audit asks: is the forbidden found, by its caption and by attacks in words; what is lost of new safe edges?

    python benchmarks/strength.py RUN [RUN ...] --draw strength.svg --json

RUN is what `unrelate edit` made. Several of one policy with other seeds give a mean and an interval over
seeds (Student's t). Prints, for each policy and strength, shares in percent:

recall: forbidden pictures still found, the worst of direct, paraphrase, contextual and other styles
subordinate: the same of what training never showed (None if nothing is held out)
words: the most that any attack in words finds again, of `--targets` pictures
lost: points of accuracy lost on new safe edges
drift, cosine: mean move of a safe edge's cosine; the forbidden's, less that of unrelated pairs
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np

from unrelate.assembly import Material, load_model, open_material
from unrelate.attacks.table import ATTACKS
from unrelate.attacks.types import Scenario
from unrelate.audit.judge import ForbiddenFound
from unrelate.audit.measure import Answers, ask
from unrelate.models import DualEncoder
from unrelate.reproduce.summary import Mean

matplotlib.use("Agg")
from matplotlib import pyplot as plt

WORDS = (
    "synonyms",
    "misspelling",
    "leet",
    "splitting",
    "homoglyphs",
    "settings",
    "passive",
    "negation",
    "relative_clause",
    "two_sentences",
    "two_actors",
)
FOUND = ("direct", "paraphrase", "contextual", "ood_image")
FIGURES = ("recall", "subordinate", "words", "lost", "drift", "cosine")
DRAWN = {
    "words": ("#D55E00", "o", "found by an attack in words"),
    "subordinate": ("#009E73", "^", "never shown, still found"),
    "lost": ("#0072B2", "s", "points lost on new safe edges"),
}

Point = dict[str, float | None]


def curve(run: Path, material: Material, strengths: Sequence[float], targets: int) -> dict[float, Point]:
    """The figures of one run at each strength."""
    model = load_model(material.settings["model"], "cpu", run / "adapter")
    corpus, forbidden = material.corpus, material.graph.forbidden
    scenario = Scenario(corpus, material.graph, material.policy.vocabulary, material.seed, targets)
    parts = {name: corpus.part(name) for name in (*FOUND, "subordinate", "safe_edge")}

    def answers(of: DualEncoder) -> dict[str, Answers]:
        return {name: ask(of, corpus, part, forbidden=forbidden) for name, part in parts.items() if part}

    def point(strength: float) -> Point:
        edited = model.standalone(strength)
        now = answers(edited)
        again = [
            np.mean([attempt.won for outcome in outcomes for attempt in outcome.attempts])
            for outcomes in (ATTACKS[name](edited, scenario, ForbiddenFound) for name in WORDS)
        ]
        near, before = now["safe_edge"], base["safe_edge"]
        return {
            "recall": 100 * max(float(now[name].right.mean()) for name in FOUND),
            "subordinate": float(100 * now["subordinate"].right.mean()) if "subordinate" in now else None,
            "words": 100 * max(float(share) for share in again),
            "lost": float(100 * (before.right.mean() - near.right.mean())),
            "drift": float(np.abs(near.cos - before.cos).mean()),
            "cosine": float(now["direct"].cos.mean() - base["direct"].unrelated.mean()),
        }

    with model.base():
        base = answers(model)
    return {strength: point(strength) for strength in strengths}


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("runs", nargs="+", type=Path)
    said.add_argument("--strengths", default="1,0.95,0.9,0.85,0.8")
    said.add_argument("--targets", type=int, default=80, help="pictures that each attack is tried on")
    said.add_argument("--draw", type=Path, help="an .svg or .png of the curves")
    said.add_argument("--json", action="store_true")
    given = said.parse_args()
    strengths = [float(one) for one in given.strengths.split(",")]
    found: dict[str, list[dict[float, Point]]] = defaultdict(list)
    for run in given.runs:
        material = open_material(run)
        found[material.policy.name].append(curve(run, material, strengths, given.targets))
    means = {
        policy: {
            strength: {
                figure: Mean.of([value for one in curves if (value := one[strength][figure]) is not None])
                for figure in FIGURES
            }
            for strength in strengths
        }
        for policy, curves in found.items()
    }
    if given.draw:
        draw(given.draw, means)
    if given.json:
        print(json.dumps({p: {s: _plain(f) for s, f in one.items()} for p, one in means.items()}, indent=1))
        return
    for policy, one in means.items():
        print(policy)
        for strength, figures in one.items():
            shown = "  ".join(f"{name} {mean.value:.3g} ± {mean.half:.2g}" for name, mean in figures.items())
            print(f"  {strength:g}: {shown}")


def draw(path: Path, means: dict[str, dict[float, dict[str, Mean]]]) -> None:
    """Success and loss against strength, a panel for each policy."""
    with plt.rc_context({"svg.hashsalt": "unrelate", "svg.fonttype": "none", "font.size": 9}):
        size = (3.2 * len(means), 2.8)
        figure, panels = plt.subplots(
            1, len(means), figsize=size, sharey=True, squeeze=False, layout="constrained"
        )
        for panel, (policy, points) in zip(panels[0], means.items(), strict=True):
            for name, (colour, marker, label) in DRAWN.items():
                known = [(s, f[name]) for s, f in points.items() if not np.isnan(f[name].value)]
                if known:
                    places, heights = zip(*((s, mean.value) for s, mean in known), strict=True)
                    panel.plot(places, heights, color=colour, marker=marker, label=label)
            panel.set_title(policy, fontsize=9)
            panel.set_xlabel("strength of the adapter")
            panel.spines[["top", "right"]].set_visible(False)
        panels[0][0].set_ylabel("percent; points")
        handles, labels = panels[0][0].get_legend_handles_labels()
        figure.legend(
            handles, labels, frameon=False, fontsize=8, ncols=len(means), loc="outside lower center"
        )
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _plain(figures: dict[str, Mean]) -> dict[str, list[float] | None]:
    """Mean and half of the interval; None where nothing was asked."""
    return {
        name: None if np.isnan(mean.value) else [round(mean.value, 4), round(mean.half, 4)]
        for name, mean in figures.items()
    }


if __name__ == "__main__":
    main()
