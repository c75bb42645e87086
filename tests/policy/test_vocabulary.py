import pytest

from unrelate.errors import UserError
from unrelate.policy import Triple, Vocabulary, load_vocabulary
from unrelate.policy.document import Places
from unrelate.policy.problems import validated


@pytest.fixture(scope="module")
def world() -> Vocabulary:
    return load_vocabulary("microworld")


def small(**changes) -> Vocabulary:
    data = {
        "actors": {"cat": None, "ox": {}, "Mira": {"says": "Mira"}},
        "relations": {"eating": {"takes": "food"}, "next to": None},
        "objects": {"food": {}, "ice cream": {"is_a": "food"}, "ball": {}},
    }
    return validated(Vocabulary, data | changes, Places())


def test_the_microworld_is_as_large_as_promised(world):
    assert len(world.concrete("actors")) >= 6
    assert len(world.concrete("objects")) >= 12
    assert len(world.concrete("relations")) >= 8
    assert len(world.contexts["place"]) >= 6
    for kind in ("actors", "relations", "objects"):
        for name in world.concrete(kind):
            assert world.reserved_phrases(kind, name), f"{name} has nothing for the paraphrase attack"


@pytest.mark.parametrize(
    ("kind", "word", "name"),
    [
        ("relations", "next to", "next_to"),
        ("relations", "next_to", "next_to"),
        ("relations", "standing next to", "next_to"),
        ("actors", "kid", "child"),
        ("actors", "A Kid", "child"),
        ("actors", "youngster", "child"),
        ("objects", "soft drink", "soft_drink"),
        ("objects", "the  burger", "hamburger"),
    ],
)
def test_every_word_for_a_concept_resolves(world, kind, word, name):
    assert world.resolve(kind, word) == name


def test_a_misspelt_word_gets_a_suggestion(world):
    with pytest.raises(UserError, match="'toddler'"):
        world.resolve("actors", "todler")
    with pytest.raises(UserError, match="is not among the objects"):
        world.resolve("objects", "child")


def test_the_hierarchy(world):
    assert world.ancestors("actors", "toddler") == ("child", "minor", "person")
    assert set(world.descendants("actors", "minor")) == {"child", "toddler"}
    assert world.concrete_under("actors", "child") == ("child", "toddler")
    assert world.concrete_under("actors", "minor") == ("child", "toddler")
    assert world.concrete_under("objects", "alcohol") == ("wine", "beer", "cocktail")
    assert world.concrete_under("objects", "wine") == ("wine",)
    assert world.is_under("actors", "toddler", "person")
    assert world.is_under("actors", "toddler", "toddler")
    assert not world.is_under("actors", "child", "toddler")
    assert "person" not in world.concrete("actors")


def test_triples_are_what_relations_take(world):
    triples = world.triples()
    assert len(set(triples)) == len(triples)
    assert Triple("child", "drinking", "wine") in triples
    assert Triple("child", "drinking", "hammer") not in triples
    assert Triple("child", "holding", "hammer") in triples
    assert not any(triple.object == "alcohol" for triple in triples)
    assert Triple("dog") in world.nodes()
    assert Triple(object="wine") in world.nodes()


def test_a_world_of_ones_own_has_good_defaults():
    world = small()
    assert world.phrases("actors", "cat") == ("a cat",)
    assert world.phrases("actors", "ox") == ("an ox",)
    assert world.phrases("actors", "Mira") == ("Mira",)
    assert world.phrases("objects", "ice_cream") == ("ice cream",)
    assert world.resolve("objects", "ice cream") == "ice_cream"
    assert world.resolve("actors", "mira") == "Mira"
    assert world.takes("eating", "ice_cream")
    assert not world.takes("eating", "ball")
    assert world.contexts == {}
    assert all(
        frame.count("{}") == 1 for frame in (*world.phrasings, *world.reserved_phrasings, *world.settings)
    )
    assert not set(world.phrasings) & set(world.reserved_phrasings)


def test_lists_are_short_for_concepts_without_more_to_say():
    world = small(actors=["cat", "dog"], contexts={"place": ["hall"], "time": {"night": "at night"}})
    assert world.concrete("actors") == ("cat", "dog")
    assert world.context_phrase("place", "hall") == "hall"
    assert world.context_phrase("time", "night") == "at night"


