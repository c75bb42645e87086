"""Attacks on the weights: what is hidden comes back when they are changed."""
