"""Redirection, against arithmetic done by hand."""

from __future__ import annotations

import math

import pytest
import torch

from unrelate.errors import UserError
from unrelate.objectives.answers import Answers, Kind, Outputs, Redirect

V = torch.tensor([0.0, 2.0])


def states(batch: Answers, of: dict[Kind, list[list[float]]]) -> Outputs:
    """``[M, 2]``; (1, 1) where nothing is said."""
    hidden = torch.ones(len(batch.row), 2)
    for kind, rows in of.items():
        hidden[batch.tokens({kind})] = torch.tensor(rows).float()
    return Outputs(torch.zeros(len(hidden)), None, hidden)


def only(batch: Answers, kinds: tuple[Kind, ...]) -> Answers:
    """The answers of some kinds, as a batch of their own."""
    rows = [number for number, kind in enumerate(batch.kinds) if kind in kinds]
    mine = batch.tokens(kinds)
    row = torch.tensor([rows.index(int(number)) for number in batch.row[mine]])
    return Answers(tuple(batch.kinds[n] for n in rows), row, batch.ends[mine], batch.level[mine])


def test_both_terms_by_hand(batch: Answers) -> None:
    """The push is (0, 4), its square 16.

    Forgotten, three tokens: there: 0; short by (0, 4): 16; aside by (4, 0): 16. The refusal begins there: 0.
    Four tokens, 32/4 = 8, in units of 16 one half. The refusal's second token has moved by (0, 2): 4/16.
    """
    chosen = only(batch, (Kind.FORGET, Kind.REFUSAL))
    live = states(chosen, {Kind.FORGET: [[1, 5], [1, 1], [5, 5]], Kind.REFUSAL: [[1, 5], [1, 3]]})
    terms = Redirect(V, strength=2.0, depth=1.0).terms(live, states(chosen, {}), chosen)
    assert terms["steer"].item() == pytest.approx(0.5)
    assert terms["still"].item() == pytest.approx(0.25)
    assert terms["say"].item() == 0  # the log-probabilities are all 0


def test_what_is_said_is_a_refusal_that_fits(batch: Answers) -> None:
    """Two tokens of log-probability -1 and -3: 2 on the mean. The true answer is not looked at."""
    chosen = only(batch, (Kind.FORGET, Kind.REFUSAL))
    base = states(chosen, {})
    logprobs = torch.tensor([-9.0, -9.0, -9.0, -1.0, -3.0])
    terms = Redirect(V, 1.0, 1.0).terms(Outputs(logprobs, None, base.hidden), base, chosen)
    assert terms["say"].item() == pytest.approx(2)


def test_an_answer_that_was_begun_comes_down_to_its_level(batch: Answers) -> None:
    """The level is log 0.1. Certain tokens lie log 10 above it, one of probability 0.01 does not count, and
    neither does the end: (log 10 + 0) / 2."""
    chosen = only(batch, (Kind.FORGET,))
    base = states(chosen, {})
    told = torch.tensor([1.0, 0.01, 1.0]).log()
    terms = Redirect(V, 1.0, 1.0).terms(Outputs(told, None, base.hidden), base, chosen)
    assert terms["begun"].item() == pytest.approx(math.log(10) / 2)


def test_where_nothing_declines_nothing_is_held_still(batch: Answers) -> None:
    chosen = only(batch, (Kind.FORGET,))
    terms = Redirect(V, 1.0, 0.5).terms(states(chosen, {}), states(chosen, {}), chosen)
    assert terms["still"].item() == 0
    assert terms["steer"].item() == pytest.approx(1)


@pytest.mark.parametrize(
    ("direction", "strength", "depth"), [(V, 0.0, 0.5), (V, 1.0, 0.0), (V, 1.0, 1.5), (V * 0, 1.0, 0.5)]
)
def test_settings_out_of_range_are_refused(direction: torch.Tensor, strength: float, depth: float) -> None:
    with pytest.raises(UserError, match="a direction that is not 0"):
        Redirect(direction, strength, depth)


def test_it_asks_for_states_and_for_the_forgotten_alone() -> None:
    needs = Redirect(V, 1.0, 0.5).needs
    assert needs.depth == 0.5
    assert (
        needs.kinds
        == needs.compared
        == {k for k in Kind if "f" in k.value and k is not Kind.NEUTRAL} | {Kind.VARIANT}
    )


def test_what_is_not_asked_for_is_not_needed(batch: Answers) -> None:
    """Without states, and each term as it is among all of them."""
    chosen = only(batch, (Kind.FORGET, Kind.REFUSAL))
    logprobs = torch.tensor([0.0, -5.0, 0.0, -1.0, -3.0])
    base = states(chosen, {})
    whole = Redirect(V, 1.0, 1.0).terms(Outputs(logprobs, None, base.hidden), base, chosen)
    for term, kinds in (
        ("begun", {Kind.FORGET, Kind.VARIANT}),
        ("say", {Kind.REFUSAL, Kind.VARIANT_REFUSAL}),
    ):
        one = Redirect(V, 1.0, 1.0, frozenset({term}))
        assert one.needs.kinds == kinds
        assert (one.needs.compared, one.needs.depth) == (frozenset(), None)
        assert one.weights == {term: 1.0}
        assert one.terms(Outputs(logprobs), Outputs(logprobs), chosen) == {term: whole[term]}
    assert Redirect(V, 1.0, 1.0, frozenset({"steer"})).needs.compared == Redirect(V, 1.0, 1.0).needs.compared