def test_a_concept_may_be_a_kind_of_several():
    world = small(
        objects={"food": {}, "toy": {}, "cookie": {"is_a": ["food", "toy"]}, "ball": {"is_a": "toy"}}
    )
    assert world.takes("eating", "cookie")
    assert world.is_under("objects", "cookie", "toy")


def test_a_relation_takes_what_the_one_above_it_takes():
    world = small(relations={"eating": {"takes": "food"}, "gobbling": {"is_a": "eating"}})
    assert not world.takes("gobbling", "ball")
    assert world.takes("gobbling", "ice_cream")
    assert world.concrete("relations") == ("gobbling",)


@pytest.mark.parametrize(
    ("changes", "where", "words", "remedy"),
    [
        (
            {"actors": {"a": {"is_a": "b"}, "b": {"is_a": "c"}, "c": {"is_a": "a"}}},
            "actors.a.is_a",
            "a -> b -> c -> a",
            "take",
        ),
        ({"actors": {"a": {"is_a": "a"}}}, "actors.a.is_a", "a cycle", "take"),
        ({"actors": {"cat": {"is_a": "anmal"}, "animal": {}}}, "actors.cat.is_a", "'anmal'", "'animal'"),
        ({"actors": {"animal": {"concrete": False}}}, "actors.animal", "nothing concrete", "is_a: animal"),
        (
            {"actors": {"cat": {"also_known_as": "a pet"}, "dog": {"says": "pet"}}},
            "actors.dog.says",
            "both 'cat'",
            "",
        ),
        (
            {"actors": {"cat": {"also_known_as": "a puss", "reserved": "puss"}}},
            "actors.cat.reserved",
            "reserved",
            "",
        ),
        ({"actors": {"cat": {"sais": "a cat"}}}, "actors.cat.sais", "unknown key 'sais'", "'says'"),
        ({"actors": {"?": {}}}, "actors.?", "cannot name", ""),
        ({"actors": {}}, "actors", "no actors", ""),
        ({"relations": {"eating": {"takes": "fodo"}}}, "relations.eating.takes", "'fodo'", "'food'"),
        ({"contexts": {"is": ["x"]}}, "contexts.is", "cannot name a context", ""),
        (
            {"contexts": {"place": ["x"]}, "describes": {"plaec": "scene"}},
            "describes.plaec",
            "not a context",
            "'place'",
        ),
        ({"phrasings": ["a photo"]}, "phrasings[0]", "not a frame", ""),
        ({"phrasings": ["{} and {}"]}, "phrasings[0]", "not a frame", ""),
        ({"settings": ["{} {place}"]}, "settings[0]", "not a frame", ""),
        ({"phrasings": ["{"]}, "phrasings[0]", "not a frame", ""),
        (
            {"phrasings": ["x {}"], "reserved_phrasings": ["y {}", "x {}"]},
            "reserved_phrasings[1]",
            "both",
            "",
        ),
        ({"phrasings": []}, "phrasings", "no phrasings", ""),
    ],
)
def test_faults_are_named_with_place_and_remedy(changes, where, words, remedy):
    with pytest.raises(UserError) as caught:
        small(**changes)
    assert caught.value.where.split(" ")[0] == where
    assert words in caught.value.received
    assert remedy in caught.value.remedy


def test_what_was_worked_out_is_no_part_of_a_vocabulary():
    asked, fresh = small(), small()
    assert asked.ancestors("objects", "ice_cream") == ("food",)
    assert asked.phrases("actors", "Mira") == ("Mira",)
    assert asked == fresh
    assert asked.model_dump() == fresh.model_dump()


def test_a_file_that_is_changed_is_read_again(tmp_path):
    words = "actors: {%s: {}}\nrelations: {on: {}}\nobjects: {mat: {}}\n"
    (tmp_path / "words.yaml").write_text(words % "cat")
    assert "cat" in load_vocabulary("words.yaml", folder=tmp_path).actors
    (tmp_path / "words.yaml").write_text(words % "ox")
    assert "ox" in load_vocabulary("words.yaml", folder=tmp_path).actors
