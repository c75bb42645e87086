"""From a complaint inside a pydantic validator to a `UserError` with file, line and remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from unrelate.errors import UserError, nearest
from unrelate.policy.document import Key, Places

Model = TypeVar("Model", bound=BaseModel)


def problem(
    path: Key, received: str, allowed: str = "", remedy: str = "", against: Key = ()
) -> PydanticCustomError:
    """What a validator raises. ``path`` (and ``against``, a second place to look) start at the
    value that is being validated."""
    told = {"received": received, "allowed": allowed, "remedy": remedy}
    template = "{received}" + "".join(f"; {name}: {{{name}}}" for name in ("allowed", "remedy") if told[name])
    return PydanticCustomError("unrelate", template, {**told, "path": path, "against": against})


class Strict(BaseModel):
    """Frozen, and an unknown key is an error that suggests the nearest known one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        if data is None:
            return {}
        known = list(cls.model_fields)
        for key in data if isinstance(data, Mapping) else ():
            if key not in known:
                raise problem((key,), f"unknown key '{key}'", ", ".join(known), nearest(str(key), known))
        return data


def _listed(value: Any) -> Any:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed)]  # one word may stand for a list of one

# pydantic's error type -> what to do about it.
REMEDIES: Mapping[str, str] = {
    "string_type": "write it as text, in quotes if it looks like a number",
    "string_too_short": "write something, or leave the key out",
    "missing": "add it",
    "model_type": "write it as `key: value` lines",
    "model_attributes_type": "write it as `key: value` lines",
    "dict_type": "write it as `key: value` lines",
    "tuple_type": "write it as a list, `[one, two]`",
    "float_type": "write it as a number, e.g. 0.03",
    "finite_number": "write it as a number, e.g. 0.03",
}


def validated(model: type[Model], data: Any, places: Places) -> Model:
    """``model`` made from ``data``.

    Raises:
        UserError: the first thing that is wrong, by line.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        first = min(details, key=lambda detail: places.line(_path(detail)))
        raise _user_error(first, places, len(details) - 1) from None


def _path(detail: ErrorDetails) -> Key:
    return (*detail["loc"], *detail.get("ctx", {}).get("path", ()))


def _user_error(detail: ErrorDetails, places: Places, others: int) -> UserError:
    told = detail.get("ctx", {})
    where = places.at(_path(detail))
    if detail["type"] == "unrelate":
        if told["against"]:
            where += f" (see also {places.at((*detail['loc'], *told['against']))})"
        received, allowed, remedy = told["received"], told["allowed"], told["remedy"]
    else:
        name = ".".join(str(step) for step in detail["loc"])
        given = "" if detail["type"] == "missing" else f" ({str(detail['input'])[:60]!r})"
        received, allowed = f"'{name}'{given}: {detail['msg']}", ""
        remedy = REMEDIES.get(detail["type"], "")
    more = f"{others} more to mend after this" if others else ""
    return UserError(received, allowed, "; ".join(part for part in (remedy, more) if part), where)
