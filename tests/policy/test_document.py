import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrelate.errors import UserError
from unrelate.policy.document import read_document, read_text, write_document

words = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Co", "Zl", "Zp"], exclude_characters="\ufeff"
    ),
    max_size=12,
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@given(plain)
def test_what_is_written_is_read_again(data):
    assert read_document(write_document(data), "x.yaml")[0] == data


def test_lines_are_those_of_the_text():
    data, places = read_document("a: 1\nb:\n  - c: x\n  -\n    d: y\n", "p.yaml")
    assert data == {"a": 1, "b": [{"c": "x"}, {"d": "y"}]}
    assert places.at(("b", 0, "c")) == "p.yaml:3"
    assert places.at(("b", 1, "d")) == "p.yaml:5"
    assert places.at(("b", 1, "d", "deeper", 7)) == "p.yaml:5"


def test_words_stay_words():
    data, _ = read_document("{on: off, yes: no, when: 12:30, n: 1e-3, t: true, d: 2024-01-01}", "x")
    assert data == {"on": "off", "yes": "no", "when": "12:30", "n": 0.001, "t": True, "d": "2024-01-01"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' is given twice, first on line 1"),
        ("a: [1\nb: 2\n", 2, "not valid YAML"),
        ("a: b: c\n", 1, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
        ("a: *nowhere\n", 1, "not valid YAML"),
        ("x: 1\na: !!python/object/apply:os.system [ls]\n", 2, "not used in a policy"),
        ("a: 1\n? [b]\n: 2\n", 2, "a key that is a list"),
        ("a: &a\n  - *a\n", 1, "aliases without end"),
    ],
)
def test_faults_are_named_with_their_line(text, line, words):
    with pytest.raises(UserError) as caught:
        read_document(text, "p.yaml")
    assert caught.value.where == f"p.yaml:{line}"
    assert words in caught.value.received


def test_a_billion_laughs_are_cut_short():
    text = "a0: &a0 [x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
    )
    with pytest.raises(UserError, match="aliases without end"):
        read_document(text, "p.yaml")


def test_endless_brackets_are_refused():
    with pytest.raises(UserError):
        read_document("[" * 5000, "p.yaml")


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"name: caf\xe9\n"])
def test_other_encodings_are_refused(tmp_path, raw):
    file = tmp_path / "p.yaml"
    file.write_bytes(b"a: 1\n" + raw)
    with pytest.raises(UserError, match="not UTF-8") as caught:
        read_text(file)
    assert caught.value.where == f"{file}:2"


def test_a_byte_order_mark_does_no_harm(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_document(read_text(file), "p")[0] == {"a": 1}


def test_missing_files_folders_and_giants_are_refused(tmp_path):
    giant = tmp_path / "giant.yaml"
    giant.write_bytes(b"#" * (2 << 20))
    for path, words in (
        (tmp_path / "no.yaml", "no such file"),
        (tmp_path, "not a file"),
        (giant, "too large"),
    ):
        with pytest.raises(UserError, match=words):
            read_text(path)
