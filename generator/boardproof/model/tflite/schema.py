"""The tables of a .tflite file, as `verifier.verify` needs them: fields by slot, from TensorFlow Lite's schema.fbs.

Everything boardproof or the interpreters follow an offset for is here. Options tables not listed hold numbers only.
"""

from __future__ import annotations

from tflite import BuiltinOptions

from boardproof.model.tflite.verifier import Scalar, Table, Tables, Text, Union, Vector

FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3

_BYTE, _INT, _LONG = Scalar(1), Scalar(4), Scalar(8)
_BYTES, _INTS, _LONGS = Vector(1), Vector(4), Vector(8)

_OPERATOR_CODE = Table("an operator code", {0: _BYTE, 1: Text(), 2: _INT, 3: _INT})

_QUANTIZATION = Table("a quantization", {0: _INTS, 1: _INTS, 2: _INTS, 3: _LONGS, 4: _BYTE, 5: Union(4, {}), 6: _INT})

_TENSOR = Table(
    "a tensor",
    {0: _INTS, 1: _BYTE, 2: _INT, 3: Text(), 4: _QUANTIZATION, 5: _BYTE, 6: Table("a sparsity"), 7: _INTS, 8: _BYTE},
)

_OPTIONS = {
    BuiltinOptions.Conv2DOptions: Table(
        "its Conv2DOptions", {0: _BYTE, 1: _INT, 2: _INT, 3: _BYTE, 4: _INT, 5: _INT, 6: _BYTE}
    ),
    BuiltinOptions.DepthwiseConv2DOptions: Table(
        "its DepthwiseConv2DOptions", {0: _BYTE, 1: _INT, 2: _INT, 3: _INT, 4: _BYTE, 5: _INT, 6: _INT}
    ),
    BuiltinOptions.Pool2DOptions: Table("its Pool2DOptions", {0: _BYTE, 1: _INT, 2: _INT, 3: _INT, 4: _INT, 5: _BYTE}),
    BuiltinOptions.FullyConnectedOptions: Table(
        "its FullyConnectedOptions", {0: _BYTE, 1: _BYTE, 2: _BYTE, 3: _BYTE, 4: _BYTE}
    ),
    BuiltinOptions.SoftmaxOptions: Table("its SoftmaxOptions", {0: _INT}),
    BuiltinOptions.AddOptions: Table("its AddOptions", {0: _BYTE, 1: _BYTE}),
    BuiltinOptions.ReducerOptions: Table("its ReducerOptions", {0: _BYTE}),
    BuiltinOptions.SqueezeOptions: Table("its SqueezeOptions", {0: _INTS}),
    BuiltinOptions.VarHandleOptions: Table("its VarHandleOptions", {0: Text(), 1: Text()}),
    BuiltinOptions.CallOnceOptions: Table("its CallOnceOptions", {0: _INT}),
    BuiltinOptions.SVDFOptions: Table("its SVDFOptions", {0: _INT, 1: _BYTE, 2: _BYTE}),
    BuiltinOptions.UnidirectionalSequenceLSTMOptions: Table(
        "its UnidirectionalSequenceLSTMOptions", {0: _BYTE, 1: _INT, 2: _INT, 3: _BYTE, 4: _BYTE, 5: _BYTE}
    ),
    BuiltinOptions.MirrorPadOptions: Table("its MirrorPadOptions", {0: _BYTE}),
    BuiltinOptions.ResizeBilinearOptions: Table("its ResizeBilinearOptions", {0: _INT, 1: _INT, 2: _BYTE, 3: _BYTE}),
    BuiltinOptions.ResizeNearestNeighborOptions: Table("its ResizeNearestNeighborOptions", {0: _BYTE, 1: _BYTE}),
    BuiltinOptions.SpaceToDepthOptions: Table("its SpaceToDepthOptions", {0: _INT}),
    BuiltinOptions.DepthToSpaceOptions: Table("its DepthToSpaceOptions", {0: _INT}),
    BuiltinOptions.ConcatenationOptions: Table("its ConcatenationOptions", {0: _INT, 1: _BYTE}),
    BuiltinOptions.PackOptions: Table("its PackOptions", {0: _INT, 1: _INT}),
    BuiltinOptions.UnpackOptions: Table("its UnpackOptions", {0: _INT, 1: _INT}),
    BuiltinOptions.StridedSliceOptions: Table(
        "its StridedSliceOptions", {0: _INT, 1: _INT, 2: _INT, 3: _INT, 4: _INT, 5: _BYTE}
    ),
    BuiltinOptions.GatherOptions: Table("its GatherOptions", {0: _INT, 1: _INT}),
    BuiltinOptions.TransposeConvOptions: Table(
        "its TransposeConvOptions", {0: _BYTE, 1: _INT, 2: _INT, 3: _BYTE, 4: _BYTE}
    ),
    BuiltinOptions.BatchMatMulOptions: Table("its BatchMatMulOptions", {0: _BYTE, 1: _BYTE, 2: _BYTE}),
    BuiltinOptions.CumsumOptions: Table("its CumsumOptions", {0: _BYTE, 1: _BYTE}),
    # Not read here, but an interpreter follows the offsets in them.
    BuiltinOptions.ReshapeOptions: Table("its ReshapeOptions", {0: _INTS}),
}

_OPERATOR = Table(
    "an operator",
    {
        0: _INT,
        1: _INTS,
        2: _INTS,
        3: _BYTE,
        4: Union(3, _OPTIONS),
        5: _BYTES,
        6: _BYTE,
        7: _BYTES,
        8: _INTS,
        9: _LONG,
        10: _LONG,
        11: _BYTE,
        12: Union(11, {}),
    },
)

_SUBGRAPH = Table("a subgraph", {0: Tables(_TENSOR), 1: _INTS, 2: _INTS, 3: Tables(_OPERATOR), 4: Text()})

_BUFFER = Table("a buffer", {0: _BYTES, 1: _LONG, 2: _LONG})

_METADATA = Table("a metadata entry", {0: Text(), 1: _INT})

_TENSOR_MAP = Table("a signature entry", {0: Text(), 1: _INT})

_SIGNATURE = Table("a signature", {0: Tables(_TENSOR_MAP), 1: Tables(_TENSOR_MAP), 2: Text(), 4: _INT})

MODEL = Table(
    "the model",
    {
        0: _INT,
        1: Tables(_OPERATOR_CODE),
        2: Tables(_SUBGRAPH),
        3: Text(),
        4: Tables(_BUFFER),
        5: _INTS,
        6: Tables(_METADATA),
        7: Tables(_SIGNATURE),
    },
)
"""The root of the file."""
