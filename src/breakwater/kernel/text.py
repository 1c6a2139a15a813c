"""Text for comparing: folded by a table, and as hashed features whose weights are summed.

In: a string (whatever it holds) and tables of `comments.folding`. Out: skeletons, counts of what
was undone, and integer sums, equal on every host. Fed by `comments`. At most 4,096 code points
of a message are read; the rest is counted. Source: reference chat, levels 0 and 1. Tests:
tests/property/test_comment_text.py.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.kernel.backend import chosen

READ: Final = 4096
FEATURE_BITS: Final = 18

Tables = tuple[NDArray[np.uint16], NDArray[np.uint32], NDArray[np.uint32]]


def text_fold(tables: Tables, text: str) -> tuple[str, str, tuple[int, ...], int]:
    """Fold a text.

    Args:
        tables: blocks, cells and pool of the folding table.
        text: anything.

    Returns:
        The skeleton; the folded text with its punctuation; ten counts in the order of
        `model.comment.Obfuscation`; 64 bits that are equal for equal skeletons.

    Raises:
        ValueError: the tables do not fit.
    """
    skeleton, plain, counts, key = chosen.module.text_fold(*tables, text)
    return skeleton, plain, counts, key


def text_features(skeleton: str, bits: int = FEATURE_BITS) -> NDArray[np.uint32]:
    """Distinct hashed character 2- to 5-grams and words, ascending, each below 2**bits."""
    return np.frombuffer(chosen.module.text_features(skeleton, bits), np.uint32)


def text_weigh(skeleton: str, weights: NDArray[np.int16], bits: int) -> tuple[int, int]:
    """The sum of the weights of a skeleton's distinct features, and how many there are.

    Args:
        skeleton: of `text_fold`.
        weights: (2**bits,).
        bits: of the features.
    """
    total, count = chosen.module.text_weigh(skeleton, bits, weights)
    return total, count
