"""Attacks that ask about other pictures of the forbidden."""
