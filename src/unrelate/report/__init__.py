"""Report room: figures, HTML, Markdown and terminal tables, all from one `AuditRecord`."""

from __future__ import annotations

from unrelate.report.compare import Comparison, compare_tables
from unrelate.report.junit import write_junit
from unrelate.report.page import write_report
from unrelate.report.summary import summary_markdown
from unrelate.report.terminal import verdict_table

__all__ = ["Comparison", "compare_tables", "summary_markdown", "verdict_table", "write_junit", "write_report"]
