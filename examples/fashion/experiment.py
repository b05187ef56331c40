"""Two networks for Fashion-MNIST, and every way that boardproof knows to make them smaller.

boardproof ladder examples/fashion/experiment.py --report ladder.html
"""

from __future__ import annotations

import data as fashion
from networks import large, light, train

from boardproof.ladder import Ladder

ladder = Ladder(data=fashion.load, train=train, epochs=5, finetune=2)
big, small = ladder.model(large), ladder.model(light)

big.quantize("float32", "float16", "dynamic", "int8", "int16x8")
big.qat()
big.prune(0.5)
big.prune(0.8)
big.prune(0.9, scope="global")
big.prune(pattern=(2, 4))
big.shrink(0.25)
big.shrink(0.5).qat()
big.shrink(0.5, epochs=4)
big.shrink(0.75)
big.shrink(flash=48_000, ticks=600_000)
small.quantize("float32", "int8", "int16x8")
small.qat()
small.shrink(0.5)
small.distill(big)
