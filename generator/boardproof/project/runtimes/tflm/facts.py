"""What version 2.0.0 of the Arduino library Chirale_TensorFLowLite can do, for when no copy of it is at hand to ask.

The facts are those that headers.py reads from the library itself; a test compares the two where a copy is present.
Which operators it has is in runtimes/interpreted.py.
"""

from __future__ import annotations

from boardproof.model.graph import DType
from boardproof.project.runtimes.tflm.headers import Roundings
from boardproof.project.runtimes.tflm.limits import Limits
from boardproof.project.runtimes.tflm.slips import Slips

NAME = "Chirale_TensorFLowLite"
VERSION = "2.0.0"

TAKES_REGISTRATION = frozenset(
    {
        "ADD",
        "AVERAGE_POOL_2D",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "FULLY_CONNECTED",
        "MAX_POOL_2D",
        "MUL",
        "PAD",
        "SOFTMAX",
        "SVDF",
    }
)
"""Operators whose method accepts a more specific kernel than the default."""

VARIANTS = {
    "add": ("ADD_INT8", "ADD_INT16"),
    "conv": ("CONV_2D_INT8", "CONV_2D_INT16"),
    "depthwise_conv": ("DEPTHWISE_CONV_2D_INT8", "DEPTHWISE_CONV_2D_INT16"),
    "fully_connected": ("FULLY_CONNECTED_INT8", "FULLY_CONNECTED_INT16"),
    "mul": ("MUL_INT8",),
    "pooling": ("AVERAGE_POOL_2D_INT8", "MAX_POOL_2D_INT8"),
    "softmax": ("SOFTMAX_INT8_INT16", "SOFTMAX_INT8", "SOFTMAX_INT16"),
    "svdf": ("SVDF_INT8",),
}
"""Registrations for particular types, by the header in micro/kernels/ that declares them."""

_TYPES_OF_OPERATORS = (
    ("bool float32 int16 int8", "ABS COS LOG LOGICAL_NOT RSQRT SELECT_V2 SIN SQRT SQUARE"),
    ("float32 int16 int8", "ADD LEAKY_RELU LOGISTIC PRELU SOFTMAX SUB TANH TRANSPOSE_CONV"),
    (
        "float32 int8",
        "ADD_N AVERAGE_POOL_2D BATCH_TO_SPACE_ND DEPTH_TO_SPACE DIV ELU HARD_SWISH L2_NORMALIZATION "
        "LOG_SOFTMAX MAX_POOL_2D RELU RELU6 SPACE_TO_BATCH_ND SPACE_TO_DEPTH TRANSPOSE",
    ),
    (
        "float32 int32 int8",
        "ARG_MAX ARG_MIN CUMSUM EXPAND_DIMS GATHER GATHER_ND RESIZE_BILINEAR SQUARED_DIFFERENCE UNPACK",
    ),
    ("float32 int16 int32 int8 uint32", "CAST"),
    ("float32", "CEIL EXP FLOOR FLOOR_DIV FLOOR_MOD L2_POOL_2D NEG ROUND"),
    ("bool float32 int16 int32 int64 int8", "CONCATENATION"),
    ("float32 int16 int4 int8", "CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED"),
    ("float32 int16 int32 int8 uint8", "DEQUANTIZE QUANTIZE UNIDIRECTIONAL_SEQUENCE_LSTM"),
    ("bool float32 int32 int64 int8", "EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL NOT_EQUAL"),
    ("float32 int16 int32 int64 int8", "FILL SLICE"),
    ("float32 int32 int64 int8", "MAXIMUM MINIMUM MIRROR_PAD PACK ZEROS_LIKE"),
    ("float32 int16 int32 int8", "MEAN MUL PAD PADV2 REDUCE_MAX RESIZE_NEAREST_NEIGHBOR SPLIT SPLIT_V SUM SVDF"),
    ("bool float32 int16 int32 int8", "STRIDED_SLICE"),
)

KERNEL_TYPES = {
    opcode: frozenset(DType(name) for name in types.split())
    for types, opcodes in _TYPES_OF_OPERATORS
    for opcode in opcodes.split()
}
"""The element types each operator's kernel dispatches on; operators that copy bytes whatever their type are absent."""

