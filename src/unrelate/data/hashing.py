"""Content hashes: what an example is known by, whatever its file is called."""

from __future__ import annotations

import hashlib


def bytes_sha256(data: bytes) -> str:
    """SHA-256 of bytes, 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def text_sha256(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes: an order of texts that has nothing to do with what they say."""
    return bytes_sha256(text.encode("utf-8", errors="surrogatepass"))
