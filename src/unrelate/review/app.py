"""The page, its pictures, and the two questions it asks: what stands, and may this stand instead."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any, get_args

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from unrelate.data.decisions import Verdict
from unrelate.data.pictures import BadPicture
from unrelate.review.guard import Guard
from unrelate.review.ledger import Crossed, Ledger, State, Step
from unrelate.review.pairs import Pair, Pairs
from unrelate.review.pictures import Gallery

STATIC = {"page.js": "text/javascript", "page.css": "text/css"}
LONGEST_CAPTION = 2000
# A decision with the longest caption twice, each character as an escape.
LONGEST_BODY = 64 * 1024


@dataclass(frozen=True)
class Desk:
    """What a sitting works on.

    Args:
        pairs: what is shown.
        ledger: what is decided.
        by: who decides, as the page says it.
    """

    pairs: Pairs
    ledger: Ledger
    by: str


def build_app(desk: Desk, *, host: str, token: str) -> ASGIApp:
    """The guarded application.

    Args:
        desk: what it serves.
        host: ``127.0.0.1:port``.
        token: the secret of the printed address.
    """
    gallery = Gallery(desk.pairs.folder)
    environment = Environment(
        loader=PackageLoader("unrelate.review"), autoescape=True, undefined=StrictUndefined
    )
    template = environment.get_template("page.html")
    shown = [_shown(pair) for pair in desk.pairs.pairs]
    folder = desk.pairs.folder.resolve()

    def page(_: Request) -> Response:
        text = template.render(
            folder=folder.name,
            folder_id=hashlib.sha256(str(folder).encode()).hexdigest()[:16],
            by=desk.by,
            token=token,
            notes=desk.pairs.notes,
            longest=LONGEST_CAPTION,
        )
        return HTMLResponse(text)

    def pairs(_: Request) -> Response:
        return JSONResponse({"pairs": shown})

    def changes(request: Request) -> Response:
        since = request.query_params.get("since", "0")
        return JSONResponse(_news(desk.ledger, int(since) if since.isdecimal() and len(since) < 19 else 0))

    async def decide(request: Request) -> Response:
        try:
            step, since = _step(await _body(request))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        try:
            await run_in_threadpool(desk.ledger.decide, step)
        except KeyError:
            return JSONResponse({"error": "there is no such pair"}, 400)
        except Crossed:
            return JSONResponse(await run_in_threadpool(_news, desk.ledger, since), 409)
        except ValueError as error:
            return JSONResponse({"error": f"the caption is no text ({error})"}, 400)
        except OSError as error:
            return JSONResponse({"error": f"it cannot be written ({error.strerror})"}, 507)
        return JSONResponse(await run_in_threadpool(_news, desk.ledger, since))

    def picture(request: Request) -> Response:
        number = request.path_params["number"]
        if number >= len(desk.pairs.pairs):
            return PlainTextResponse("there is no such pair", 404)
        try:
            found = gallery.show(desk.pairs.pairs[number])
        except BadPicture as error:
            return PlainTextResponse(str(error), 404)
        return Response(found.content, media_type=found.media)

    def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in STATIC:
            return PlainTextResponse("there is no such file", 404)
        return Response(
            files("unrelate.review").joinpath("static", name).read_bytes(), media_type=STATIC[name]
        )

    routes = [
        Route("/", page),
        Route("/pairs", pairs),
        Route("/changes", changes),
        Route("/decide", decide, methods=["POST"]),
        Route("/picture/{number:int}", picture),
        Route("/static/{name}", static),
        Route("/favicon.ico", lambda _: Response(status_code=204)),
    ]
    return Guard(Starlette(routes=routes), host, token)


async def _body(request: Request) -> Any:
    """Raises:
    ValueError: not JSON, or more than a decision takes.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise ValueError("a decision is JSON")
    found = b""
    try:
        async for part in request.stream():
            found += part
            if len(found) > LONGEST_BODY:
                raise ValueError(f"a decision has at most {LONGEST_BODY} bytes")
    except ClientDisconnect as error:
        raise ValueError("cut short") from error
    try:
        return json.loads(found)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _step(body: Any) -> tuple[Step, int]:
    """Raises:
    ValueError: not what `page.js` sends.
    """
    if not isinstance(body, dict) or not isinstance(body.get("pair"), str):
        raise ValueError("a decision names a pair")
    since = body.get("since", 0)
    if not isinstance(since, int):
        raise ValueError("'since' is a number")
    return Step(body["pair"], _state(body.get("before")), _state(body.get("after"))), since


def _state(given: Any) -> State:
    if not isinstance(given, dict):
        raise ValueError("a decision says what it replaces and what stands from now on")
    verdict, caption = given.get("verdict"), given.get("caption")
    known: tuple[Verdict, ...] = get_args(Verdict)
    if verdict not in known:
        raise ValueError(f"a verdict is one of {', '.join(known)}")
    if not isinstance(caption, str) or len(caption) > LONGEST_CAPTION:
        raise ValueError(f"a caption is text of at most {LONGEST_CAPTION} characters")
    return State(verdict, caption)


def _news(ledger: Ledger, since: int) -> dict[str, Any]:
    """Everything that was decided after the first ``since`` decisions, and what `u` would take back."""
    start, made, number = ledger.since(since)
    step = ledger.undo()
    decisions = [asdict(one) for one in made]
    return {"start": start, "number": number, "decisions": decisions, "undo": _undo(step)}


def _undo(step: Step | None) -> dict[str, Any] | None:
    if step is None:
        return None
    return {"pair": step.pair, "before": step.before._asdict(), "after": step.after._asdict()}


def _shown(pair: Pair) -> dict[str, Any]:
    return {**asdict(pair), "slots": [word for word in pair.slots if word]}
