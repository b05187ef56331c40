"""A small depthwise network with weights of 4 bits: what it costs after training, and what training for it wins back.

boardproof ladder examples/fashion/four_bits.py
"""

from __future__ import annotations

import data as fashion
from networks import light, train

from boardproof.ladder import Ladder

ladder = Ladder(data=fashion.load, train=train, epochs=5, finetune=2, seeds=3)
small = ladder.model(light)

small.quantize("float32", "int8", "int8x4")
small.qat()
small.qat(bits=4)
