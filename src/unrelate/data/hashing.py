"""Content hashes: what an example is known by, whatever its file is called."""

from __future__ import annotations

import hashlib
from pathlib import Path


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hex digits, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bytes_sha256(data: bytes) -> str:
    """SHA-256 of bytes already in memory."""
    return hashlib.sha256(data).hexdigest()


def text_sha256(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes: an order of texts that has nothing to do with what they say."""
    return bytes_sha256(text.encode("utf-8", errors="surrogatepass"))
