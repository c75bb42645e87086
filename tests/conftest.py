"""Settings for every test: offline, and no deadline on a shared machine."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

settings.register_profile("unrelate", deadline=None, derandomize=True)
settings.load_profile("unrelate")
