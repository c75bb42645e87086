"""Who may speak to the page's server: the browser of the person who started it, and nothing else.

Another site's page that is open in the same browser can send requests here too (it knows the address,
not the token), or be made to look as if it came from here (its own name, pointed at 127.0.0.1).
"""

from __future__ import annotations

import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_HEADER = "x-review-token"
_SAFE = ("GET", "HEAD")

# Nothing from elsewhere is loaded, framed or sent, and no text becomes script or style.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


class Guard:
    """Lets requests through to ``app`` that come from the right place with the right token.

    Args:
        app: what is guarded.
        host: ``127.0.0.1:port``, the one name that this server answers to.
        token: what the printed address carries; from then on a cookie does.
    """

    def __init__(self, app: ASGIApp, host: str, token: str) -> None:
        self._app, self._host, self._token = app, host, token
        # Cookies are shared by all ports of a host: two folders' pages must not take each other's.
        self._cookie = f"unrelate-review-{host.rpartition(':')[2]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # a websocket is never accepted
        headers = Headers(scope=scope)
        entering = self._entering(scope)
        refused = self._refusal(scope["method"], headers, entering)
        answer = PlainTextResponse(refused, 403) if refused else self._app

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    sent[name] = value
                if entering and not refused:
                    sent["Set-Cookie"] = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict"
            await send(message)

        await answer(scope, receive, send_with_headers)

    def _refusal(self, method: str, headers: Headers, entering: bool) -> str:
        """Why a request is refused; empty where it is not."""
        if headers.getlist("host") != [self._host]:
            return f"This server answers to http://{self._host} alone."
        if not entering and not self._same(self._cookie_of(headers)):
            return "Open the address that `unrelate review` printed; this one lacks its token."
        if method not in _SAFE:
            if not self._same(headers.get(TOKEN_HEADER, "")):
                return "What changes something must carry the page's token."
            if headers.getlist("origin") != [f"http://{self._host}"]:
                return "What changes something must come from the page itself."
        return ""

    def _entering(self, scope: Scope) -> bool:
        """Whether this is the printed address, opened."""
        if scope["path"] != "/" or scope["method"] not in _SAFE:
            return False
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        return len(given) == 1 and self._same(given[0])

    def _cookie_of(self, headers: Headers) -> str:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return ""
        return found.value if found else ""

    def _same(self, given: str) -> bool:
        """Compared in a time that does not tell how much of it was right."""
        return secrets.compare_digest(given.encode("utf-8", "replace"), self._token.encode())
