"""What the attacks of a record say: which count, which is the worst of its family, which form curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

from unrelate.audit.record import LEAST_CONTROL as LEAST_CONTROL  # for the template
from unrelate.audit.record import Attack, AuditRecord, Breach
from unrelate.report.words import percent, plain

# Family -> (name, what is changed). The order of every list of families.
FAMILIES = {
    "text": ("Text", "the picture stays, the words change"),
    "generated": ("Generated text", "a generator looks for words that work"),
    "image": ("Image", "the words stay, the picture changes"),
    "weights": ("Weights", "the model is changed, the questions stay the usual ones"),
    "representation": ("Representation", "nothing is changed; a probe reads the model's layers"),
}
# Threat model -> what such an attacker sees.
THREATS = {
    "black box": "asks questions and sees the answers",
    "gradients": "sees the gradients of the model as well",
    "activations": "reads what every layer makes of the input",
    "weights": "holds the weights and may change them",
}
CHANCE = 0.5  # a probe that knows nothing is right half of the time
SAYS_LITTLE = "says little: the base model does not know this form either"


@dataclass(frozen=True)
class Curve:
    """The points of one attack, in the order of ``at``. ``along`` is what ``at`` counts."""

    group: str
    along: str
    points: tuple[Attack, ...]

    @property
    def first(self) -> Attack:
        """Family, threat and budget are the same at every point."""
        return self.points[0]


class Worst(NamedTuple):
    """The attack of a family that reaches furthest above its null; no name if none of them counts."""

    family: str
    name: str
    attack: Attack | None


class Broken(NamedTuple):
    """A breach, and the attack that found it."""

    name: str
    attack: Attack
    breach: Breach


def above_null(attack: Attack) -> float:
    """Success above what a model reaches that never learnt the forbidden; where there is none, above
    what chance reaches."""
    chance = CHANCE if attack.family == "representation" else 0.0
    return attack.success_rate - (attack.null_rate if isfinite(attack.null_rate) else chance)


def by_family(record: AuditRecord) -> dict[str, dict[str, Attack]]:
    """Attacks by family, families in their order, attacks in the record's."""
    return {
        family: held
        for family in FAMILIES
        if (held := {name: a for name, a in record.attacks.items() if a.family == family})
    }


def worst_by_family(record: AuditRecord) -> list[Worst]:
    """One line for each family that attacked."""
    found = []
    for family, held in by_family(record).items():
        able = {name: attack for name, attack in held.items() if attack.counts}
        name = max(able, key=lambda n: (above_null(able[n]), able[n].success_rate), default="")
        found.append(Worst(family, name, able.get(name)))
    return found


def curves(attacks: Mapping[str, Attack]) -> list[Curve]:
    """Attacks that are points of one curve, two points or more."""
    points: dict[tuple[str, str], list[Attack]] = {}
    for name, attack in attacks.items():
        if attack.curve and attack.at is not None:
            points.setdefault((attack.group or name, attack.curve), []).append(attack)
    return [
        Curve(group, along, tuple(sorted(held, key=lambda a: a.at or 0.0)))
        for (group, along), held in points.items()
        if len(held) > 1
    ]


def dots(attacks: Mapping[str, Attack]) -> dict[str, Attack]:
    """Attacks to show one by one: all but those points of a curve that the score leaves out."""
    drawn = {id(point) for curve in curves(attacks) for point in curve.points if not point.scored}
    return {name: attack for name, attack in attacks.items() if id(attack) not in drawn}


def breaches(record: AuditRecord, most: int) -> list[Broken]:
    """The worst of every attack, then the second worst of every attack, and so on; those of attacks
    that count go first."""
    ranked = []
    for name, attack in record.attacks.items():
        for turn, breach in enumerate(sorted(attack.breaches, key=lambda b: -b.margin)):
            ranked.append(((not attack.counts, turn, -breach.margin, name), Broken(name, attack, breach)))
    return [broken for _, broken in sorted(ranked, key=lambda r: r[0])[:most]]


def reached(attack: Attack) -> str:
    """``11.2 % (null 1.0 %)``: the null is left out where there is none."""
    words = percent(attack.success_rate)
    return f"{words} (null {percent(attack.null_rate)})" if isfinite(attack.null_rate) else words


def at(attack: Attack) -> str:
    """``examples: 200``, or nothing if the attack is no point of a curve."""
    return f"{plain(attack.curve)}: {attack.at:g}" if attack.curve and attack.at is not None else ""


def headline(record: AuditRecord) -> str:
    """How many attacks there were, and how many of them say something."""
    total, families = len(record.attacks), len(by_family(record))
    if not total:
        return "The audit ran no attack, so nothing is known of how robust this edit is."
    able = sum(attack.counts for attack in record.attacks.values())
    found = f"{total} attack{'' if total == 1 else 's'} of {families} famil{'y' if families == 1 else 'ies'}"
    each = ", the points of curves counted" if curves(record.attacks) else ""
    return f"{found}{each}; {able} of them count towards the score."


def null_sentence(record: AuditRecord) -> str:
    """What stands as the null, or that nothing does."""
    if any(isfinite(attack.null_rate) for attack in record.attacks.values()):
        if record.generation is not None:
            null = record.null_model or "not named in the record"
            return (
                f"The null is {null}. What an attack reaches there is "
                "guessing, not memory; only what lies above it speaks of something left behind."
            )
        model = record.null_model or "a model whose name the record does not give"
        return (
            f"The null is {model}, which never learnt the forbidden. What an attack reaches there is "
            "fragility, not memory; only what lies above it speaks of something left behind."
        )
    return (
        "There is no null: no model that never learnt the forbidden was at hand. So a success below may be "
        "memory, or mere fragility that any model would show."
    )


def left_out_sentence(record: AuditRecord) -> str:
    """Which attacks of the table this record has no figure for, or nothing."""
    if not record.left_out:
        return ""
    names = [plain(name) for name in record.left_out]
    return f"{len(names)} attack{'' if len(names) == 1 else 's'} of the table left out: {', '.join(names)}."


def untried_sentence(record: AuditRecord) -> str:
    """Which attacks had no try at some of their targets, or nothing."""
    parts = {a.group or name: a for name, a in record.attacks.items() if a.untried}
    if not parts:
        return ""
    each = [f"{plain(name)} at {a.untried} of {a.untried + a.count}" for name, a in parts.items()]
    return (
        f"Of some targets nothing is known, since an attack had no try at them: {', '.join(each)}. "
        "Its rates are over the others."
    )


def stand_in_sentence(record: AuditRecord) -> str:
    """That the audit itself had no pictures of what was forgotten, or nothing."""
    if not record.asked_by_stand_ins:
        return ""
    return (
        "The audit had no picture of what must never be pictured: it asked about means of held-out "
        "neighbours' embeddings. How the model treats a real picture of it was not seen."
    )


def quick_sentence(record: AuditRecord) -> str:
    """What a quick audit leaves out, or nothing."""
    if not record.quick:
        return ""
    return (
        "This was a quick audit: fewer pictures and wordings, and no attack that takes long. It is a look, "
        "not a verdict; run the audit without --quick before relying on it."
    )
