"""Audits as work: jobs, side by side, resumed if killed. What is judged, and how, is in `audit`."""
