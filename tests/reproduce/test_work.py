"""Jobs side by side."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from unrelate.reproduce.work import side_by_side


@pytest.mark.slow
def test_what_has_not_begun_is_not_done_after_a_failure(tmp_path: Path) -> None:
    """One worker; of the jobs behind the one that fails a few may have been handed out already."""
    jobs = {"fails": partial(Path.rmdir, tmp_path / "none")}
    jobs |= {str(n): partial(Path.mkdir, tmp_path / str(n)) for n in range(40)}
    with pytest.raises(FileNotFoundError):
        side_by_side(jobs, "jobs", device="cpu", quiet=True, workers=1)
    assert len(list(tmp_path.iterdir())) < 40


BEATS = """
import time
from pathlib import Path
for beat in range(600):
    Path({file!r}).write_text(str(beat))
    time.sleep(0.1)
"""
KILLED = """
from functools import partial
from unrelate.reproduce.work import side_by_side
if __name__ == "__main__":
    side_by_side({{"beats": partial(exec, {beats!r})}}, "jobs", device="cpu", quiet=True, workers=1)
"""


@pytest.mark.slow
def test_a_killed_run_leaves_nobody_at_work_in_its_folders(tmp_path: Path) -> None:
    """Else they would write beside the run that goes on with them."""
    heart, script = tmp_path / "heart", tmp_path / "killed.py"
    script.write_text(KILLED.format(beats=BEATS.format(file=str(heart))))
    with subprocess.Popen([sys.executable, script]) as run:
        deadline = time.monotonic() + 60
        while not heart.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        run.kill()
    assert heart.exists()
    time.sleep(1)
    last = heart.read_text()
    time.sleep(1)
    assert heart.read_text() == last
