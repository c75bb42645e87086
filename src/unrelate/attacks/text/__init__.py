"""Attacks that ask for the forbidden in other words."""
