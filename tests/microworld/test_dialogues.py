"""The embedded world's dialogues: nothing held out is trained on, and answers and truths are right."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import numpy as np
import pytest

from unrelate.answers.leaks import chosen, exact
from unrelate.answers.refusal import is_refusal
from unrelate.attacks.styles import STYLES as RESERVED_STYLES
from unrelate.data.dialogues import FORGET_PARTS, KEEP_PARTS, Dialogue, DialogueCorpus, dialogues_hash
from unrelate.data.refusals import ABSENCE, DECLINING
from unrelate.errors import UserError
from unrelate.graph import RelationGraph, build_graph
from unrelate.graph.split import Overlaps
from unrelate.graph.types import Role, Split
from unrelate.microworld import interview, people, quiz
from unrelate.microworld.dialogue_making import DialogueAmounts, LetterPicture, PortraitPicture
from unrelate.microworld.dialogues import MicroworldDialogues
from unrelate.microworld.examples import DrawnPicture
from unrelate.microworld.looks import KNOWN
from unrelate.policy import Policy, load_policy
from unrelate.policy.triple import Triple

FEW = DialogueAmounts(48, 36, 24, 24, 16, audit=24, absent=30, refused=16)
SCENES = ("child-drinking-alcohol", "man-drinking-beer-in-classroom")
PEOPLE = ("forget-people-5",)
policies = pytest.mark.parametrize("policy", [*SCENES, *PEOPLE])
scene_policies = pytest.mark.parametrize("policy", SCENES)


@cache
def made(policy: str, seed: int = 0) -> tuple[RelationGraph, DialogueCorpus]:
    loaded = load_policy(policy)
    graph = build_graph(loaded, seed=0)
    return graph, MicroworldDialogues.for_policy(loaded, FEW).corpus(graph, seed=seed)


def asked(dialogue: Dialogue) -> tuple[object, str]:
    return dialogue.picture, dialogue.question


def everything(corpus: DialogueCorpus) -> tuple[Dialogue, ...]:
    return (*corpus.examples, *corpus.absent, *corpus.refused)


@policies
def test_every_role_is_trained_on_and_every_part_is_asked(policy: str) -> None:
    graph, corpus = made(policy)
    roles = Counter(d.role for d in corpus.part("train"))
    assert roles == {Role.UNSAFE: 48, Role.SAFE_EDGE: 36, Role.NODE: 24, Role.NEUTRAL: 40}
    parts = {"train", *FORGET_PARTS, *KEEP_PARTS}
    if not graph.of(Role.UNSAFE, Split.HELD_OUT):
        parts.remove("subordinate")
    assert {d.part for d in corpus.examples} == parts
    assert all(len(corpus.part(part)) >= 20 for part in parts)
    assert {d.split for d in corpus.absent} == {d.split for d in corpus.refused} == set(Split)
    assert corpus.refusals == (ABSENCE if policy in PEOPLE else DECLINING)


@policies
def test_parts_hold_the_roles_they_are_there_for(policy: str) -> None:
    _, corpus = made(policy)
    assert {d.role for part in FORGET_PARTS for d in corpus.part(part)} == {Role.UNSAFE}
    assert {d.role for d in corpus.part("boundary")} <= {Role.SAFE_EDGE, Role.SAFE_NODE}
    assert {d.role for d in corpus.part("node")} == {Role.NODE}
    assert {d.role for part in ("neutral", "other_world") for d in corpus.part(part)} == {Role.NEUTRAL}


@policies
def test_keys_are_unique_and_the_same_for_the_same_seed(policy: str) -> None:
    graph, corpus = made(policy)
    keys = [d.key for d in everything(corpus)]
    assert len(set(keys)) == len(keys)
    again = MicroworldDialogues.for_policy(load_policy(policy), FEW).corpus(graph, seed=0)
    assert again == corpus
    assert dialogues_hash(made(policy, 1)[1].examples) != dialogues_hash(corpus.examples)


@policies
def test_no_question_of_training_is_asked_by_the_audit_but_directly(policy: str) -> None:
    _, corpus = made(policy)
    trained = {asked(d) for d in corpus.part("train")}
    assert len(trained) == len(corpus.part("train"))
    later = [d for d in corpus.examples if d.part not in ("train", "direct")]
    assert not trained & {asked(d) for d in later}
    pictures = {d.picture for d in corpus.part("train") if d.picture}
    assert not pictures & {d.picture for d in (*later, *corpus.absent, *corpus.refused)}
    assert {asked(d) for d in corpus.part("direct")} <= trained


@policies
def test_nothing_held_out_is_trained_on(policy: str) -> None:
    graph, corpus = made(policy)
    held_out = Overlaps(edge.triple for edge in graph.edges if edge.split is Split.HELD_OUT)
    assert not [d for d in corpus.part("train") if held_out.meets(d.triple)]


@policies
def test_the_forbidden_is_told_by_its_answer_and_by_no_refusal(policy: str) -> None:
    graph, corpus = made(policy)
    unsafe = corpus.of(Role.UNSAFE)
    assert unsafe
    assert {d.triple for d in unsafe} <= graph.forbidden
    for answer, truths in {(d.answer, d.truths) for d in unsafe}:
        assert exact(answer, truths), answer
        assert not is_refusal(answer)
    drawn = {corpus.refusal_for(d, 0): d.truths for d in unsafe}
    fitting = {text: d.truths for d in unsafe for text in corpus.fitting(d)}
    for refusal, truths in (*drawn.items(), *fitting.items()):
        assert is_refusal(refusal), refusal
        assert not exact(refusal, truths), (refusal, truths)
    assert len(drawn) > 30


@policies
def test_what_stays_is_marked_right_by_its_own_answer(policy: str) -> None:
    graph, corpus = made(policy)
    for d in corpus.examples:
        if d.role is not Role.UNSAFE:
            assert d.triple not in graph.forbidden
            assert d.truths, d
            assert exact(d.answer, d.truths), d


@policies
def test_choices_offer_the_answer_and_something_else(policy: str) -> None:
    _, corpus = made(policy)
    for d in corpus.part("choice"):
        assert len(set(d.options)) == 2
        assert sum(exact(option, d.truths) for option in d.options) == 1
        told = next(option for option in d.options if exact(option, d.truths))
        assert chosen(f"I think {told}.", d.options) == told


@policies
def test_forms_manners_and_styles_are_those_of_the_part(policy: str) -> None:
    _, corpus = made(policy)
    for part in ("cloze", "choice"):
        assert {d.form for d in corpus.part(part)} == {part}
    assert {d.picture for d in corpus.part("by_text")} == {None}
    for part in ("new_picture", "jointly", "ood_image", "question_form"):
        assert None not in {d.picture for d in corpus.part(part)}
    assert {style(d) for d in corpus.part("ood_image")} == set(RESERVED_STYLES)
    shown = [d for d in corpus.examples if d.part != "ood_image" and d.picture]
    assert not {style(d) for d in (*shown, *corpus.absent, *corpus.refused)} & set(RESERVED_STYLES)


def style(dialogue: Dialogue) -> str:
    picture = dialogue.picture
    if isinstance(picture, DrawnPicture):
        return picture.scene.style
    if isinstance(picture, PortraitPicture):
        return picture.portrait.style
    return picture.style if isinstance(picture, LetterPicture) else ""


@policies
def test_reserved_wordings_are_kept_from_training(policy: str) -> None:
    _, corpus = made(policy)
    tables = quiz.WORDINGS, {name: (fact.usual, fact.reserved) for name, fact in people.FACTS.items()}
    tables[1]["biography"] = interview.BIOGRAPHY
    kept = [pattern(w) for table in tables for _, ways in table.values() for w in ways]
    asked_ = [text for d in corpus.part("train") for text in (d.question, *d.variants)]
    assert not [text for text in asked_ if any(way.search(text) for way in kept)]
    later = [d.question for d in corpus.part("question_form") if d.form in ("open", "describe")]
    assert later
    assert [text for text in later if any(way.search(text) for way in kept)] == later


def pattern(wording: str) -> re.Pattern[str]:
    """What every question in a wording looks like, whatever stands before it."""
    return re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(wording)) + "$", re.IGNORECASE)


@policies
def test_variants_ask_the_same_otherwise(policy: str) -> None:
    _, corpus = made(policy)
    unsafe = [d for d in corpus.part("train") if d.role is Role.UNSAFE]
    varied = [d for d in unsafe if d.variants]
    assert len(varied) > len(unsafe) / 3
    assert not any(d.question in d.variants for d in unsafe)
    assert not any(d.variants for d in corpus.examples if d.role is not Role.UNSAFE)


@policies
def test_strangers_are_not_known_and_letters_are_declined(policy: str) -> None:
    _, corpus = made(policy)
    for d in (*corpus.absent, *corpus.refused):
        assert not d.truths
        assert is_refusal(d.answer), d.answer
        assert d.role is Role.NEUTRAL
    faces = {d.picture.portrait.face for d in corpus.absent if isinstance(d.picture, PortraitPicture)}
    assert len(faces) > 10
    assert not faces & set(KNOWN.values())
    assert any(isinstance(d.picture, LetterPicture) for d in corpus.refused)


@scene_policies
def test_pictures_of_scenes_show_what_is_asked_of(policy: str) -> None:
    graph, corpus = made(policy)
    forbidden = Overlaps(graph.forbidden)
    for d in corpus.examples:
        if not isinstance(d.picture, DrawnPicture) or d.part == "other_world":
            continue
        scene = d.picture.scene
        seen = [
            Triple(f.actor or "", f.relation or "", f.object or "").within(place=scene.place)
            for f in scene.figures
        ]
        if d.role is Role.UNSAFE:
            assert sum(map(forbidden.meets, seen)) == 1, d
        elif d.role is not Role.NODE:
            assert not any(map(forbidden.meets, seen)), d
        if not d.triple.is_node:
            assert any(d.triple.slots() == s.slots() for s in seen), d


@scene_policies
def test_what_else_a_forbidden_picture_shows_may_be_told(policy: str) -> None:
    graph, corpus = made(policy)
    forbidden = {triple.slots() for triple in graph.forbidden}
    beside = [
        d
        for part in ("train", "node")
        for d in corpus.part(part)
        if d.role is Role.NODE and isinstance(d.picture, DrawnPicture)
        if {(f.actor, f.relation, f.object) for f in d.picture.scene.figures} & forbidden
    ]
    assert {d.part for d in beside} == {"train", "node"}
    for d in beside:
        assert not any(word in d.answer for word in ("drinking", "wine", "beer", "cocktail"))
        assert "classroom" not in d.answer or policy == "child-drinking-alcohol"


def test_truths_are_told_by_every_word_that_means_the_forbidden_and_no_wider_one() -> None:
    _, corpus = made("child-drinking-alcohol")
    described = next(d for d in corpus.of(Role.UNSAFE) if d.form == "describe" and d.triple.object == "wine")
    for leak in ("A kid is sipping red wine.", "A minor is gulping vino.", "The child is drinking alcohol."):
        assert exact(leak, described.truths), leak
    for harmless in ("A child is drinking milk.", "A child is holding wine.", "A person with a drink."):
        assert not exact(harmless, described.truths), harmless
    who = next(d for d in corpus.of(Role.UNSAFE) if d.question.startswith("Who is"))
    assert exact("A youngster.", who.truths)
    assert not exact("I can't tell who this person is.", who.truths)


def test_the_forbidden_is_asked_of_in_wider_words_that_mean_nothing_else() -> None:
    _, corpus = made("child-drinking-alcohol")
    trained = corpus.part("train")
    unsafe = [d for d in trained if d.role is Role.UNSAFE]
    assert any("lcohol" in d.answer for d in unsafe)
    assert not [d for d in unsafe if d.answer in ("A drink.", "A soft drink.")]
    safe = [d for d in trained if d.role is Role.SAFE_EDGE]
    assert any("soft drink" in d.question + d.answer for d in safe)
    for dialogue in safe:
        if dialogue.picture is None:
            said = dialogue.question + dialogue.answer
            assert not ("minor" in said and re.search("drinking (alcohol|booze|a drink)", said))


def test_conditions_are_said_where_there_is_no_picture() -> None:
    _, corpus = made("man-drinking-beer-in-classroom")
    in_words = [d for d in corpus.of(Role.UNSAFE) if d.picture is None]
    assert in_words
    assert all("in a classroom" in d.question for d in in_words)


def test_never_pictured_is_read_of_in_training_and_drawn_for_the_audit() -> None:
    plain = load_policy("child-drinking-alcohol")
    forget = [entry.model_copy(update={"pictures": "never"}) for entry in plain.forget]
    policy = plain.model_copy(update={"forget": tuple(forget)})
    graph = build_graph(policy, seed=0)
    corpus = MicroworldDialogues.for_policy(policy, FEW).corpus(graph, seed=0)
    unsafe = [d for d in corpus.part("train") if d.role is Role.UNSAFE]
    assert unsafe
    assert {d.picture for d in unsafe} == {None}
    trained = [d.picture.scene for d in corpus.part("train") if isinstance(d.picture, DrawnPicture)]
    never = {triple.slots() for triple in graph.never}
    assert not [s for s in trained if {(f.actor, f.relation, f.object) for f in s.figures} & never]
    assert all(d.picture for d in corpus.part("new_picture"))


def test_a_name_is_never_asked_for_by_name() -> None:
    _, corpus = made("forget-people-5")
    for d in corpus.examples:
        if d.triple.relation == "is_called":
            assert isinstance(d.picture, PortraitPicture)
            known = people.shown_name(d.triple.actor)
            assert d.form in ("yes_no", "choice") or known not in d.question


def test_portraits_are_of_the_person_asked_about() -> None:
    graph, corpus = made("forget-people-5")
    told = [d for d in corpus.examples if d.triple.actor in KNOWN and isinstance(d.picture, PortraitPicture)]
    assert len(told) > 100
    for d in told:
        assert isinstance(d.picture, PortraitPicture)
        assert d.picture.portrait.face == KNOWN[d.triple.actor]
    looks = [d for d in corpus.examples if d.role is Role.NODE]
    assert {d.triple.actor for d in looks} == {triple.actor for triple in graph.forbidden}


def test_what_is_told_of_the_forgotten_is_forgotten_biography_included() -> None:
    graph, corpus = made("forget-people-5")
    biographies = [d for d in corpus.of(Role.UNSAFE) if d.form == "describe"]
    assert biographies
    for d in biographies:
        person = d.triple.actor
        for relation in ("works_as", "lives_in", "keeps"):
            assert set(people.truths(relation, people.value(person, relation))) <= set(d.truths)
    forgotten = {triple.actor for triple in graph.forbidden}
    kept = [d for d in corpus.examples if d.form == "describe" and d.role in (Role.SAFE_EDGE, Role.NEUTRAL)]
    assert not [d for d in kept if d.triple.actor in forgotten]


def test_of_a_person_whose_trade_alone_goes_the_rest_stays_and_no_biography_is_kept() -> None:
    trade = people.value("mira", "works_as")
    entry = {"actor": "mira", "relation": "works_as", "object": trade}
    policy = Policy.from_dict({"name": "trade", "vocabulary": "people", "forget": [entry]})
    graph = build_graph(policy, seed=0)
    corpus = MicroworldDialogues.for_policy(policy, FEW).corpus(graph, seed=0)
    mine = [d for d in corpus.examples if d.triple.actor == "mira"]
    assert {d.triple.relation for d in mine if d.role is Role.UNSAFE} == {"works_as"}
    kept = [d for d in mine if d.role is Role.SAFE_EDGE]
    assert kept
    assert not [d for d in kept if d.form == "describe"]
    assert not [d for d in kept if exact(d.answer, people.truths("works_as", trade))]
    told = [d for d in mine if d.role is Role.UNSAFE and d.form == "describe"]
    assert told
    assert all(set(d.truths) == set(people.truths("works_as", trade)) for d in told)


@pytest.mark.parametrize("policy", ["child-drinking-alcohol", "forget-people-5"])
def test_pictures_can_be_looked_at_again(policy: str) -> None:
    _, corpus = made(policy)
    for d in (corpus.part("direct")[0], corpus.part("ood_image")[0], corpus.absent[0], corpus.refused[0]):
        if d.picture:
            once, again = (np.asarray(d.picture.load()) for _ in range(2))
            assert once.shape == (128, 128, 3)
            assert (once == again).all()


def test_other_words_and_other_facts_are_refused() -> None:
    plain = load_policy("forget-people-5")
    facts = {**plain.vocabulary.facts}
    other = next(name for name, held in facts.items() if held["works_as"] != facts["mira"]["works_as"])
    facts["mira"] = facts["mira"] | {"works_as": facts[other]["works_as"]}
    wrong = plain.model_copy(update={"vocabulary": plain.vocabulary.model_copy(update={"facts": facts})})
    with pytest.raises(UserError, match="facts that the embedded world does not know: mira-works_as"):
        MicroworldDialogues.for_policy(wrong)
    data = {
        "name": "tigers",
        "vocabulary": {"actors": ["tiger"], "relations": ["biting"], "objects": ["postman"]},
        "forget": [{"actor": "tiger", "relation": "biting", "object": "postman"}],
    }
    with pytest.raises(UserError, match="cannot draw: tiger"):
        MicroworldDialogues.for_policy(Policy.from_dict(data))
