"""The ladder: how small can a model get, at what price, on the board?

Public API: an experiment is a Python file that makes a `Ladder`; `boardproof ladder experiment.py` measures it.
"""

from boardproof.ladder.data import Data, Split
from boardproof.ladder.experiment import Entry, Ladder

__all__ = ["Data", "Entry", "Ladder", "Split"]
