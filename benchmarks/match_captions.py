"""How many captions a second are matched against a policy of 100 tuples.

Captions are made up as they are read: most of them of the words of stock libraries, one in ten with
some words of the policy (*a child* and no more, or *wine glasses on a table*), and one in fifty with a
sentence that states a tuple. Everything is counted: making them up, the prefilter, the reading, the
roles, starting the processes.

    python benchmarks/match_captions.py --captions 10000000 --json

captions_per_cpu_second: over the processor time of all processes, which other work on the machine
disturbs less than it does the clock. peak_mb: the largest sum of their resident memory (Linux: of
their proportional shares).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from unrelate.graph.build import build_graph
from unrelate.matching.many import match_many
from unrelate.policy.schema import Policy

ACTORS = ("child", "man", "woman", "toddler", "elder", "dog", "robot", "minor")
DRINKS = ("wine", "beer", "cocktail", "milk", "juice")
FOODS = ("hamburger", "apple", "cake")
TOOLS = ("hammer", "saw")
TOYS = ("ball", "teddy")
STATED = (
    "{actor} {relation} {object}",
    "A {actor} is {relation} the {object} in the park",
    "Portrait of a {actor} {relation} {object} at home, stock photo",
    "a smiling {actor} {relation} a {object} on a sunny day with friends",
    "The {actor} who is {relation} {object} looks at the camera",
    "{object} and flowers on a table while a {actor} is {relation} a {object}",
)
TOUCHED = (
    "{actor} sitting on a bench in autumn with yellow leaves",
    "{object} on a wooden table with flowers and morning light",
    "{relation} for a better life, concept of health and wellness",
    "Happy {actor} looking at the camera, isolated on white background",
    "Empty {object} stand at the farmers market next to the {actor} entrance",
    "{actor} with a {object}",
    "a {actor} in a park near a {object} shop, {relation} nothing",
)
_FILLER = """sunset over the mountains beautiful landscape vintage car parked street old town modern living
room interior design with large windows abstract background blue gradient set of icons for web business people
meeting office teamwork concept aerial view city skyline at night red roses bouquet wedding invitation
template watercolor flowers seamless pattern macro close up water drops green leaf nature fresh
vegetables healthy food salad bowl black and white portrait architecture building glass facade travel
destination beach palm trees turquoise sea luxury hotel resort swimming pool stock vector logo"""
FILLER = _FILLER.split()


def make_policy() -> Policy:
    """A hundred forbidden tuples over the words of the embedded world, and one kept."""
    every = [
        *((a, r, o) for a in ACTORS for r in ("drinking", "pouring") for o in DRINKS),
        *((a, "eating", o) for a in ACTORS for o in FOODS),
    ]
    forget = [{"actor": a, "relation": r, "object": o} for a, r, o in every if (a, o) != ("elder", "juice")][
        :100
    ]
    return Policy.from_dict({"name": "hundred tuples", "vocabulary": "microworld", "forget": forget})


def make_captions(count: int, seed: int = 0) -> Iterator[str]:
    """``count`` captions, drawn afresh: 2 % state a tuple, 10 % more have some of its words."""
    draw = random.Random(seed)
    rand, choice = draw.random, draw.choice
    size = len(FILLER)
    objects = DRINKS + FOODS + TOOLS + TOYS
    relations = ("drinking", "eating", "holding", "pouring", "throwing")
    lines = [" ".join(draw.choices(FILLER, k=draw.randint(4, 9))) for _ in range(5000)]
    many = len(lines)
    for number in range(count):
        chance = rand()
        if chance < 0.02:
            kind = choice(
                (("drinking", DRINKS), ("eating", FOODS), ("holding", objects), ("pouring", DRINKS))
            )
            yield choice(STATED).format(actor=choice(ACTORS), relation=kind[0], object=choice(kind[1]))
        elif chance < 0.12:
            yield choice(TOUCHED).format(
                actor=choice(ACTORS), relation=choice(relations), object=choice(objects)
            )
        else:
            word = FILLER[int(rand() * size)]
            yield f"{lines[int(chance * many)]} {word} {number}"


class Watch:
    """The peak of what this process and its children hold in memory, looked at four times a second."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.peak = max(self.peak, sum(map(_held_mb, _family(os.getpid()))))
            if self._stop.wait(0.25):
                return


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            found += _family(int(child))
    return found


def _held_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _cpu_seconds() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--captions", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=None, help="processes; as many as cores if left out")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    options = parser.parse_args()
    policy = make_policy()
    graph = build_graph(policy)
    with Watch() as watch:
        began, cpu = time.perf_counter(), _cpu_seconds()
        read = matched = 0
        for match in match_many(policy, graph, make_captions(options.captions), workers=options.workers):
            read += 1
            matched += match is not None
        seconds, cpu = time.perf_counter() - began, _cpu_seconds() - cpu
    began = time.process_time()
    for _ in make_captions(min(options.captions, 500_000)):
        pass
    making = (time.process_time() - began) / min(options.captions, 500_000) * read
    said = {
        "captions": read,
        "seconds": round(seconds, 2),
        "captions_per_second": round(read / seconds),
        "peak_mb": round(watch.peak),
        "matched": matched,
        "profile": {
            "tuples": len(policy.forget),
            "edges": len(graph.edges),
            "cores": len(os.sched_getaffinity(0)),
            "cpu_seconds": round(cpu, 2),
            "captions_per_cpu_second": round(read / cpu),
            "making_captions_cpu_seconds": round(making, 2),
        },
    }
    print(json.dumps(said, indent=1) if options.json else "\n".join(f"{k}: {v}" for k, v in said.items()))


if __name__ == "__main__":
    main()
