"""Half the channels of the large network, with three seeds: one does not show a point.

boardproof ladder examples/fashion/half.py
"""

from __future__ import annotations

import data as fashion
from networks import large, train

from boardproof.ladder import Ladder

ladder = Ladder(data=fashion.load, train=train, epochs=5, finetune=4, seeds=3)
ladder.model(large).shrink(0.5)
