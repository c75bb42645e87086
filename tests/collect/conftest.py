"""A picture as services send them, and the secret that must not show."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from PIL import Image

KEY = "sk-very-secret-0123456789"


@pytest.fixture(scope="session", autouse=True)
def no_certificates() -> Iterator[None]:
    """The services here speak plain HTTP, and reading the authorities anew for each client takes longest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
        yield


@pytest.fixture
def key() -> str:
    return KEY


@pytest.fixture
def encoded() -> Callable[..., str]:
    """A picture in base64: ``encoded()``, ``encoded(side=1)``, ``encoded(kind="GIF")``."""

    def make(side: int = 32, kind: str = "PNG") -> str:
        held = BytesIO()
        Image.new("RGB", (side, side), (200, 30, 30)).save(held, kind)
        return base64.b64encode(held.getvalue()).decode()

    return make
