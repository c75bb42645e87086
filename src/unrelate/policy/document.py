"""YAML text to plain data, with the line of every value, so that every complaint can point at one.

Two departures from PyYAML's own reading, both to keep words as words: only ``true`` and ``false``
are booleans (a relation may be called ``on``, as in YAML 1.2), and every mapping key is text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from unrelate.errors import UserError

Key = tuple[str | int, ...]

MAX_BYTES = 1 << 20  # a policy is written by hand; anything larger is some other file
MAX_DEPTH = 20
MAX_VALUES = 50_000  # after aliases are followed, so that they cannot grow without end

_TAG = "tag:yaml.org,2002:"
_NUMBER = re.compile(
    r"^[-+]?(?:\d{1,18}(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?$|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$"
)
_INTEGER = re.compile(r"^[-+]?\d{1,18}$")
_BOOLEAN = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_NULL = re.compile(r"^(?:~|null|Null|NULL|)$")


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


class _Dumper(yaml.SafeDumper):
    """Writes what both `_Loader` and a YAML 1.1 reader take for the same words."""

    yaml_implicit_resolvers: ClassVar = {
        k: list(v) for k, v in yaml.SafeDumper.yaml_implicit_resolvers.items()
    }

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _tag, _pattern, _first in (
    ("bool", _BOOLEAN, list("tTfF")),
    ("int", _INTEGER, list("-+0123456789")),
    ("float", _NUMBER, list("-+.0123456789")),
    ("null", _NULL, ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(_TAG + _tag, _pattern, _first)
    _Dumper.add_implicit_resolver(_TAG + _tag, _pattern, _first)


@dataclass(frozen=True)
class Places:
    """Where each value of a document stands: ``lines[path]``, counted from 1, in ``file``.

    Without lines (data that came from Python) a place is the path itself: ``forget[0].actor``.
    """

    file: str = ""
    lines: Mapping[Key, int] = field(default_factory=dict)

    def line(self, path: Key) -> int:
        """The line of the longest known beginning of ``path``; 0 if nothing is known."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 0

    def at(self, path: Key) -> str:
        """``file:line``, or the path spelt out where there is no file."""
        line = self.line(path)
        if line:
            return f"{self.file}:{line}"
        spelt = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
        return ", ".join(part for part in (self.file, spelt) if part)


def read_text(path: Path) -> str:
    """The text of a small UTF-8 file.

    Raises:
        UserError: it is not there, not a file, too large, not readable or not UTF-8.
    """
    if not path.exists():
        raise UserError("there is no such file", remedy="check the path", where=str(path))
    if not path.is_file():
        raise UserError("this is not a file", allowed="a YAML file", where=str(path))
    try:
        raw = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if raw is None:
        raise UserError("the file is too large to be a policy", f"at most {MAX_BYTES} bytes", where=str(path))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise UserError(
            f"byte 0x{raw[error.start]:02x} is not UTF-8",
            allowed="YAML as UTF-8 text",
            remedy="save the file as UTF-8",
            where=f"{path}:{line}",
        ) from None


def read_document(text: str, file: str) -> tuple[Any, Places]:
    """Plain data (dict, list, str, int, float, bool, None) from YAML, and where it stood.

    Raises:
        UserError: not YAML, several documents, a key given twice, a tag, or endless nesting.
    """
    lines: dict[Key, int] = {}
    try:
        node = _Loader(text).get_single_node()
        data = None if node is None else _value(node, (), lines, file)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}" if mark else file
        what = ", ".join(part for part in (error.context, error.problem) if part)
        raise UserError(
            f"not valid YAML: {what}", remedy="`unrelate init` writes an example", where=where
        ) from None
    except yaml.YAMLError as error:
        what = str(error).splitlines()[0]
        raise UserError(f"not valid YAML: {what}", allowed="a YAML file", where=file) from None
    except RecursionError:
        raise UserError("nested too deeply", f"at most {MAX_DEPTH} levels", where=file) from None
    return data, Places(file, lines)


def write_document(data: Any) -> str:
    """YAML text that `read_document` turns into the same data again."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def _value(node: yaml.Node, path: Key, lines: dict[Key, int], file: str) -> Any:
    where = f"{file}:{node.start_mark.line + 1}"
    lines.setdefault(path, node.start_mark.line + 1)
    if len(path) > MAX_DEPTH or len(lines) > MAX_VALUES:
        raise UserError("nested too deeply, or aliases without end", f"{MAX_DEPTH} levels", where=where)
    if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
        return [_value(item, (*path, number), lines, file) for number, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
        return _mapping(node, path, lines, file)
    if isinstance(node, yaml.ScalarNode):
        match node.tag.removeprefix(_TAG):
            case "str":
                return node.value
            case "null":
                return None
            case "bool":
                return node.value.lower() == "true"
            case "int" if _INTEGER.match(node.value):
                return int(node.value)
            case "float" if _NUMBER.match(node.value):
                return float(node.value.lower().replace(".inf", "inf").replace(".nan", "nan"))
    raise UserError(f"'{node.tag}' is not used in a policy", "text, numbers, lists, mappings", where=where)


def _mapping(node: yaml.MappingNode, path: Key, lines: dict[Key, int], file: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise UserError(
                "a key that is a list or a mapping", "keys that are words", where=f"{file}:{line}"
            )
        if key.value in data:
            raise UserError(
                f"the key '{key.value}' is given twice, first on line {lines[(*path, key.value)]}",
                allowed="each key once",
                remedy="remove one of them, or put both under a list",
                where=f"{file}:{line}",
            )
        lines[(*path, key.value)] = line
        data[key.value] = _value(value, (*path, key.value), lines, file)
    return data
