"""What is forbidden and what must stay, as validated data."""

from unrelate.policy.example import example_text
from unrelate.policy.load import DEFAULT_POLICY, load_policy, shipped_policies
from unrelate.policy.schema import Criterion, Forbidden, Kept, Policy, load_vocabulary
from unrelate.policy.triple import Triple
from unrelate.policy.vocabulary import Vocabulary

__all__ = [
    "DEFAULT_POLICY",
    "Criterion",
    "Forbidden",
    "Kept",
    "Policy",
    "Triple",
    "Vocabulary",
    "example_text",
    "load_policy",
    "load_vocabulary",
    "shipped_policies",
]
