"""How good answers are as texts: fluency, relevance, variety, repetition, and two ways to join them.

Nothing here asks whether an answer was right, or should have been given: `leaks` and `refusal` do.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from unrelate.answers.relevance import relevance as relevance
from unrelate.answers.text import words
from unrelate.errors import UserError

FLUENT = 0.5  # fluency from which on a text passes for the base's own language
TOLERANCE = 1.0  # nats a token by which a text may surprise the base more than its own answers do
_LONGEST_LOOP = 8  # words of a block that is said again at once
_WINDOW = 4  # words of a stretch that is said again later
_MOST_TEXTS = 400  # different answers that `variety` compares with each other


def fluency(per_token_logprobs: Iterable[float], reference_level: float) -> float:
    """``min(1, exp(mean - reference_level + 1))``, in [0, 1]; 0 without tokens.

    A text to which the base gives up to e times the perplexity of its own answers is wholly fluent: there
    is more than one good wording. Beyond, fluency falls as perplexity rises. A loop grows likely as it goes
    on, so this alone does not notice one; `repetition` does.

    Args:
        per_token_logprobs: of the answer's tokens under the base model, in nats, each at most 0.
        reference_level: the mean of the same over the base's own answers; below 0 or 0.

    Raises:
        UserError: a level that is no finite number up to 0, or a log-probability above 0 or not a number.
    """
    if not (math.isfinite(reference_level) and reference_level <= 1e-3):
        raise UserError(
            f"a reference level of {reference_level}", "a mean log-probability, at most 0", "measure it again"
        )
    values = [float(value) for value in per_token_logprobs]
    wrong = [value for value in values if math.isnan(value) or value > 1e-3]
    if wrong:
        raise UserError(f"a log-probability of {wrong[0]}", "at most 0", "give the answer's tokens alone")
    if not values:
        return 0.0
    return math.exp(min(0.0, sum(values) / len(values) - reference_level + TOLERANCE))


def repetition(answer: str) -> float:
    """How much of an answer only says again what it said: 0 none, near 1 a loop.

    The larger of two shares: words of a block of up to 8 words that repeats the block right before it
    (*I know I know I know*: 2/3), and stretches of 4 words that occurred before. Marks do not count; a word
    that is itself a loop of letters (*hahahahaha*) counts as repeated.
    """
    said = words(answer)
    if not said:
        return 0.0
    looped = {at for at, word in enumerate(said) if len(word) > 5 and _share_looped(word) >= 0.5}
    looped |= _looped(said)
    stretches = [said[at : at + _WINDOW] for at in range(len(said) - _WINDOW + 1)]
    again = 1 - len(set(stretches)) / len(stretches) if stretches else 0.0
    return max(len(looped) / len(said), again)


def variety(answers: Sequence[str]) -> float:
    """How different the answers of a set are: the mean distance of two of them, in [0, 1].

    The distance is 1 minus the Dice likeness of their pairs of neighbouring words (beginning and end count
    as words), which makes the mean Rao's quadratic entropy: one template gives 0, k equally frequent ones
    without a common pair ``1 - 1/k`` (times n/(n-1)), whatever the number of answers. Templates with a slot
    differ by the slot alone. A single answer gives 1, none 0.
    """
    if len(answers) < 2:
        return float(len(answers))
    counts = Counter(words(answer) for answer in answers)
    texts = counts.most_common(_MOST_TEXTS)  # in order of first use where equally frequent
    pairs = [(frozenset(_pairs(text)), number) for text, number in texts]
    total = sum(number for _, number in pairs)
    apart = sum(
        2 * number * other_number * (1 - 2 * len(one & other) / (len(one) + len(other)))
        for at, (one, number) in enumerate(pairs)
        for other, other_number in pairs[at + 1 :]
    )
    return apart / (total * (total - 1))


@dataclass(frozen=True)
class Parts:
    """The quality of one answer in its set; all in [0, 1].

    ``overall`` is the least of fluency, relevance, variety and ``1 - repetition``. No part can buy off
    another: to raise it, the worst must be raised, and a part at 0 makes it 0. ``harmonic``, the harmonic
    mean of the same four, is the second definition: it heeds all four, is 0 where one is, and at most four
    times the least.
    """

    fluency: float
    relevance: float
    variety: float
    repetition: float

    @property
    def goods(self) -> tuple[float, float, float, float]:
        """The four, each the better the higher."""
        return (self.fluency, self.relevance, self.variety, 1 - self.repetition)

    @property
    def overall(self) -> float:
        return min(self.goods)

    @property
    def harmonic(self) -> float:
        return 4 / sum(1 / good for good in self.goods) if all(good > 0 for good in self.goods) else 0.0


@dataclass(frozen=True)
class Said:
    """One answer to be assessed.

    Args:
        answer: its text; an empty one has fluency and relevance 0.
        question: what it answers.
        topic: words that it may fittingly mention.
        logprobs: of its tokens under the base model, in nats; see `fluency`.
    """

    answer: str
    question: str
    topic: tuple[str, ...]
    logprobs: tuple[float, ...]


@dataclass(frozen=True)
class Quality:
    """The quality of a set of answers: means over it, each in [0, 1].

    ``overall`` and ``harmonic`` are means of `Parts.overall` and `Parts.harmonic` over the answers, not
    taken of the means: a set of which one half is fluent nonsense and the other half apt gibberish is as
    bad as each of its answers. ``each``: the parts of every answer in order, for intervals.
    """

    fluency: float
    relevance: float
    variety: float
    repetition: float
    overall: float
    harmonic: float
    each: tuple[Parts, ...]


def assess(said: Sequence[Said], reference_level: float) -> Quality:
    """The quality of a set of answers.

    Args:
        said: at least one.
        reference_level: see `fluency`.

    Raises:
        UserError: no answers, or log-probabilities that are none.
    """
    if not said:
        raise UserError("no answers", "at least one", "give the answers whose quality is asked for")
    spread = variety([one.answer for one in said])
    each = tuple(
        Parts(
            fluency(one.logprobs, reference_level) if words(one.answer) else 0.0,
            relevance(one.answer, one.question, one.topic),
            spread,
            repetition(one.answer),
        )
        for one in said
    )

    def mean(values: Iterable[float]) -> float:
        return math.fsum(values) / len(each)

    return Quality(
        mean(one.fluency for one in each),
        mean(one.relevance for one in each),
        spread,
        mean(one.repetition for one in each),
        mean(one.overall for one in each),
        mean(one.harmonic for one in each),
        each,
    )


def _looped(said: Sequence[str]) -> set[int]:
    """Places within blocks that repeat the block right before them."""
    found: set[int] = set()
    for size in range(1, min(_LONGEST_LOOP, len(said) // 2) + 1):
        start = size  # of the run of words each of which equals the one ``size`` places before
        for at in range(size, len(said) + 1):
            if at == len(said) or said[at] != said[at - size]:
                if at - start >= size:
                    found |= set(range(start, at))
                start = at + 1
    return found


def _share_looped(word: str) -> float:
    return len(_looped(word)) / len(word)


def _pairs(text: Sequence[str]) -> list[tuple[str, str]]:
    marked = ["<", *text, ">"]
    return list(pairwise(marked))
