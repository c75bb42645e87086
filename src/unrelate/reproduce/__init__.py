"""Experiments on the embedded model: a paper's, and those behind our own claims."""

from unrelate.reproduce.table import REPRODUCTIONS, Reproduction

__all__ = ["REPRODUCTIONS", "Reproduction"]
