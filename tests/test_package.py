"""The package's own names: lazy, and functions even where a sub-package has the same name."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

# A stand-in for unrelate.api keeps these tests to what they are about: how names are bound.
_STAND_IN = """
import json, sys, types
api = types.ModuleType("unrelate.api")
api.edit, api.audit = (lambda: "edited"), (lambda: "audited")
sys.modules["unrelate.api"] = api
"""


def _run(script: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", _STAND_IN + script],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(p for p in sys.path if p)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


BEFORE = "import unrelate.edit, unrelate.audit.record; import unrelate"
AFTER = "import unrelate; unrelate.edit, unrelate.audit; import unrelate.edit, unrelate.audit.record"
BY_NAME = "import unrelate; from unrelate.audit import record; from unrelate.edit import __name__"


@pytest.mark.parametrize("imports", [BEFORE, AFTER, BY_NAME])
def test_edit_and_audit_are_functions_whatever_was_imported_first(imports: str) -> None:
    said = _run(f"""
{imports}
from unrelate import audit, edit
from unrelate.audit.record import Score
print(json.dumps([unrelate.edit(), unrelate.audit(), edit(), audit(), Score.__name__,
                  type(sys.modules["unrelate.edit"]).__name__]))
""")
    assert said == ["edited", "audited", "edited", "audited", "Score", "module"]


def test_importing_the_package_imports_nothing_heavy() -> None:
    modules = _run("""
import unrelate
print(json.dumps(sorted({m.partition(".")[0] for m in sys.modules})))
""")
    assert not {"torch", "transformers", "PIL", "numpy", "pydantic"} & set(modules)


def test_microworld_is_the_sub_package() -> None:
    assert _run("import unrelate; print(json.dumps(unrelate.microworld.__name__))") == "unrelate.microworld"


def test_public_names_are_listed_and_others_refused() -> None:
    import unrelate

    assert {"load_policy", "edit", "audit", "microworld", "__version__"} <= set(dir(unrelate))
    with pytest.raises(AttributeError, match="no attribute 'unedit'"):
        _ = unrelate.unedit
