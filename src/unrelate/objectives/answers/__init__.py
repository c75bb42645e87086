"""Ways to make a generator forget answers: the baselines, and RASU's losses carried to answers."""

from __future__ import annotations

from collections.abc import Mapping

from unrelate.objectives.answers.likelihood import GradientAscent, GradientDifference, KLMinimisation
from unrelate.objectives.answers.preference import NPO, IdkPreference, SimNPO
from unrelate.objectives.answers.redirect import Redirect
from unrelate.objectives.answers.relation_aware import RelationAware
from unrelate.objectives.answers.rmu import RMU
from unrelate.objectives.answers.types import (
    REFUSED,
    RETAINED,
    AnswerObjective,
    Answers,
    Kind,
    Needs,
    Outputs,
)

# name -> the objective with its usual settings. Its ``terms(live, reference, batch)`` is a pure function to
# named scalars; it says itself which answers and which of the model's outputs it looks at.
# `Redirect`, which needs a direction, is not of the table.
METHODS: Mapping[str, AnswerObjective] = {
    "gradient_ascent": GradientAscent(),
    "gradient_difference": GradientDifference(),
    "kl_minimisation": KLMinimisation(),
    "npo": NPO(),
    "simnpo": SimNPO(),
    "idk_preference": IdkPreference(),
    "rmu": RMU(),
    "relation_aware": RelationAware(),
}

__all__ = [
    "METHODS",
    "REFUSED",
    "RETAINED",
    "AnswerObjective",
    "Answers",
    "Kind",
    "Needs",
    "Outputs",
    "GradientAscent",
    "GradientDifference",
    "IdkPreference",
    "KLMinimisation",
    "NPO",
    "RMU",
    "Redirect",
    "RelationAware",
    "SimNPO",
]
