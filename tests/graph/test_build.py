import pytest

from unrelate.errors import UserError
from unrelate.graph import GraphEdge, RelationGraph, Role, Split, build_graph, check_no_leak
from unrelate.policy import Policy, Triple, load_policy, shipped_policies


def policy(*forget, keep=(), vocabulary: str | dict = "microworld") -> Policy:
    return Policy.from_dict(
        {"name": "p", "vocabulary": vocabulary, "forget": list(forget), "keep": list(keep)}
    )


def entry(actor, relation, object_, **more):
    return {"actor": actor, "relation": relation, "object": object_, **more}


def names(edges) -> set[str]:
    return {str(edge.triple) for edge in edges}


@pytest.fixture(scope="module")
def alcohol() -> RelationGraph:
    return build_graph(load_policy("child-drinking-alcohol"))


def test_unsafe_edges_and_subordinates(alcohol):
    assert names(alcohol.of(Role.UNSAFE, Split.TRAIN)) == {"child-drinking-wine", "child-drinking-cocktail"}
    assert names(alcohol.of(Role.UNSAFE, Split.HELD_OUT)) == {
        "child-drinking-beer",
        "toddler-drinking-wine",
        "toddler-drinking-beer",
        "toddler-drinking-cocktail",
    }
    assert {e.kind for e in alcohol.of(Role.UNSAFE, Split.HELD_OUT)} == {"subordinate"}
    assert alcohol.scope == (Triple("child", "drinking", "alcohol"),)


def test_safe_edges_of_the_paper(alcohol):
    """RASU section 3.1: O1 -R1-> O3, O4 -R1-> O2 and O1 -R2-> O2, all of them."""
    kinds = {}
    for edge in alcohol.of(Role.SAFE_EDGE):
        kinds.setdefault(edge.kind, set()).add(str(edge.triple))
    assert kinds["other object"] == {
        f"{a}-drinking-{o}" for a in ("child", "toddler") for o in ("milk", "juice")
    }
    drinks, others = ("wine", "beer", "cocktail"), ("man", "woman", "elder", "dog", "robot")
    assert kinds["other actor"] == {f"{a}-drinking-{o}" for a in others for o in drinks}
    relations = ("pouring", "holding", "throwing", "lifting", "next_to")
    assert kinds["other relation"] == {
        f"{a}-{r}-{o}" for a in ("child", "toddler") for r in relations for o in drinks
    }
    assert {"child-holding-hammer", "toddler-kicking-ball", "man-pouring-wine"} <= kinds["nearby"]


def test_a_neighbour_differs_from_what_it_is_near_in_one_slot(alcohol):
    for edge in alcohol.of(Role.SAFE_EDGE):
        assert edge.near is not None
        if edge.kind != "nearby":
            assert sum(a == b for a, b in zip(edge.triple.slots(), edge.near.slots(), strict=True)) == 2


def test_nodes_safe_nodes_and_neutral(alcohol):
    assert names(alcohol.of(Role.NODE, Split.TRAIN)) == {"child", "wine", "cocktail"}
    assert names(alcohol.of(Role.NODE, Split.HELD_OUT)) == {"toddler", "beer"}
    others = ("man", "woman", "elder", "dog", "robot")
    assert names(alcohol.of(Role.SAFE_NODE)) == {
        f"{a}-drinking-{o}" for a in others for o in ("milk", "juice")
    }
    assert {e.split for e in alcohol.of(Role.SAFE_NODE)} == {Split.HELD_OUT}
    for edge in alcohol.of(Role.NEUTRAL):
        assert edge.near is None
        assert edge.triple.actor not in ("child", "toddler")
        assert edge.triple.relation != "drinking"
        assert edge.triple.object not in ("wine", "beer", "cocktail")


def test_a_partner_is_held_out_for_every_unsafe_edge_or_for_none(alcohol):
    slot = {"other object": 2, "other actor": 0, "other relation": 1}
    splits = {}
    for edge in alcohol.of(Role.SAFE_EDGE):
        if edge.kind in slot and not {"toddler", "beer"} & set(edge.triple.slots()):
            partner = edge.triple.slots()[slot[edge.kind]]
            splits.setdefault((edge.kind, partner), set()).add(edge.split)
    assert all(len(found) == 1 for found in splits.values())
    held = [kind for (kind, _), found in splits.items() if found == {Split.HELD_OUT}]
    assert {kind: held.count(kind) for kind in slot} == {
        "other object": 1,
        "other actor": 2,
        "other relation": 2,
    }


