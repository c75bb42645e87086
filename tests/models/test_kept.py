"""Results that are kept, up to so many bytes together."""

from __future__ import annotations

from unrelate.models.kept import Kept


def kept_bytes(most: int) -> Kept[bytes]:
    return Kept(most, len)


def test_what_was_not_asked_for_longest_goes_first() -> None:
    kept = kept_bytes(6)
    kept.put(b"a", b"..")
    kept.put(b"b", b"..")
    kept.put(b"c", b"..")
    assert kept.get(b"a") == b".."
    kept.put(b"d", b"...")
    assert [kept.get(key) for key in (b"a", b"b", b"c", b"d")] == [b"..", None, None, b"..."]


def test_a_value_put_again_counts_once() -> None:
    kept = kept_bytes(5)
    for value in (b"....", b"..", b"..."):
        kept.put(b"a", value)
    kept.put(b"b", b"..")
    assert (kept.get(b"a"), kept.get(b"b"), len(kept)) == (b"...", b"..", 2)


def test_what_is_too_large_is_not_kept() -> None:
    kept = kept_bytes(3)
    kept.put(b"a", b"....")
    assert kept.get(b"a") is None
    assert len(kept) == 0
    kept.put(b"b", b"...")
    assert kept.get(b"b") == b"..."
