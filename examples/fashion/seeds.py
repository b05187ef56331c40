"""What one seed does not show: half the channels of the large network, and the light one with weights of 4 bits.

boardproof ladder examples/fashion/seeds.py
"""

from __future__ import annotations

import data as fashion
from networks import large, light, train

from boardproof.ladder import Ladder

ladder = Ladder(data=fashion.load, train=train, epochs=5, finetune=2, seeds=3)
big, small = ladder.model(large), ladder.model(light)

big.shrink(0.5, epochs=4)
small.quantize("int8", "int8x4")
small.qat(bits=4)
