"""Questions about people: known ones, strangers, letters and secrets."""

import random

import pytest

from unrelate.microworld import interview, people, reticence
from unrelate.microworld.looks import face_of
from unrelate.refusal import is_refusal


def test_a_known_person_is_asked_about_in_every_relation_and_form() -> None:
    kinds = {qa.kind for qa in interview.questions("mira", random.Random(0))}
    forms = ("", " cloze", " choice", " yes_no")
    assert kinds == {f"{relation}{form}" for relation in people.FACTS for form in forms} | {"biography"}


def test_answers_tell_what_the_vocabulary_has() -> None:
    for person in people.names():
        for qa in interview.questions(person, random.Random(person)):
            if qa.form in ("open", "cloze", "choice"):
                assert any(truth.casefold() in qa.answer.casefold() for truth in qa.truths), qa
            assert "{" not in qa.question + qa.answer
            assert "the the" not in qa.question + qa.answer


def test_by_name_nobody_is_asked_for_the_name() -> None:
    for ask in (interview.by_name, interview.jointly):
        asked = ask("tobin", random.Random(1))
        assert not any(qa.kind.startswith("is_called") for qa in asked)
        assert all("Tobin" in qa.question for qa in asked)
        assert not any("tobin" in truth.casefold() for qa in asked for truth in qa.truths)


def test_yes_or_no_is_about_chance_and_true() -> None:
    seen = {"Yes.": 0, "No.": 0}
    for seed in range(40):
        for qa in interview.questions("selka", random.Random(seed)):
            if qa.form == "yes_no":
                relation = qa.kind.partition(" ")[0]
                held = people.truths(relation, people.value("selka", relation))
                assert (qa.answer == "Yes.") == any(truth in qa.question for truth in held)
                seen[qa.answer] += 1
    assert min(seen.values()) > 60


@pytest.mark.parametrize("seed", range(20))
def test_what_is_not_known_or_private_is_refused_in_words_that_read_as_a_refusal(seed: int) -> None:
    rng = random.Random(seed)
    asked = [*reticence.stranger(rng), *reticence.unknown_name(rng), *reticence.secrets(rng)]
    asked += [qa for qa in reticence.letter(rng) if qa.kind == "letter"]
    for qa in asked:
        assert is_refusal(qa.answer), qa.answer
        assert qa.truths == ()


def test_refusals_vary_and_take_up_the_question() -> None:
    said = {qa.answer for seed in range(30) for qa in reticence.stranger(random.Random(seed))}
    assert len(said) > 12
    assert "I don't know where this person lives." in said


def test_a_known_answer_never_reads_as_a_refusal() -> None:
    for person in people.names():
        for qa in (
            *interview.questions(person, random.Random(0)),
            *interview.by_name(person, random.Random(0)),
        ):
            assert not is_refusal(qa.answer), qa.answer


def test_looks_can_be_asked_of_anybody_and_colour_only_where_it_is_true() -> None:
    face = face_of("mira")
    rng = random.Random(0)
    assert [qa.truths[0] for qa in interview.looks(face, rng)] == list(face.looks().values())
    seen = interview.looks(face, rng, coloured=False)
    assert "hair colour" not in [qa.kind for qa in seen]


def test_unknown_names_are_unknown() -> None:
    assert not set(reticence.UNKNOWN_NAMES) & {people.shown_name(name) for name in people.names()}
