"""Jobs side by side."""

from __future__ import annotations

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