OUTPUT_TYPES = {
    "ARG_MAX": frozenset({DType.INT32}),
    "ARG_MIN": frozenset({DType.INT32}),
    "CAST": frozenset({DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32}),
    "SHAPE": frozenset({DType.INT32}),
}
"""The element types that operators which choose their output's give."""

NEEDS_BIAS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "SVDF", "TRANSPOSE_CONV"})
"""Operators that crash where the optional bias is absent; TRANSPOSE_CONV with int16 data only."""

ROUNDINGS = Roundings(frozenset({"DIV", "FULLY_CONNECTED"}), float_sums=True, truncated_means=True)
"""Where its arithmetic is not tflite_micro's."""

_SHAPED = (
    "ADD ADD_N ARG_MAX ARG_MIN AVERAGE_POOL_2D BATCH_TO_SPACE_ND BROADCAST_ARGS BROADCAST_TO CAST CEIL "
    "CONCATENATION CONV_2D CUMSUM DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE DIV ELU EQUAL EXP EXPAND_DIMS "
    "FILL FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GREATER GREATER_EQUAL HARD_SWISH L2_NORMALIZATION "
    "L2_POOL_2D LEAKY_RELU LESS LESS_EQUAL LOGICAL_AND LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D "
    "MEAN MINIMUM MUL NEG NOT_EQUAL PAD PADV2 PRELU QUANTIZE REDUCE_MAX RELU RELU6 RESIZE_BILINEAR "
    "RESIZE_NEAREST_NEIGHBOR ROUND SELECT_V2 SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH SQUARED_DIFFERENCE "
    "STRIDED_SLICE SUB SUM TANH TRANSPOSE TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM ZEROS_LIKE"
)
_FOUR_AXES = (
    "ADD EQUAL FLOOR_DIV FLOOR_MOD GREATER GREATER_EQUAL LESS LESS_EQUAL LOGICAL_AND LOGICAL_OR MUL NOT_EQUAL PRELU "
    "SQUARED_DIFFERENCE"
)

LIMITS = Limits(
    shape_axes=5,
    shaped=frozenset(_SHAPED.split()),
    broadcast_axes=dict.fromkeys(_FOUR_AXES.split(), 4) | {"SELECT_V2": 5},
    reduced_axes=2,
    writes_model=frozenset({"GATHER_ND"}),
    keeps_temporaries=frozenset({"SELECT_V2"}),
    equal_scales=frozenset({"REDUCE_MAX"}),
    smallest_softmax=True,
)
"""What it fails on, though tflite_micro runs it."""

SLIPS = Slips(
    first_image=frozenset({"AVERAGE_POOL_2D", "MAX_POOL_2D"}),
    no_activation=True,
    no_groups=True,
    no_factor=True,
    whole_pixels=True,
)
"""What it computes wrongly."""

OPERATOR_VERSIONS = {
    "ADD": 5,
    "AVERAGE_POOL_2D": 3,
    "CONCATENATION": 4,
    "CONV_2D": 7,
    "DEPTHWISE_CONV_2D": 7,
    "DEQUANTIZE": 5,
    "DIV": 2,
    "FULLY_CONNECTED": 10,
    "GATHER": 6,
    "LEAKY_RELU": 2,
    "LOGISTIC": 3,
    "MAX_POOL_2D": 3,
    "MAXIMUM": 4,
    "MEAN": 3,
    "MINIMUM": 4,
    "MIRROR_PAD": 3,
    "MUL": 7,
    "PACK": 4,
    "PAD": 4,
    "PADV2": 4,
    "QUANTIZE": 3,
    "REDUCE_MAX": 3,
    "RELU": 3,
    "RELU6": 3,
    "RESIZE_BILINEAR": 4,
    "RESIZE_NEAREST_NEIGHBOR": 4,
    "SLICE": 6,
    "SOFTMAX": 3,
    "SPACE_TO_BATCH_ND": 4,
    "SPLIT": 4,
    "STRIDED_SLICE": 8,
    "SUB": 5,
    "SVDF": 4,
    "TANH": 3,
    "TRANSPOSE": 6,
    "TRANSPOSE_CONV": 4,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 4,
    "UNPACK": 4,
}
"""The newest version of each operator when this library was made (tensorflow/lite/core/kernels/register.cc, 2023).

TensorFlow Lite Micro never looks at an operator's version; a newer one means a feature its kernels have not heard of.
"""
