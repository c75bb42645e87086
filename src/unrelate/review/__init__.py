"""A local web page on which a person accepts, rejects and mends collected pairs.

The web libraries are imported in `app`, `guard` and `serve` alone, which the command opens last.
"""
