"""Every fault of a policy is answered with file, line and remedy."""

import pytest

from unrelate.errors import UserError
from unrelate.policy import Policy, load_policy

HEAD = "name: p\nvocabulary: microworld\nforget:\n"
ENTRY = "  - {actor: child, relation: drinking, object: alcohol}\n"
CHILD_DRINKING = HEAD + "  - actor: child\n    relation: drinking\n    object: "
CHILD_DRINKING_ALCOHOL = HEAD + ENTRY[:-2]  # without its closing brace
KEEP = HEAD + ENTRY + "keep:\n  - "
CRITERION = HEAD + ENTRY + "criteria:\n  - {figure: "
INLINE = "name: p\nvocabulary:\n  actors:\n    a: {is_a: "
REST = "  relations: [r]\n  objects: [o]\nforget:\n" + ENTRY


def write(tmp_path, text):
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    return file


# what is wrong: (text, line, words of the complaint, words of the remedy)
FAULTS = {
    "unknown key": (HEAD + ENTRY + "critera: []\n", 5, "unknown key 'critera'", "'criteria'"),
    "unknown key in an entry": (
        HEAD + "  - actor: child\n    relatoin: drinking\n",
        5,
        "'relatoin'",
        "'relation'",
    ),
    "missing key": (HEAD + "  - actor: child\n    relation: drinking\n", 4, "Field required", "add it"),
    "misspelt actor": (
        HEAD + "  - actor: chld\n    relation: drinking\n    object: wine\n",
        4,
        "'chld'",
        "'child'",
    ),
    "misspelt object": (CHILD_DRINKING + "wien\n", 6, "'wien'", "'wine'"),
    "misspelt context": (CHILD_DRINKING_ALCOHOL + ", when: {plce: park}}\n", 4, "'plce'", "'place'"),
    "misspelt value": (CHILD_DRINKING_ALCOHOL + ", when: {place: pakr}}\n", 4, "'pakr'", "'park'"),
    "context without value": (CHILD_DRINKING_ALCOHOL + ", when: {place: []}}\n", 4, "'place'", ""),
    "attribute of the wrong slot": (
        HEAD + "  - actor: man\n    relation: holding\n    object: {is: ball, colour: red}\n",
        6,
        "'colour'",
        "the actor",
    ),
    "scene as attribute": (
        HEAD + "  - {actor: {is: man, place: park}, relation: holding, object: ball}\n",
        4,
        "'place'",
        "`when`",
    ),
    "attribute without concept": (
        HEAD + "  - {actor: {colour: red}, relation: holding, object: ball}\n",
        4,
        "no 'is'",
        "",
    ),
    "attribute given twice": (
        HEAD + "  - {actor: {is: man, colour: red}, relation: holding, object: ball, when: {colour: blue}}\n",
        4,
        "twice",
        "",
    ),
    "relation does not take": (CHILD_DRINKING + "hammer\n", 6, "does not take", "choose"),
    "forbidden and kept": (
        KEEP + "{actor: toddler, relation: drinking, object: wine}\n",
        6,
        "toddler-drinking-wine",
        "take one",
    ),
    "kept above the forbidden": (
        KEEP + "{actor: person, relation: drinking, object: drink}\n",
        6,
        "covers it",
        "take one",
    ),
    "kept anywhere, forbidden somewhere": (
        CHILD_DRINKING_ALCOHOL + ", when: {place: park}}\nkeep:\n" + ENTRY,
        6,
        "covers it",
        "`when`",
    ),
    "kept relation does not take": (
        KEEP + "{actor: man, relation: eating, object: wine}\n",
        6,
        "does not take",
        "choose",
    ),
    "empty forget": ("name: p\nvocabulary: microworld\nforget: []\n", 3, "nothing is forbidden", ""),
    "null forget": ("name: p\nvocabulary: microworld\nforget:\n", 3, "nothing is forbidden", ""),
    "no forget": ("name: p\nvocabulary: microworld\n", 1, "forget", "add it"),
    "forget is no list": (
        "name: p\nvocabulary: microworld\nforget: {actor: child}\n",
        3,
        "forget",
        "as a list",
    ),
    "entry is no mapping": (HEAD + "  - child drinking wine\n", 4, "forget.0", "key: value"),
    "no vocabulary": ("name: p\nforget:\n" + ENTRY, 1, "vocabulary", "add it"),
    "unknown vocabulary": (
        "name: p\nvocabulary: microwrld\nforget:\n" + ENTRY,
        2,
        "'microwrld'",
        "'microworld'",
    ),
    "held out but not below": (CHILD_DRINKING_ALCOHOL + ", hold_out: [tody]}\n", 4, "'tody'", ""),
    "misspelt hold_out": (CHILD_DRINKING_ALCOHOL + ", hold_out: [ber]}\n", 4, "'ber'", "'beer'"),
    "all held out": (
        CHILD_DRINKING_ALCOHOL + ", hold_out: [wine, beer, cocktail]}\n",
        4,
        "nothing is left",
        "take something",
    ),
    "no such figure": (
        CRITERION + "forgetting.direct.editd_recall, at_most: 0.1}\n",
        6,
        "no figure",
        "edited_recall",
    ),
    "a percentage": (CRITERION + "score.rss, at_least: 90}\n", 6, "90 can never be", "0.9"),
    "no threshold": (CRITERION + "score.rss}\n", 6, "0 thresholds", ""),
    "two thresholds": (CRITERION + "score.rss, at_least: 0, at_most: 1}\n", 6, "2 thresholds", "two"),
    "threshold is no number": (CRITERION + "score.rss, at_least: high}\n", 6, "'high'", "as a number"),
    "threshold is true": (CRITERION + "score.rss, at_least: true}\n", 6, "True", "as a number"),
    "threshold is infinite": (CRITERION + "score.rss, at_least: .inf}\n", 6, "inf", "as a number"),
    "name is a number": ("name: 3\nvocabulary: microworld\nforget:\n" + ENTRY, 1, "name", "quotes"),
    "name is a path": ("name: ../x\nvocabulary: microworld\nforget:\n" + ENTRY, 1, "name", ""),
    "empty file": ("", 0, "empty", "unrelate init"),
    "just text": ("hello\n", 1, "not str", "unrelate init"),
    "a list": ("- 1\n", 1, "not list", "unrelate init"),
    "cycle in an inline vocabulary": (INLINE + "b}\n    b: {is_a: a}\n" + REST, 4, "a cycle", "take one"),
    "unknown parent": (INLINE + "c}\n    b:\n" + REST, 4, "not in the vocabulary", "add 'c'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_named_with_file_line_and_remedy(fault, tmp_path):
    text, line, words, remedy = FAULTS[fault]
    file = write(tmp_path, text)
    with pytest.raises(UserError) as caught:
        load_policy(file)
    assert caught.value.where.split(" ")[0] == (f"{file}:{line}" if line else str(file))
    assert words in caught.value.received
    assert remedy in caught.value.remedy


def test_both_lines_of_a_contradiction_are_named(tmp_path):
    file = write(tmp_path, FAULTS["forbidden and kept"][0])
    with pytest.raises(UserError) as caught:
        load_policy(file)
    assert caught.value.where == f"{file}:6 (see also {file}:4)"


def test_without_a_file_the_path_is_named():
    with pytest.raises(UserError) as caught:
        Policy.from_dict(
            {
                "name": "p",
                "vocabulary": "microworld",
                "forget": [{"actor": "x", "relation": "holding", "object": "ball"}],
            }
        )
    assert caught.value.where == "forget[0].actor"