def test_a_condition_keeps_the_same_tuple_elsewhere():
    graph = build_graph(load_policy("man-drinking-beer-in-classroom"))
    assert names(graph.of(Role.UNSAFE)) == {"man-drinking-beer [place=classroom]"}
    elsewhere = [edge for edge in graph.edges if edge.kind == "condition not met"]
    places = ("kitchen", "park", "beach", "street", "playground")
    assert names(elsewhere) == {f"man-drinking-beer [place={place}]" for place in places}
    assert {edge.split for edge in elsewhere} == set(Split)
    kept = names(graph.of(Role.SAFE_EDGE))
    assert {"man-drinking-milk [place=classroom]", "child-drinking-beer [place=classroom]"} <= kept
    assert "man-drinking-beer" not in kept  # it might be in the classroom


def test_what_is_held_out_under_a_condition_is_kept_without_it():
    graph = build_graph(load_policy("man-drinking-beer-in-classroom"), seed=2)
    held_out = names(graph.of(Role.SAFE_EDGE, Split.HELD_OUT))
    trained = names(graph.of(Role.SAFE_EDGE, Split.TRAIN))
    assert "elder-drinking-beer [place=classroom]" in held_out
    assert {"elder-drinking-beer [place=park]", "elder-drinking-beer [place=beach]"} <= trained
    assert not {"elder-drinking-beer", "elder-drinking-beer [place=classroom]"} & trained


def test_every_key_of_a_condition_is_varied_alone():
    conditional = entry({"is": "man", "colour": "red"}, "drinking", "beer", when={"place": ["park", "beach"]})
    graph = build_graph(policy(conditional))
    assert len(graph.of(Role.UNSAFE)) == 2
    kept = names(e for e in graph.edges if e.kind == "condition not met")
    assert "man-drinking-beer [colour=blue, place=park]" in kept
    assert "man-drinking-beer [colour=red, place=street]" in kept
    assert "man-drinking-beer [colour=red, place=beach]" not in kept
    assert "man-drinking-beer [colour=blue, place=street]" not in kept
    assert len(kept) == 2 * 4 + 4


def test_what_one_entry_forbids_no_other_keeps():
    graph = build_graph(policy(entry("child", "drinking", "alcohol"), entry("dog", "drinking", "beer")))
    assert "dog-drinking-beer" not in names(e for e in graph.edges if e.role is not Role.UNSAFE)
    assert "dog-drinking-wine" in names(graph.of(Role.SAFE_EDGE))


def test_what_the_policy_keeps_is_trained_on_whatever_the_seed():
    keep = [entry("adult", "drinking", "alcohol"), entry("child", "holding", "wine")]
    for seed in range(6):
        graph = build_graph(policy(entry("child", "drinking", "alcohol"), keep=keep), seed=seed)
        kept = [edge for edge in graph.edges if edge.kind == "kept by policy"]
        assert len(kept) == 3 * 3 + 2  # a toddler is a child
        assert {(edge.role, edge.split) for edge in kept} == {(Role.SAFE_EDGE, Split.TRAIN)}


def test_a_kept_tuple_in_one_place_is_not_held_out_everywhere():
    keep = [entry("robot", "drinking", "milk", when={"place": "park"})]
    graph = build_graph(policy(entry("child", "drinking", "alcohol"), keep=keep))
    assert "robot-drinking-milk" not in names(graph.of(Role.SAFE_NODE))
    assert "robot-drinking-juice" in names(graph.of(Role.SAFE_NODE))


def test_what_one_entry_holds_out_no_other_trains_on():
    broad = entry("child", "drinking", "alcohol", hold_out=["beer"])
    graph = build_graph(policy(broad, entry("minor", "drinking", "alcohol")))
    assert names(graph.of(Role.UNSAFE, Split.HELD_OUT)) == {"child-drinking-beer", "toddler-drinking-beer"}
    with pytest.raises(UserError, match="nothing of 'toddler-drinking-beer' is left"):
        build_graph(policy(broad, entry("toddler", "drinking", "beer")))


