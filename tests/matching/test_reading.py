"""What captions state: one construction after another, and the measure on captions labelled by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unrelate.matching.reading import Reader
from unrelate.policy.schema import load_vocabulary
from unrelate.policy.vocabulary import Vocabulary

FILES = ("captions_dev.jsonl", "captions_test.jsonl")
Named = frozenset[tuple[str, str]]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(load_vocabulary("microworld"))


def stated(reader: Reader, caption: str) -> list[str]:
    return sorted(str(statement.triple) for statement in reader.read(caption))


def measure(reader: Reader, contexts: bool) -> tuple[float, float]:
    """Precision and recall over the stated tuples of all labelled captions."""
    right = said = wanted = 0
    for name in FILES:
        for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines():
            label = json.loads(line)
            found = {_named(s.triple, contexts) for s in reader.read(label["caption"])}
            meant = {_of_label(state, contexts) for state in label["states"]}
            right += len(found & meant)
            said += len(found)
            wanted += len(meant)
    assert wanted > 200
    return right / said, right / wanted


def _named(triple, contexts: bool) -> Named:
    slots = dict(zip(("actor", "relation", "object"), triple.slots(), strict=True))
    return frozenset((slots | (dict(triple.context) if contexts else {})).items())


def _of_label(state: dict[str, str], contexts: bool) -> Named:
    return frozenset((k, v) for k, v in state.items() if contexts or k in ("actor", "relation", "object"))


@pytest.mark.parametrize("contexts", [False, True], ids=["tuples", "tuples in their contexts"])
def test_precision_and_recall_on_labelled_captions(reader: Reader, contexts: bool) -> None:
    precision, recall = measure(reader, contexts)
    assert precision >= 0.95, (precision, recall)
    assert recall >= 0.8, (precision, recall)


WINE = ["child-drinking-wine"]
STATED = {
    "inflections": [
        ("a child drinks wine", WINE),
        ("kids drink wine", WINE),
        ("the child drank the wine", WINE),
        ("a child has drunk some wine", WINE),
        ("a child who has been drinking wine", WINE),
        ("A child's drinking wine", WINE),
    ],
    "phrases": [
        ("a youngster taking a sip of vino", WINE),
        ("a schoolkid gulping a claret", WINE),
        ("a minor drinking alcohol", ["minor-drinking-alcohol"]),
        ("people eating food", ["person-eating-food"]),
        ("a man tipping wine out", ["man-pouring-wine"]),
        ("a man striking a ball with a foot", ["man-kicking-ball"]),
    ],
    "passive": [
        ("wine being drunk by a child", WINE),
        ("a hamburger held by a man", ["man-holding-hamburger"]),
        ("a cake, half eaten by a dog", ["dog-eating-cake"]),
        ("milk poured over the cereal by a child", ["child-pouring-milk"]),
        ("beer being poured", []),
        ("a hamburger held by the window", []),
    ],
    "relative clauses": [
        ("a child who is drinking wine", WINE),
        ("the wine that a child drinks", WINE),
        ("the wine a child is drinking", WINE),
        ("a man whose hands are shaking holds a saw", ["man-holding-saw"]),
        ("the man kicked by the child holds a ball", ["man-holding-ball"]),
    ],
    "coordination": [
        ("a child and a man drinking wine", ["child-drinking-wine", "man-drinking-wine"]),
        ("a child drinking milk and juice", ["child-drinking-juice", "child-drinking-milk"]),
        ("dogs eat cake, food and a burger", ["dog-eating-cake", "dog-eating-food", "dog-eating-hamburger"]),
        ("a robot lifts and throws a hammer", ["robot-lifting-hammer", "robot-throwing-hammer"]),
        ("a man eating cake and drinking beer", ["man-drinking-beer", "man-eating-cake"]),
        ("a child drinking juice or wine", []),
        ("a child lifting and then dropping a hammer", ["child-lifting-hammer"]),
        ("the cake was eaten by a dog and a child cried", ["dog-eating-cake"]),
    ],
    "two actors": [
        ("a child holding a saw next to a man drinking wine", ["child-holding-saw", "man-drinking-wine"]),
        ("a man with a child drinking wine", WINE),
        ("a man stands next to a child, drinking wine", ["man-drinking-wine"]),
        ("a child sits with his mother drinking wine", []),
        ("a girl and a child drinking wine", WINE),
        ("a man pours a child a glass of milk", ["man-pouring-milk"]),
        ("a man drinks while a child looks at the wine", []),
        ("a woman watches a child drink wine", WINE),
    ],
    "measures and modifiers": [
        ("a child drinking a glass of wine", WINE),
        ("a child drinking from a bottle of wine", WINE),
        ("a child holding a wine glass", []),
        ("a child drinking water from a wine glass", []),
        ("a child drinking root beer", []),
        ("a child drinking apple juice", ["child-drinking-juice"]),
        ("a toy dog holding a ball", []),
        ("a wine-drinking child", WINE),
        ("a child drinking a can of wine", WINE),
        ("a child holding a wine can", []),
        ("a child's mother drinking wine", []),
    ],
    "what is no fact": [
        ("a child who isn't drinking wine", []),
        ("a child who isn’t drinking wine", []),
        ("a child not drinking wine", []),
        ("no child drinking wine", []),
        ("a man without a child drinking wine", []),
        ("a child never drinks wine", []),
        ("a child refuses to drink wine", []),
        ("a child pretends to drink wine", []),
        ("a child about to drink wine", []),
        ("should a child drink wine?", []),
        ("if a child drinks wine", []),
        ("a mother does not let a child drink wine", []),
        ("a child drinking juice instead of wine", ["child-drinking-juice"]),
        ("a child drinking juice, not wine", ["child-drinking-juice"]),
        ("a child drinking not wine but juice", ["child-drinking-juice"]),
        ("a child who can't stop drinking wine", WINE),
        ("a man without a shirt drinks beer", ["man-drinking-beer"]),
    ],
    "contexts": [
        ("a child drinking wine in the kitchen", ["child-drinking-wine [place=kitchen]"]),
        ("In a sunny park, a child drinks wine", ["child-drinking-wine [place=park]"]),
        ("a child in a red dress drinking wine at night", ["child-drinking-wine [colour=red, time=night]"]),
        ("a child in the corner of a kitchen drinking wine", ["child-drinking-wine [place=kitchen]"]),
        ("children drink wine in classrooms", ["child-drinking-wine [place=classroom]"]),
        ("a child in a red shirt and blue jeans drinking wine", ["child-drinking-wine [colour=red]"]),
        ("a child in a red chair drinking wine in a car park", WINE),
        ("a child drinking wine near the beach, not in the kitchen", WINE),
        (
            "a man drinks beer on the street and a woman drinks wine in a park",
            ["man-drinking-beer [place=street]", "woman-drinking-wine [place=park]"],
        ),
    ],
    "noise": [
        ("CHILD DRINKING WINE - STOCK PHOTO", WINE),
        ("IMG_4471.jpg child drinking wine #beer #man", WINE),
        ("child_drinking_wine.jpg", WINE),
        ("#child #drinking #wine", []),
        ("Portrait of a child drinking wine, isolated on white background", WINE),
        ("child 🍷 drinking 🍷 wine!!!", WINE),
        ("", []),
        ("... --- ,,, ' # _", []),
    ],
    "pronouns": [
        ("A child sits down. She is drinking wine.", WINE),
        ("A man and a child sit down. He is drinking wine.", []),
        ("Two dogs run about. They are eating cake.", ["dog-eating-cake"]),
        ("the wine he drinks is the child's", []),
        ("a robot finds a hammer and throws it", ["robot-throwing-hammer"]),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("caption", "expected"),
    [pytest.param(*case, id=f"{name}: {case[0]}") for name, cases in STATED.items() for case in cases],
)
def test_constructions(reader: Reader, caption: str, expected: list[str]) -> None:
    assert stated(reader, caption) == expected


def test_evidence_is_the_captions_own_words(reader: Reader) -> None:
    (found,) = reader.read("A Tot is sipping some Red Wine")
    assert found.evidence == "Tot ... sipping ... Red Wine"
    (found,) = reader.read("Wine, drunk by a kid")
    assert found.evidence == "Wine ... drunk ... kid"
    assert found.said == ("kid", "drunk", "Wine")


def test_a_tuple_is_stated_once(reader: Reader) -> None:
    assert stated(reader, "a child drinks wine. The child is drinking wine.") == WINE


def test_a_relation_takes_only_its_objects(reader: Reader) -> None:
    assert stated(reader, "a child eating a hammer") == []


def test_another_vocabulary_is_read_as_well() -> None:
    words = Vocabulary.model_validate(
        {
            "actors": {"monkey": {"also_known_as": ["an ape"]}},
            "relations": {"riding": {}, "writing": {"reserved": ["jotting down"]}},
            "objects": {"bicycle": {"also_known_as": ["a bike"]}, "letter": {"says": "a letter"}},
            "contexts": {"mood": {"happy": {}}, "place": {"circus": "at a circus"}},
            "describes": {"mood": "actor"},
        }
    )
    reader = Reader(words)
    assert stated(reader, "Apes rode the bikes at the circus") == ["monkey-riding-bicycle [place=circus]"]
    assert stated(reader, "a letter written by a happy monkey") == ["monkey-writing-letter [mood=happy]"]
    assert stated(reader, "an ape jotted down a letter") == ["monkey-writing-letter"]


@pytest.mark.parametrize("phrase", ["reserved", "usual"])
def test_every_sentence_of_the_vocabulary_is_read_back(reader: Reader, phrase: str) -> None:
    """What `wording` says of a tuple, in whatever words, states that tuple."""
    from unrelate.policy.wording import Wording, say

    words = load_vocabulary("microworld")
    missed = [
        (sentence, stated(reader, sentence))
        for choice in range(2)
        for triple in words.triples()
        for sentence in [say(words, triple, Wording(phrase, choice=choice, reserved=phrase == "reserved"))]
        if stated(reader, sentence) != [str(triple)]
    ]
    assert not missed, (len(missed), missed[:5])
