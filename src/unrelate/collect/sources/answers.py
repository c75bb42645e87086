"""What services that draw send back: a picture, a refusal, a failure that may pass, or one that will not."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NoReturn

from PIL import Image

from unrelate.collect.sources.retrying import Passing
from unrelate.collect.types import SourceFailed
from unrelate.data.pictures import BadPicture, Limits, decode
from unrelate.errors import UserError
from unrelate.models.service import in_one_line, is_this_machine, seconds_asked

FORMATS = ("JPEG", "PNG", "WEBP")
# Pixels. Services that are broken or out of budget answer with a single one.
LEAST_SIDE = 16
_PASSING = frozenset({408, 409, 425, 429})
_REFUSING = frozenset({400, 403, 422, 451})
# Parts of the codes and, where there is no code, of the sentences with which services decline a prompt.
_REFUSAL = re.compile(
    r"content.?policy|content.?filter|moderation|safety|nsfw|responsible.?ai|prohibited.?content"
)
_SPENT = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_MOST_SHOWN = 200


class Arrival:
    """Notes that an answer began to arrive: what fails after a good status may have been charged."""

    def __init__(self) -> None:
        self.status = 0

    def __call__(self, response: Any) -> None:
        self.status = int(response.status_code)

    @property
    def paid(self) -> bool:
        return self.status == 200


def transport(url: str, arrival: Arrival) -> dict[str, Any]:
    """How httpx is to ask ``url``: it follows no redirect, which would carry the key to another address, and
    takes the environment's proxies unless the service is on this machine."""
    return {
        "follow_redirects": False,
        "trust_env": not is_this_machine(url),
        "event_hooks": {"response": [arrival]},
    }


def broken_off(error: BaseException, arrival: Arrival) -> Passing:
    """A connection that failed, with ``error`` of httpx; of its text, which may hold the address, nothing."""
    kind = type(error).__name__
    unreachable = kind in ("ConnectError", "ConnectTimeout")
    what = (
        "no connection"
        if unreachable
        else "no answer in time"
        if "Timeout" in kind
        else "a broken connection"
    )
    return Passing(f"{what} ({kind})", paid=arrival.paid, unreachable=unreachable)


@dataclass(frozen=True)
class Trouble:
    """An answer whose status says that it is none.

    Args:
        status: of HTTP.
        code: as the service names the trouble, if it does.
        message: its sentence; it may repeat the key.
        retry_after: the header, as it came.
    """

    status: int
    code: str = ""
    message: str = ""
    retry_after: str | None = None

    def raise_for(self, service: str, key: str, variable: str) -> NoReturn:
        """
        Raises:
            SourceFailed: the service declined this prompt.
            Passing: it may be better next time.
            UserError: it will not.
        """
        code = in_one_line(key, self.code) if _CODE.fullmatch(self.code) else ""
        reason = f"status {self.status}" + (f", {code}" if code else "")
        if self.status in _REFUSING and _REFUSAL.search((code or self.message).lower()):
            raise SourceFailed(f"refused by the service's content policy ({reason})")
        if self.status == 402 or code in _SPENT:
            raise UserError(
                f"{service} asks for money ({reason})",
                "an account that can pay",
                "pay, or use another source",
            )
        if self.status in _PASSING or self.status >= 500:
            raise Passing(reason, wait=seconds_asked(self.retry_after))
        hints = {
            401: f"put a key that it knows into the environment variable {variable}",
            403: f"put a key that may use this model into the environment variable {variable}",
            404: "check the model's name, and the address if you gave one",
        }
        redirected = 300 <= self.status < 400
        remedy = "give the address that it really has" if redirected else "check the model and the options"
        # What is said of a key often repeats a part of it.
        said = "" if self.status in (401, 403) else in_one_line(key, self.message)[:_MOST_SHOWN]
        raise UserError(
            f"{service} refused the request ({reason}{': ' if said else ''}{said})",
            "a service, a model and a key that fit each other",
            hints.get(self.status, remedy),
        )


def decoded(text: object) -> bytes:
    """The picture in base64.

    Raises:
        Passing: it is none.
    """
    if not isinstance(text, str) or not text:
        raise Passing("an answer without a picture", paid=True)
    try:
        return checked(base64.b64decode("".join(text.split()), validate=True))
    except (binascii.Error, ValueError) as error:
        raise Passing("an answer whose base64 is broken", paid=True) from error


def checked(data: bytes) -> bytes:
    """``data`` as it is.

    Raises:
        Passing: it is no whole PNG, JPEG or WebP, or too small or too large to be a picture of anything.
    """
    try:
        width, height = decode(data, Limits()).size
        kind = Image.open(BytesIO(data)).format
    except BadPicture as error:
        raise Passing(f"an answer that {error}", paid=True) from error
    if kind not in FORMATS:
        raise Passing(f"a picture in {kind}, and not in {', '.join(FORMATS)}", paid=True)
    if min(width, height) < LEAST_SIDE:
        raise Passing(f"a picture of {width} x {height} pixels", paid=True)
    return data
