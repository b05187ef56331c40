"""The front end for pictures: cut, grey, sized, int8."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from boardproof.errors import InputError
from boardproof.features.front_end import FrontEnd
from boardproof.features.network import Chain

_COLOURS = 3
_LUMA = (0.299, 0.587, 0.114)
"""Of red, green and blue, as ITU-R BT.601 has it."""

_SCALE = (1.0, 0)


def image(
    *, size: tuple[int, int], channels: int, to: tuple[int, int], crop: bool = True, grey: bool = False
) -> FrontEnd:
    """Pictures as the network takes them, [1, height, width, channels] int8: bytes less 128.

    Args:
        size: Height and width of the camera's pictures.
        channels: Their channels: 1 or 3.
        to: Height and width of the network's.
        crop: Cut the middle out in the shape of `to` first, so that nothing is distorted.
        grey: Make one channel of three.

    Raises:
        InputError: The sizes or channels cannot be used.
    """
    if min(*size, *to) < 1 or max(*size, *to) > 4096 or channels not in {1, _COLOURS}:  # noqa: PLR2004 no camera's
        raise InputError(
            f"Pictures of {size[0]}x{size[1]}x{channels} cannot become {to[0]}x{to[1]}.",
            "Sizes are at least 1, channels 1 or 3.",
        )
    chain = Chain("image")
    source = chain.tensor((1, *size, channels), "uint8", "picture", _SCALE)
    signed = chain.tensor((1, *size, channels), "int8", "signed", (1.0, -128))
    now = chain.operator("QUANTIZE", [source], signed, schema.QuantizeOptionsT())
    if crop:
        now = _cropped(chain, now, size, to)
    if grey and channels == _COLOURS:
        now = _greyed(chain, now)
    if chain.shape(now)[1:3] != to:
        output = chain.tensor((1, *to, chain.shape(now)[3]), "int8", "sized", (1.0, -128))
        target = chain.constant(np.array(to), "int32", "size")
        options = schema.ResizeBilinearOptionsT(halfPixelCenters=True)
        now = chain.operator("RESIZE_BILINEAR", [now, target], output, options)
    return FrontEnd(chain.build(source, now), 1, 1, size[0] * size[1] * channels)


def _cropped(chain: Chain, source: int, size: tuple[int, int], to: tuple[int, int]) -> int:
    """The largest part in the middle whose sides have the proportion of `to`."""
    factor = min(size[0] / to[0], size[1] / to[1])
    height, width = (max(1, round(side * factor)) for side in to)
    if (height, width) == size:
        return source
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    channels = chain.shape(source)[3]
    limits = {
        "begin": (0, top, left, 0),
        "end": (1, top + height, left + width, channels),
        "strides": (1, 1, 1, 1),
    }
    constants = [chain.constant(np.array(values), "int32", name) for name, values in limits.items()]
    output = chain.tensor((1, height, width, channels), "int8", "cut", (1.0, -128))
    return chain.operator("STRIDED_SLICE", [source, *constants], output, schema.StridedSliceOptionsT())


def _greyed(chain: Chain, source: int) -> int:
    """One channel of three."""
    scale = max(_LUMA) / 127
    weights = np.rint(np.array(_LUMA) / scale).reshape(1, 1, 1, _COLOURS)
    options = schema.Conv2DOptionsT(strideW=1, strideH=1, dilationWFactor=1, dilationHFactor=1)
    output = chain.tensor((*chain.shape(source)[:3], 1), "int8", "grey", (1.0, -128))
    filters = chain.constant(weights, "int8", "luma", [scale])
    bias = chain.constant(np.zeros(1), "int32", "bias", [scale])
    return chain.operator("CONV_2D", [source, filters, bias], output, options)
