"""A chat service that speaks OpenAI's protocol, asked with the standard library alone.

The key comes from the environment, when it is needed; it stands in no field, message or record, and
goes to the host that was named and no other: redirects are not followed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, NoReturn
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from unrelate.errors import UserError
from unrelate.models.service import (
    KEY_VARIABLE,
    check_address,
    check_key_stays_private,
    in_one_line,
    is_this_machine,
    masked,
    seconds_asked,
)

# Answers that may be better next time. The others (a wrong key, an unknown model) will not.
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_MOST_BYTES, _MOST_SHOWN = 4_000_000, 200


@dataclass(frozen=True)
class ChatEndpoint:
    """One model of a chat service.

    Args:
        url: of the protocol's root, such as ``https://host/v1``; ``/chat/completions`` is added.
        model: as the service calls it.
        temperature: in [0, 2] by the protocol.
        timeout: seconds to wait for an answer.
        tries: how often one request is sent in all; the waits between double from ``pause`` seconds, or
            are what the service asks for, at most ``longest_pause`` seconds.
        sleep: waits; another in tests.

    Raises:
        UserError: not a URL of this kind, no model, or numbers out of range.
    """

    url: str
    model: str
    temperature: float = 0.9
    timeout: float = 60.0
    tries: int = 5
    pause: float = 1.0
    longest_pause: float = 60.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def __post_init__(self) -> None:
        check_address(self.url, "a chat service")
        if not self.model:
            raise UserError(f"no model for {self.url}", "URL#MODEL", f"name one: {self.url}#some-model")
        if self.tries < 1 or not self.timeout > 0:
            raise UserError(
                f"tries = {self.tries}, timeout = {self.timeout}", "at least 1, and above 0", "change them"
            )

    @property
    def name(self) -> str:
        return f"{self.url}#{self.model}"

    def weights_hash(self) -> str:
        """Nobody knows what a service runs."""
        return ""

    def __call__(self, request: str, seed: int) -> str:
        """The text of the first choice.

        Raises:
            UserError: the service refused, or did not give an answer that can be used in ``tries`` tries.
        """
        key = os.environ.get(KEY_VARIABLE, "")
        check_key_stays_private(key, self.url)
        trouble = ""
        for number in range(self.tries):
            try:
                return self._ask(request, seed, key)
            except _Passing as passing:
                trouble = in_one_line(key, passing.reason)
                wait = passing.wait if passing.wait is not None else self.pause * 2**number
            if number + 1 < self.tries:
                self.sleep(min(wait, self.longest_pause))
        raise UserError(
            f"no usable answer from {self.url} in {self.tries} tries; at last: {trouble}",
            "a chat service that answers as OpenAI's does",
            "try again later, or use a local model; the evolutionary attack needs neither",
        )

    def _ask(self, request: str, seed: int, key: str) -> str:
        content = {
            "model": self.model,
            "messages": [{"role": "user", "content": request}],
            "temperature": self.temperature,
            "seed": seed,
        }
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        headers |= {"Authorization": f"Bearer {key}"} if key else {}
        posted = Request(
            f"{self.url.rstrip('/')}/chat/completions", json.dumps(content).encode(), headers, method="POST"
        )
        try:
            with _opener(self.url).open(posted, timeout=self.timeout) as answer:
                body = answer.read(_MOST_BYTES + 1)
        except HTTPError as error:
            with error:
                self._refused(error, key)
        except (URLError, TimeoutError, ConnectionError, HTTPException) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise _Passing(
                f"no connection, or none that lasted ({reason or type(error).__name__})"
            ) from error
        if len(body) > _MOST_BYTES:
            raise _Passing(f"an answer of more than {_MOST_BYTES} bytes")
        return masked(key, _text_of(body))

    def _refused(self, error: HTTPError, key: str) -> NoReturn:
        try:
            said = error.read(_MOST_BYTES).decode("utf-8", "replace").strip()
        except (OSError, HTTPException):
            said = ""
        reason = f"status {error.code}" + (f": {in_one_line(key, said)[:_MOST_SHOWN]}" if said else "")
        if error.code in _PASSING:
            raise _Passing(reason, seconds_asked(error.headers.get("Retry-After"))) from error
        hints = {
            401: f"put a key that it knows into the environment variable {KEY_VARIABLE}",
            403: f"put a key that may use this model into the environment variable {KEY_VARIABLE}",
            404: "check the address (it usually ends in /v1) and the model's name",
        }
        redirected = 300 <= error.code < 400
        remedy = "give the address that it really has" if redirected else "check the address and the model"
        raise UserError(
            f"{self.url} refused the request ({reason})",
            "a chat service that answers as OpenAI's does",
            hints.get(error.code, remedy),
        ) from None  # the cause holds the request, and that the key


class _Passing(Exception):
    """A failure that may pass. ``wait``: seconds that the service asked for."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait


class _NoRedirects(HTTPRedirectHandler):
    """A redirect would carry the key to another address."""

    def redirect_request(self, *args: Any) -> None:
        return None


def _opener(url: str) -> OpenerDirector:
    """Sends requests, through the environment's proxies unless they go to this machine."""
    return build_opener(_NoRedirects, *([ProxyHandler({})] if is_this_machine(url) else []))


def _text_of(body: bytes) -> str:
    """The first choice's text.

    Raises:
        _Passing: the answer is not of the protocol, or empty.
    """
    try:
        answer = json.loads(body)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _Passing("an answer that is no JSON") from error
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if not isinstance(choices, list) or not choices:
        raise _Passing("an answer without choices")
    message = choices[0].get("message") if isinstance(choices[0], dict) else None
    text = message.get("content") if isinstance(message, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise _Passing("an answer without text")
    return text
