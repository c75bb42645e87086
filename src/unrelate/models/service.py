"""What every service reached over the network has: an address, a private key, a wait it asks for."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from math import isfinite
from urllib.parse import urlsplit

from unrelate.errors import UserError

KEY_VARIABLE = "UNRELATE_API_KEY"
# What is given where no key is needed ("none", "EMPTY") is shorter, and may be a word of a reply.
LEAST_SECRET = 8
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_this_machine(url: str) -> bool:
    return urlsplit(url).hostname in _LOOPBACK


def check_address(url: str, service: str, variable: str = KEY_VARIABLE) -> None:
    """``service`` is what the message calls it, such as ``a chat service``.

    Raises:
        UserError: not the plain http or https URL of a protocol's root.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise UserError(
            f"{service}'s address that is no plain http or https URL",
            f"such as https://host/v1; the key goes into the environment variable {variable}",
            "change the address",
        )
    if parts.query or parts.fragment:
        raise UserError(
            f"{service}'s address with more behind it ('{parts.hostname}{parts.path}?...')",
            "the protocol's root, such as https://host/v1",
            "take the rest away",
        )


def check_key_stays_private(key: str, url: str, variable: str = KEY_VARIABLE) -> None:
    """Before it is sent.

    Raises:
        UserError: no header can carry the key, or it would travel unencrypted.
    """
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UserError(
            f"a key in {variable} with blanks or other characters that no header can carry",
            "the key alone, on one line",
            f"set {variable} again",
        )
    if key and urlsplit(url).scheme == "http" and not is_this_machine(url):
        raise UserError(
            f"{url}, to which the key would travel unencrypted",
            "https, or http to this machine",
            f"use https, or take {variable} out of the environment if the service needs no key",
        )


def seconds_asked(retry_after: str | None) -> float | None:
    """What ``Retry-After`` says, seconds or a date; None if it says nothing that can be read."""
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
        return max(0.0, seconds) if isfinite(seconds) else None
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None


def in_one_line(key: str, said: str) -> str:
    """What a service said, in one line and without the key; some repeat the key that they refuse."""
    return masked(key, " ".join(said.split()), least=1)


def masked(key: str, said: str, least: int = LEAST_SECRET) -> str:
    """What a service said without the key, which it might repeat."""
    return said.replace(key, "***") if len(key) >= least else said
