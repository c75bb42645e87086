"""Whatever a policy forbids, what is held out is never seen in training."""

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from unrelate.errors import UserError
from unrelate.graph import Role, Split, build_graph
from unrelate.graph.split import held_out_partners
from unrelate.policy import Policy
from unrelate.policy.checks import is_held_out
from unrelate.policy.tuples import overlap

SMALL = {
    "actors": {"person": None, "man": {"is_a": "person"}, "boy": {"is_a": "man"}, "dog": None},
    "objects": {"thing": None, "food": {"is_a": "thing"}, "pie": {"is_a": "food"}, "nut": {"is_a": "food"},
                "ball": {"is_a": "thing"}},
    "relations": {"using": None, "eating": {"is_a": "using", "takes": "food"}, "having": {"is_a": "using"}},
    "contexts": {"place": ["park", "hall"], "time": ["day", "night", "dusk"]},
}  # fmt: skip


@st.composite
def policies(draw):
    vocabulary = draw(st.sampled_from([SMALL, "microworld"]))
    words = Policy.from_dict(
        {
            "name": "p",
            "vocabulary": vocabulary,
            "forget": [{"actor": "man", "relation": "eating", "object": "food"}],
        }
    ).vocabulary

    def entry(held_out: bool):
        stated = {
            "actor": draw(st.sampled_from(sorted(words.actors))),
            "relation": draw(st.sampled_from(sorted(words.relations))),
            "object": draw(st.sampled_from(sorted(words.objects))),
        }
        for key in draw(st.sets(st.sampled_from(sorted(words.contexts)), max_size=2)):
            values = st.lists(
                st.sampled_from(sorted(words.contexts[key])), min_size=1, max_size=2, unique=True
            )
            stated.setdefault("when", {})[key] = draw(values)
        if held_out and draw(st.booleans()):
            below = [
                *words.descendants("actors", stated["actor"]),
                *words.descendants("objects", stated["object"]),
            ]
            stated["hold_out"] = draw(st.lists(st.sampled_from(below), max_size=2)) if below else []
        return stated

    forget = [entry(True) for _ in range(draw(st.integers(1, 3)))]
    keep = [entry(False) for _ in range(draw(st.integers(0, 2)))]
    try:
        return Policy.from_dict({"name": "p", "vocabulary": vocabulary, "forget": forget, "keep": keep})
    except UserError:
        assume(False)
        raise


def nothing_left(policy: Policy) -> bool:
    """Whether some entry is held out altogether, by itself or by others."""
    covered = [triple for entry in policy.forget for triple in policy.expand(entry)]
    held = [
        triple
        for entry in policy.forget
        for triple in policy.expand(entry)
        if is_held_out(policy.vocabulary, entry.hold_out, triple.slots())
    ]
    for _ in covered:  # what meets something held out is held out too, and so on
        held += [t for t in covered if t not in held and any(overlap(t, other) for other in held)]
    return any(
        all(any(overlap(triple, other) for other in held) for triple in policy.expand(entry))
        for entry in policy.forget
    )


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(policies(), st.integers(0, 5))
def test_nothing_leaks_whatever_is_forbidden(policy, seed):
    if nothing_left(policy):
        event("nothing left to train on")
        with pytest.raises(UserError, match="hold_out"):
            build_graph(policy, seed=seed)
        return
    graph = build_graph(policy, seed=seed)
    event(f"{len(policy.forget)} forbidden, {len(policy.keep)} kept")
    triples = [edge.triple for edge in graph.edges]
    assert len(set(triples)) == len(triples)
    unsafe = [edge.triple for edge in graph.of(Role.UNSAFE)]
    trained = {edge.triple.slots(): [] for edge in graph.edges}
    for edge in graph.edges:
        if edge.split is Split.TRAIN:
            trained[edge.triple.slots()].append(edge.triple)
        if edge.role is not Role.UNSAFE:
            assert not policy.may_forbid(edge.triple)
    for edge in graph.edges:
        if edge.split is Split.HELD_OUT:
            assert not any(overlap(edge.triple, other) for other in trained[edge.triple.slots()])
    covered = {triple for entry in policy.forget for triple in policy.expand(entry)}
    assert set(unsafe) == covered
    kept = {triple for entry in policy.keep for triple in policy.expand(entry)}
    assert kept <= {edge.triple for edge in graph.of(Role.SAFE_EDGE, Split.TRAIN)}


@given(st.sets(st.text(max_size=3), max_size=12), st.text(max_size=5), st.integers(0, 99))
def test_about_a_third_is_held_out(partners, key, seed):
    held = held_out_partners(partners, key, seed)
    assert held <= partners
    assert held == held_out_partners(sorted(partners, reverse=True), key, seed)
    if len(partners) < 2:
        assert not held
    else:
        assert 1 <= len(held) <= len(partners) - 1
        assert abs(len(held) - len(partners) / 3) <= 0.5