def test_what_is_held_out_spreads_through_places_that_may_coincide():
    """The bare tuple may be in the park, where it is held out; the one at the beach may be the bare one."""
    in_the_park = entry("adult", "drinking", "beer", when={"place": "park"}, hold_out=["man"])
    everywhere = policy(entry("adult", "drinking", "beer"), in_the_park)
    assert "man-drinking-beer" in names(build_graph(everywhere).of(Role.UNSAFE, Split.HELD_OUT))
    at_the_beach = entry("adult", "drinking", "alcohol", when={"place": "beach"})
    graph = build_graph(policy(entry("adult", "drinking", "beer"), in_the_park, at_the_beach))
    assert "man-drinking-beer [place=beach]" in names(graph.of(Role.UNSAFE, Split.HELD_OUT))
    nothing_left = entry("man", "drinking", "beer", when={"place": "beach"})
    with pytest.raises(UserError, match="is left to train on"):
        build_graph(policy(entry("adult", "drinking", "beer"), in_the_park, nothing_left))


def test_a_world_too_small_for_new_nodes_has_none():
    words = {"actors": ["cat"], "relations": ["eating"], "objects": ["fish", "bird"]}
    graph = build_graph(policy(entry("cat", "eating", "bird"), vocabulary=words))
    assert not graph.of(Role.SAFE_NODE)
    assert not graph.of(Role.NEUTRAL)
    assert names(graph.of(Role.SAFE_EDGE, Split.TRAIN)) == {"cat-eating-fish"}


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_policies())
def test_the_same_seed_gives_the_same_graph_and_others_hold_out_others(name):
    one = load_policy(name)
    assert build_graph(one, seed=3) == build_graph(load_policy(name), seed=3)
    held = {frozenset(names(build_graph(one, seed=s).of(Role.SAFE_EDGE, Split.HELD_OUT))) for s in range(6)}
    assert len(held) > 1
    assert len({frozenset(names(build_graph(one, seed=s).edges)) for s in range(2)}) <= 2


@pytest.mark.parametrize("name", shipped_policies())
def test_every_part_of_an_audit_has_something_to_ask(name):
    for seed in range(4):
        graph = build_graph(load_policy(name), seed=seed)
        for role in (Role.SAFE_EDGE, Role.NEUTRAL):
            assert graph.of(role, Split.HELD_OUT)
        assert bool(graph.of(Role.SAFE_NODE)) == (
            graph.held_out_actors is None
        )  # among facts they are neutral
        for role in (Role.UNSAFE, Role.SAFE_EDGE, Role.NODE, Role.NEUTRAL):
            assert graph.of(role, Split.TRAIN)


WINE, MILK = Triple("child", "drinking", "wine"), Triple("child", "drinking", "milk")


@pytest.mark.parametrize(
    ("edges", "words"),
    [
        ([(MILK, Role.SAFE_EDGE, Split.TRAIN), (MILK, Role.NEUTRAL, Split.TRAIN)], "twice"),
        (
            [
                (MILK, Role.SAFE_EDGE, Split.TRAIN),
                (MILK.within(place="park"), Role.SAFE_EDGE, Split.HELD_OUT),
            ],
            "seen in training",
        ),
        (
            [(WINE.within(place="park"), Role.UNSAFE, Split.TRAIN), (WINE, Role.SAFE_EDGE, Split.TRAIN)],
            "can show what is unsafe",
        ),
        (
            [
                (Triple("man", "holding", "saw"), Role.NEUTRAL, Split.TRAIN),
                (Triple("dog", "holding", "saw"), Role.NEUTRAL, Split.HELD_OUT),
            ],
            "neutral object in both",
        ),
        ([(MILK, Role.SAFE_NODE, Split.TRAIN)], "safe node in training"),
    ],
)
def test_a_leak_is_found(edges, words):
    graph = RelationGraph(tuple(GraphEdge(t, role, "x", split) for t, role, split in edges), ())
    with pytest.raises(AssertionError, match=words):
        check_no_leak(graph)


def test_the_same_tuple_in_places_apart_is_no_leak():
    check_no_leak(
        RelationGraph(
            (
                GraphEdge(MILK.within(place="park"), Role.SAFE_EDGE, "x", Split.TRAIN),
                GraphEdge(MILK.within(place="beach"), Role.SAFE_EDGE, "x", Split.HELD_OUT),
            ),
            (),
        )
    )


def test_training_shows_nothing_that_the_policy_holds_out(alcohol):
    shown = {name for edge in alcohol.edges if edge.split is Split.TRAIN for name in edge.triple.slots()}
    assert not {"toddler", "beer"} & shown
    asked = {name for edge in alcohol.of(Role.SAFE_EDGE, Split.HELD_OUT) for name in edge.triple.slots()}
    assert {"toddler", "beer"} <= asked
