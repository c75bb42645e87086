"""What captions that people wrote state: tuples of a policy's vocabulary, and their roles."""
