"""From a policy to training pairs: what is needed, where it comes from, and what it has to pass."""
