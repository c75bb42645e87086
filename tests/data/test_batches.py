"""Batches: every role in each, the same for the same seed, from any step on."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from unrelate.data import Example, plan_batches, role_batches
from unrelate.errors import UserError
from unrelate.graph.types import Role, Split
from unrelate.policy.triple import Triple

TRAINED = (Role.UNSAFE, Role.SAFE_EDGE, Role.NODE, Role.NEUTRAL)


class Blank:
    def load(self) -> Image.Image:
        return Image.new("RGB", (1, 1))


def example(number: int, role: Role, split: Split = Split.TRAIN) -> Example:
    return Example(str(number), Blank(), "", Triple("child"), role, split, "train", "usual", "", "", "")


def examples_of(counts: dict[Role, int]) -> list[Example]:
    roles = [role for role, count in counts.items() for _ in range(count)]
    return [example(number, role) for number, role in enumerate(roles)]


counts = st.fixed_dictionaries(
    {Role.UNSAFE: st.integers(1, 30)}, optional={role: st.integers(1, 60) for role in TRAINED[1:]}
)


@given(counts, st.integers(4, 40), st.integers(0, 2**32))
def test_every_role_is_in_every_batch(counts: dict[Role, int], size: int, seed: int) -> None:
    examples = examples_of(counts)
    batches = list(role_batches(examples, batch_size=size, steps=7, seed=seed))
    assert len(batches) == 7
    quotas = {tuple(sorted(Counter(examples[i].role for i in batch).items())) for batch in batches}
    assert len(quotas) == 1  # the same mixture in each
    assert {role for role, _ in quotas.pop()} == set(counts)
    assert {len(batch) for batch in batches} == {size}


@given(counts, st.integers(4, 40), st.integers(0, 2**32), st.integers(0, 9))
def test_a_resumed_run_sees_what_the_first_would_have(
    counts: dict[Role, int], size: int, seed: int, start: int
) -> None:
    examples = examples_of(counts)
    whole = list(role_batches(examples, batch_size=size, steps=9, seed=seed))
    assert list(role_batches(examples, batch_size=size, steps=9, seed=seed, start=start)) == whole[start:]


@given(counts, st.integers(4, 40), st.integers(0, 2**32))
def test_each_role_is_gone_through_before_any_of_it_comes_again(
    counts: dict[Role, int], size: int, seed: int
) -> None:
    examples = examples_of(counts)
    batches = list(role_batches(examples, batch_size=size, steps=20, seed=seed))
    for role in counts:
        often = Counter(index for batch in batches for index in batch if examples[index].role is role)
        of_role = [often[n] for n, e in enumerate(examples) if e.role is role]
        assert max(of_role) - min(of_role) <= 1


def test_seeds_shuffle_differently_and_cycles_too() -> None:
    examples = examples_of({Role.UNSAFE: 8, Role.NEUTRAL: 8})
    first, second = (list(role_batches(examples, batch_size=16, steps=2, seed=seed)) for seed in (0, 1))
    assert first != second
    assert first[0] != first[1]


def test_shares_worked_by_hand() -> None:
    # 16 places at .25 / .35 / .15 / .25 are 4 / 5.6 / 2.4 / 4: the place left over goes to .6.
    plan = plan_batches(examples_of(dict.fromkeys(TRAINED, 9)), batch_size=16, steps=1, seed=0)
    assert dict(plan.quotas) == {Role.UNSAFE: 4, Role.SAFE_EDGE: 6, Role.NODE: 2, Role.NEUTRAL: 4}
    # Without nodes and safe edges, .25 : .25 of 10; with a share of 9 : 1 of 4, still one each.
    two = examples_of({Role.UNSAFE: 9, Role.NEUTRAL: 9})
    assert dict(plan_batches(two, batch_size=10, steps=1, seed=0).quotas) == {Role.UNSAFE: 5, Role.NEUTRAL: 5}
    shares = {Role.UNSAFE: 90.0, Role.NEUTRAL: 1.0}
    uneven = plan_batches(two, batch_size=4, steps=1, seed=0, shares=shares)
    assert dict(uneven.quotas) == {Role.UNSAFE: 3, Role.NEUTRAL: 1}


@pytest.mark.parametrize(("epochs", "steps"), [(1, 4), (3, 10), (0.5, 2)])
def test_epochs_are_counted_in_pairs(epochs: float, steps: int) -> None:
    examples = examples_of({Role.UNSAFE: 20, Role.NEUTRAL: 80})  # 100 pairs, 32 a batch
    assert plan_batches(examples, batch_size=32, epochs=epochs, seed=0).steps == steps


def test_what_cannot_be_batched_is_refused() -> None:
    examples = examples_of(dict.fromkeys(TRAINED, 3))
    with pytest.raises(UserError, match="cannot hold 4 roles"):
        plan_batches(examples, batch_size=3, steps=1, seed=0)
    with pytest.raises(UserError, match="no unsafe example"):
        plan_batches(examples_of({Role.NODE: 3}), batch_size=3, steps=1, seed=0)
    with pytest.raises(UserError, match="shares"):
        plan_batches(examples, batch_size=8, steps=1, seed=0, shares={Role.UNSAFE: 0.0})
    with pytest.raises(ValueError, match="held out"):
        plan_batches([*examples, example(99, Role.NODE, Split.HELD_OUT)], batch_size=8, steps=1, seed=0)
    with pytest.raises(ValueError, match="steps or epochs"):
        plan_batches(examples, batch_size=8, seed=0)
    with pytest.raises(IndexError):
        plan_batches(examples, batch_size=8, steps=1, seed=0).batch(1)
