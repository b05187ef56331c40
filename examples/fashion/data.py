"""Fashion-MNIST as Debian ships it: 28x28 grey pictures of clothes in ten classes (Xiao, Rasul and Vollgraf 2017; MIT).

`apt-get install dataset-fashion-mnist`; or put the four .gz files of the original elsewhere, and name the folder in
FASHION_MNIST.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np

from boardproof.ladder import Data

FOLDER = Path(os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))
TRAIN, VALIDATION, TEST = 24_000, 2_000, 5_000


def load() -> Data:
    """The first 24,000 training pictures to learn from, the last 2,000 to look at meanwhile, 5,000 of the test's.

    Inputs are float32 [samples, 28, 28, 1] from 0 to 1, labels int64 [samples].
    """
    x, y = pictures("train-images-idx3-ubyte.gz"), labels("train-labels-idx1-ubyte.gz")
    test = pictures("t10k-images-idx3-ubyte.gz")[:TEST], labels("t10k-labels-idx1-ubyte.gz")[:TEST]
    return Data(train=(x[:TRAIN], y[:TRAIN]), validation=(x[-VALIDATION:], y[-VALIDATION:]), test=test)


def pictures(name: str) -> np.ndarray:
    return np.frombuffer(content(name)[16:], np.uint8).reshape(-1, 28, 28, 1).astype(np.float32) / 255


def labels(name: str) -> np.ndarray:
    return np.frombuffer(content(name)[8:], np.uint8).astype(np.int64)


def content(name: str) -> bytes:
    """A file without its compression; IDX, whose header is 16 bytes of pictures and 8 of labels."""
    return gzip.decompress((FOLDER / name).read_bytes())
