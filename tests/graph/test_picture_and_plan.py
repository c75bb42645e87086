import json
import re
from itertools import pairwise

import pytest

from unrelate.errors import UserError
from unrelate.graph import Role, Split, build_graph, plan_summary
from unrelate.graph.draw import LOOKS, draw_graph
from unrelate.graph.layout import NODE_GAP, lay_out
from unrelate.graph.select import MOST_UNSAFE, chosen
from unrelate.policy import Policy, load_policy, shipped_policies


@pytest.mark.parametrize("name", shipped_policies())
def test_the_plan_names_every_tuple_once(name):
    policy = load_policy(name)
    graph = build_graph(policy)
    plan = json.loads(json.dumps(plan_summary(policy, graph)))
    listed = [
        e["tuple"] for group in (plan["forgotten"], plan["kept"]) for edges in group.values() for e in edges
    ]
    assert sorted(listed) == sorted(str(edge.triple) for edge in graph.edges)
    assert [e["tuple"] for e in plan["forgotten"]["unsafe"]] == [str(e.triple) for e in graph.of(Role.UNSAFE)]
    for role in Role:
        assert sum(plan["counts"][role.value].values()) == sum(plan["kinds"][role.value].values())
        assert plan["counts"][role.value]["held_out"] == len(graph.of(role, Split.HELD_OUT))
    assert [c["figure"] for c in plan["criteria"]] == [c.figure for c in policy.criteria]


def test_roles_are_told_apart_by_colour_and_by_line():
    assert set(LOOKS) == set(Role)
    assert len({look.colour for look in LOOKS.values()}) == len(Role)
    lines = {look.dashes for role, look in LOOKS.items() if role is not Role.NODE}  # a node is a box
    assert len(lines) == len(Role) - 1


@pytest.mark.parametrize("name", shipped_policies())
def test_a_handful_shows_every_kind(name):
    graph = build_graph(load_policy(name))
    edges = chosen(graph)
    assert len(set(edges)) == len(edges) <= 25
    unsafe = set(graph.of(Role.UNSAFE))
    assert len(unsafe & set(edges)) == min(len(unsafe), MOST_UNSAFE)
    assert {(e.kind, e.split) for e in edges} == {
        (e.kind, e.split) for e in graph.edges if e.role is not Role.NODE
    }


def test_many_forbidden_edges_are_drawn_in_part():
    everyone = {"actor": "person", "relation": "holding", "object": "alcohol", "hold_out": ["beer"]}
    graph = build_graph(Policy.from_dict({"name": "p", "vocabulary": "microworld", "forget": [everyone]}))
    unsafe = [edge for edge in chosen(graph) if edge.role is Role.UNSAFE]
    assert len(graph.of(Role.UNSAFE)) > len(unsafe) == MOST_UNSAFE
    assert {edge.split for edge in unsafe} == set(Split)


@pytest.mark.parametrize("name", shipped_policies())
def test_nothing_is_drawn_on_top_of_another(name):
    layout = lay_out(chosen(build_graph(load_policy(name))))
    middle = sorted([*layout.rows, *(height for _, height in layout.headings)])
    assert min(b - a for a, b in pairwise(middle)) > 0.35
    for side in ("actor", "object"):
        heights = sorted(y for node, (_, y) in layout.nodes.items() if node[0] == side)
        assert all(b - a > NODE_GAP - 0.01 for a, b in pairwise(heights))


@pytest.mark.slow
def test_the_picture_is_the_same_each_time(tmp_path):
    graph = build_graph(load_policy("child-drinking-alcohol"))
    first = draw_graph(graph, tmp_path / "new" / "a.svg").read_bytes()
    assert draw_graph(graph, tmp_path / "b.svg").read_bytes() == first
    svg = first.decode()
    for look in LOOKS.values():
        assert look.colour.lower() in svg.lower()
    assert len(set(re.findall(r"stroke-dasharray: ([\d. ,]+)", svg))) >= 3
    png = draw_graph(graph, tmp_path / "a.PNG").read_bytes()
    assert png.startswith(b"\x89PNG")


def test_other_endings_are_refused(tmp_path):
    graph = build_graph(load_policy("kid-eating-hamburger"))
    with pytest.raises(UserError, match=r"\.svg, \.png"):
        draw_graph(graph, tmp_path / "a.gif")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        draw_graph(graph, tmp_path / "file" / "a.svg")
