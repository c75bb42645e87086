"""Every experiment by name: the names of ``unrelate reproduce``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unrelate.errors import named
from unrelate.reproduce import asru, picture_free, rasu, robustness


@dataclass(frozen=True)
class Reproduction:
    """An experiment, and what it can be had in parts by.

    Args:
        run: given the folder, with ``arms, policies, seeds, device, quiet``; leaves ``results.json``,
            ``README.md`` and figures in the folder, and returns a summary.
        arms: what is compared: recipes, methods, or further experiments.
        policies: what is forgotten.
    """

    run: Callable[..., Mapping[str, Any]]
    arms: tuple[str, ...]
    policies: tuple[str, ...]

    def __call__(
        self,
        out: Path,
        *,
        arms: Sequence[str] = (),
        policies: Sequence[str] = (),
        seeds: int = 3,
        device: str = "auto",
        quiet: bool = False,
    ) -> Mapping[str, Any]:
        """Run it, or the part that is named; of nothing named all is meant.

        What is in the folder already is not run again, so that a part can be added to; the tables are of
        what is named now.

        Raises:
            UserError: an arm or a policy that it does not have.
        """
        return self.run(
            out,
            arms=_chosen(self.arms, arms, "arm"),
            policies=_chosen(self.policies, policies, "policy"),
            seeds=seeds,
            device=device,
            quiet=quiet,
        )


def _chosen(all_of_them: Sequence[str], wanted: Sequence[str], what: str) -> tuple[str, ...]:
    """Those that are wanted, in their usual order."""
    known = {name: name for name in all_of_them}
    asked = {named(known, name, what) for name in wanted}
    return tuple(name for name in known if not asked or name in asked)


REPRODUCTIONS: Mapping[str, Reproduction] = {
    "asru": Reproduction(asru.reproduce_asru, asru.ARMS, asru.POLICIES),
    "picture-free": Reproduction(
        picture_free.reproduce_picture_free, picture_free.ARMS, picture_free.POLICIES
    ),
    "rasu": Reproduction(rasu.reproduce_rasu, rasu.ARMS, rasu.POLICIES),
    "robustness": Reproduction(robustness.reproduce_parts, robustness.ARMS, robustness.POLICIES),
}
