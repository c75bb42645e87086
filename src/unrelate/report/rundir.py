"""What is read from a run directory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from pydantic import ValidationError

from unrelate.audit.record import READABLE, AuditRecord
from unrelate.errors import UserError
from unrelate.report.losses import LossLog, read_losses

HASH_WORDS = ("sha256", "hash", "digest")
VERSION_WORDS = ("version", "environment", "python", "platform")
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Run:
    """Everything a report is drawn from. What is missing is empty, and ``missing`` says so."""

    record: AuditRecord
    losses: LossLog
    policy_text: str
    hashes: Pairs
    versions: Pairs
    settings: Pairs
    missing: tuple[str, ...]


def read_run(run_dir: Path) -> Run:
    """Read a run directory.

    Raises:
        UserError: no usable ``audit.json``. Everything else may be missing.
    """
    record = read_record(run_dir)
    losses = read_losses(run_dir / "losses.jsonl")
    policy = _text(run_dir / "policy.yaml")
    settings, problem = _settings(run_dir / "run.json")
    missing = [problem] if problem else []
    if not policy:
        missing.append("No policy.yaml in the run: the policy goes by its name alone.")
    pairs = list(flat(settings))
    hashes = tuple(p for p in pairs if any(w in p[0].lower() for w in HASH_WORDS))
    audited = tuple((f"audit.{name}", value) for name, value in sorted(record.hashes.items()))
    versions = [p for p in pairs if p not in hashes and any(w in p[0].lower() for w in VERSION_WORDS)]
    rest = tuple(p for p in pairs if p not in hashes and p not in versions)
    seen = {key.rpartition(".")[2] for key, _ in versions}
    versions += [(k, v) for k, v in sorted(record.environment.items()) if k not in seen]
    return Run(record, losses, policy, hashes + audited, tuple(versions), rest, tuple(missing))


def read_record(run_dir: Path) -> AuditRecord:
    """``audit.json`` of a run, or a `UserError` that says how to get one."""
    path = run_dir / "audit.json"
    remedy = f"run `unrelate audit {quote(str(run_dir))}` first"
    if not path.is_file():
        raise UserError(
            "no audit.json in the run directory", "a run that has been audited", remedy, str(run_dir)
        )
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))["schema"]
        # Asked first: "field required" would be a riddle to whoever holds a record of another schema.
        record = AuditRecord.load(path) if schema in READABLE else None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(p) for p in first["loc"])
        received = f"audit.json does not hold an audit record: {place}: {first['msg']}"
        raise UserError(received, "the record that `unrelate audit` writes", remedy, str(path)) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        received = f"audit.json cannot be read: {type(error).__name__}: {error}"
        raise UserError(received, "the record that `unrelate audit` writes", remedy, str(path)) from error
    if record is None:
        raise UserError(
            f"audit.json has schema {schema}", f"schema {' or '.join(map(str, READABLE))}", remedy, str(path)
        )
    return record


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _settings(path: Path) -> tuple[dict[str, object], str]:
    """``run.json`` as an object, or nothing and a sentence saying what is missing."""
    if not path.is_file():
        return {}, "No run.json in the run: settings and hashes are not known."
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}, "run.json cannot be read: settings and hashes are not known."
    if not isinstance(found, dict):
        return {}, "run.json is not an object: settings and hashes are not known."
    return found, ""


def flat(value: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested objects as dotted keys, sorted; lists in one line."""
    if isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from flat(value[key], f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, str):
        yield prefix, value
    else:
        yield prefix, json.dumps(value, sort_keys=True)
