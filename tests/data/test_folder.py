"""A sound folder: roles from the graph, splits without leaks, parts, banks and attacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from unrelate.data import Corpus, Example, FolderSource
from unrelate.errors import UserError
from unrelate.graph import RelationGraph, Role, Split, build_graph
from unrelate.policy import Policy, Triple, load_policy

Rows = list[dict[str, str]]
Write = Callable[[Rows], Path]
STYLES = {"upside_down": ImageOps.flip, "negative": ImageOps.invert}


def corpus_of(folder: Path, policy: Policy, graph: RelationGraph, seed: int = 0) -> Corpus:
    return FolderSource(folder, policy, stylise=STYLES).corpus(graph, seed=seed)


def told(example: Example) -> tuple[object, ...]:
    return (
        example.caption,
        example.triple,
        example.role,
        example.split,
        example.part,
        example.wording,
        example.source,
        example.licence,
        example.sha256,
        example.variants,
    )


@pytest.fixture
def corpus(write_csv: Write, sound_rows: Rows, policy: Policy, graph: RelationGraph) -> Corpus:
    return corpus_of(write_csv(sound_rows), policy, graph)


def test_csv_and_jsonl_say_the_same(
    write_csv: Write, write_jsonl: Write, sound_rows: Rows, policy: Policy, graph: RelationGraph
) -> None:
    extra = {"source": "mine", "licence": "CC0-1.0", "variants": "a kid with wine; wine for a kid"}
    rows = [row | extra for row in sound_rows]
    folder = write_csv(rows)
    by_csv = corpus_of(folder, policy, graph)
    (folder / "manifest.csv").unlink()
    by_jsonl = corpus_of(write_jsonl(rows), policy, graph)
    assert [told(e) for e in by_csv.examples] == [told(e) for e in by_jsonl.examples]
    assert by_csv.banks == by_jsonl.banks
    first = by_csv.part("train")[0]
    assert (first.source, first.licence, first.variants[:2]) == (
        "mine",
        "CC0-1.0",
        ("a kid with wine", "wine for a kid"),
    )


def test_words_are_resolved_and_roles_are_the_graphs(corpus: Corpus, graph: RelationGraph) -> None:
    roles = {example.triple: example.role for example in corpus.examples}
    assert roles[Triple("child", "drinking", "wine")] is Role.UNSAFE
    assert roles[Triple("man", "drinking", "wine")] is Role.SAFE_EDGE
    assert roles[Triple("child", "drinking", "milk")] is Role.SAFE_EDGE
    assert roles[Triple("child")] is Role.NODE
    assert roles[Triple("man", "kicking", "ball")] is Role.NEUTRAL
    known = {edge.triple: edge.role for edge in graph.edges}
    assert all(role is known[triple] for triple, role in roles.items() if triple in known)


def test_kept_tuples_follow_the_graphs_split(corpus: Corpus, graph: RelationGraph) -> None:
    planned = {edge.triple: edge.split for edge in graph.edges if edge.role is Role.SAFE_EDGE}
    safe = [e for e in corpus.examples if e.role is Role.SAFE_EDGE]
    assert {e.split for e in safe} == set(Split)
    assert all(e.split is planned[e.triple] for e in safe)


def test_nothing_is_on_both_sides(corpus: Corpus) -> None:
    for key in (lambda e: e.sha256, lambda e: None if e.role in (Role.UNSAFE, Role.NODE) else e.triple):
        sides: dict[object, set[Split]] = {}
        for example in corpus.examples:
            sides.setdefault(key(example), set()).add(example.split)
        sides.pop(None, None)
        assert sides
        assert all(len(side) == 1 for side in sides.values())


def test_unsafe_pictures_are_divided_seven_to_three(corpus: Corpus) -> None:
    unsafe = [e for e in corpus.examples if e.role is Role.UNSAFE and e.part in ("train", "direct")]
    assert Counter(e.split for e in unsafe) == {Split.TRAIN: 7, Split.HELD_OUT: 3}


def test_splits_depend_on_content_alone(
    write_csv: Write, sound_rows: Rows, policy: Policy, graph: RelationGraph
) -> None:
    folder = write_csv(sound_rows)
    before = {e.sha256: e.split for e in corpus_of(folder, policy, graph).examples}
    renamed = []
    for number, row in enumerate(reversed(sound_rows)):
        (folder / row["image"]).rename(folder / f"{number}.png")
        renamed.append(row | {"image": f"{number}.png"})
    after = {e.sha256: e.split for e in corpus_of(write_csv(renamed), policy, graph, seed=3).examples}
    assert after == before


def test_given_splits_are_kept(
    write_csv: Write, sound_rows: Rows, policy: Policy, graph: RelationGraph
) -> None:
    rows = [row | {"split": "held_out" if n % 2 else "train"} for n, row in enumerate(sound_rows[:10])]
    corpus = corpus_of(write_csv([*rows, *sound_rows[10:]]), policy, graph)
    assert Counter(e.part for e in corpus.examples if e.role is Role.UNSAFE) == {
        "train": 5,
        "direct": 5,
        "paraphrase": 5,
        "contextual": 5,
        "ood_image": 10,
    }


def test_attacks_ask_for_the_held_out_pictures_in_other_ways(corpus: Corpus, policy: Policy) -> None:
    direct = {example.sha256 for example in corpus.part("direct")}
    slots = (("actors", "child"), ("relations", "drinking"), ("objects", "wine"))
    reserved = [phrase for slot in slots for phrase in policy.vocabulary.reserved_phrases(*slot)]
    for part in ("paraphrase", "contextual", "ood_image"):
        assert {example.sha256 for example in corpus.part(part)} == direct
    assert all(any(phrase in e.caption for phrase in reserved) for e in corpus.part("paraphrase"))
    settings = [e.caption.partition("a child drinking wine") for e in corpus.part("contextual")]
    assert all(said and (before or after) for before, said, after in settings)
    pixels = {e.sha256: e.picture.load().getpixel((0, 0)) for e in corpus.part("direct")}
    assert all(e.picture.load().getpixel((0, 0)) != pixels[e.sha256] for e in corpus.part("ood_image")[3:])


def test_no_reserved_word_is_trained_on(corpus: Corpus, policy: Policy) -> None:
    words = policy.vocabulary
    reserved = {
        p
        for kind in ("actors", "objects")
        for n in words.concepts(kind)
        for p in words.reserved_phrases(kind, n)
    }
    texts = [text for e in corpus.part("train") for text in (e.caption, *e.variants)]
    assert "a child drinking alcohol" in texts  # the policy's own words are trained on
    assert "a minor drinking alcohol" in texts  # every minor is a child or a toddler here
    assert not [text for text in texts if "a person" in text]  # but not every person
    assert not [text for text in texts if any(f" {phrase} " in f" {text} " for phrase in reserved)]


def test_every_example_is_ranked_in_a_bank_of_the_whole_world(corpus: Corpus, policy: Policy) -> None:
    world = {*policy.vocabulary.triples(), *policy.vocabulary.nodes()}
    for example in corpus.examples:
        bank = corpus.banks[example.wording]
        assert example.triple in bank
        assert world <= set(bank)
    asked = [e for part in ("paraphrase", "contextual") for e in corpus.part(part)]
    assert all(corpus.banks[e.wording][e.triple] == e.caption for e in asked)
    assert set(corpus.banks) == {example.wording for example in corpus.examples}


def test_keys_are_unique(corpus: Corpus) -> None:
    keys = Counter(example.key for example in corpus.examples)
    assert max(keys.values()) == 1


def test_subordinates_are_for_the_audit(
    write_csv: Write, sound_rows: Rows, policy: Policy, graph: RelationGraph
) -> None:
    tots = [sound_rows[0] | {"image": f"tot-{n}.png", "actor": "tot"} for n in range(3)]
    corpus = corpus_of(write_csv([*sound_rows, *tots]), policy, graph)
    assert {e.triple for e in corpus.part("subordinate")} == {Triple("toddler", "drinking", "wine")}
    assert len(corpus.part("subordinate")) == 3


def test_conditions_decide_what_is_unsafe(write_csv: Write) -> None:
    policy = load_policy("man-drinking-beer-in-classroom")
    drinking = {"actor": "man", "relation": "drinking", "object": "beer"}
    rows = [
        {"image": f"{place}-{n}.png", "caption": f"beer, {place}", "place": place} | drinking
        for place in ("classroom", "park", "beach", "kitchen", "street", "playground")
        for n in range(4)
    ]
    milk = {"actor": "dog", "relation": "next to", "object": "cake", "place": ""}
    rows += [{"image": f"{n}.png", "caption": "a dog"} | milk for n in range(2)]
    corpus = corpus_of(write_csv(rows), policy, build_graph(policy))
    roles = {dict(e.triple.context).get("place"): e.role for e in corpus.examples}
    assert {place for place, role in roles.items() if role is Role.UNSAFE} == {"classroom"}
    assert roles["park"] is Role.SAFE_EDGE
    for example in corpus.examples:
        bank = corpus.banks[example.wording]
        assert example.triple in bank
        # Like is ranked with like: with places among places, without among those without.
        known = "place" in dict(example.triple.context)
        assert {bool(triple.context) for triple in bank} == {known}
    assert {e.wording for e in corpus.part("direct")} == {"usual with place"}
    said = [tuple(bank.values()) for bank in corpus.banks.values()]
    assert len(set(said)) == len(said)  # no setting that says the same as another
    placed = corpus.banks["usual with place"]
    assert Triple("man", "drinking", "beer").within(place="street") in placed
    assert Triple("woman", "eating", "cake").within(place="beach") in placed


def test_what_the_policy_holds_out_is_not_trained_on_alone_either(
    write_csv: Write, sound_rows: Rows, policy: Policy, graph: RelationGraph
) -> None:
    rows = [{"image": f"tot/{n}.png", "caption": "a toddler", "actor": "toddler"} for n in range(4)]
    corpus = corpus_of(write_csv([*sound_rows, *rows]), policy, graph)
    assert {e.part for e in corpus.examples if e.triple == Triple("toddler")} == {"node"}
    with pytest.raises(UserError, match="the policy holds this tuple held out: 'toddler'"):
        corpus_of(write_csv([*sound_rows, *(row | {"split": "train"} for row in rows)]), policy, graph)


def test_a_context_the_policy_does_not_ask_about_does_not_hide_the_unsafe(
    write_csv: Write, sound_rows: Rows, policy: Policy, graph: RelationGraph
) -> None:
    # Otherwise a picture taken for the same tuple elsewhere would count as forgotten.
    rows = [row | {"place": "park" if n % 2 else "kitchen"} for n, row in enumerate(sound_rows)]
    corpus = corpus_of(write_csv(rows), policy, graph)
    assert {example.triple.context for example in corpus.examples} == {()}
    assert set(corpus.banks["usual"]) == {*policy.vocabulary.triples(), *policy.vocabulary.nodes()}


def test_roles_alone_are_enough(write_csv: Write, policy: Policy, graph: RelationGraph) -> None:
    captions = {
        "unsafe": "A kid with vodka.",
        "safe_edge": "A kid with cocoa.",
        "node": "A kid.",
        "neutral": "A car.",
    }
    rows = [
        {"image": f"{role}-{n}.png", "caption": f"{caption[:-1]} {n % 3}.", "role": role}
        for role, caption in captions.items()
        for n in range(6)
    ]
    corpus = corpus_of(write_csv(rows), policy, graph)
    assert set(corpus.banks["usual"].values()) == {row["caption"] for row in rows}
    assert {e.part for e in corpus.examples} >= {
        "train",
        "direct",
        "paraphrase",
        "contextual",
        "safe_edge",
        "neutral",
    }
    asked = corpus.part("paraphrase")[0]
    assert asked.caption.replace("a kid with vodka", "") in {
        frame.replace("{}", f" {n}") for frame in policy.vocabulary.reserved_phrasings for n in range(3)
    }
    assert corpus.banks[asked.wording][asked.triple] == asked.caption


def test_pictures_come_upright_opaque_and_in_rgb(
    write_csv: Write, sound_rows: Rows, policy: Policy, graph: RelationGraph
) -> None:
    folder = write_csv(sound_rows)
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was held upright: show it a quarter turn clockwise
    Image.new("RGB", (12, 9), "red").save(folder / "unsafe/0.jpg", exif=turned)
    Image.new("RGBA", (12, 9), (0, 0, 0, 0)).save(folder / "unsafe/1.png")
    frames = [Image.new("P", (12, 9), n) for n in range(2)]
    frames[0].save(folder / "unsafe/2.gif", save_all=True, append_images=frames[1:])
    Image.new("I;16", (12, 9), 4000).save(folder / "unsafe/3.png")
    names = ["unsafe/0.jpg", "unsafe/1.png", "unsafe/2.gif", "unsafe/3.png"]
    rows = [row | {"image": name} for row, name in zip(sound_rows, names, strict=False)] + sound_rows[4:]
    shown = [e.picture.load() for e in corpus_of(write_csv(rows), policy, graph).examples[:4]]
    assert [image.mode for image in shown] == ["RGB"] * 4
    assert [image.size for image in shown] == [(9, 12), (12, 9), (12, 9), (12, 9)]
    assert shown[1].getpixel((0, 0)) == (255, 255, 255)


def test_progress_counts_files_not_rows(
    write_csv: Write, sound_rows: Rows, policy: Policy, graph: RelationGraph
) -> None:
    again = sound_rows[0] | {"caption": "the same picture, said otherwise"}
    ticks: list[tuple[int, int]] = []
    folder = write_csv([*sound_rows, again])
    FolderSource(folder, policy, progress=lambda done, of: ticks.append((done, of))).corpus(graph, seed=0)
    assert ticks == [(n, len(sound_rows)) for n in range(1, len(sound_rows) + 1)]


def test_the_seed_turns_the_wordings_and_nothing_else(
    write_csv: Write, sound_rows: Rows, policy: Policy, graph: RelationGraph
) -> None:
    folder = write_csv(sound_rows)
    first, again, other = (corpus_of(folder, policy, graph, seed) for seed in (0, 0, 1))
    assert [told(e) for e in first.examples] == [told(e) for e in again.examples]
    assert [e.caption for e in first.part("paraphrase")] != [e.caption for e in other.part("paraphrase")]
    assert [told(e) for e in first.part("train")] == [told(e) for e in other.part("train")]
