"""The tables of a .tflite file, as `verifier.verify` needs them: fields by slot, from TensorFlow Lite's schema.fbs.

Everything boardproof or the interpreters follow an offset for is here; the options of operators are beside their
readers. Options tables not listed hold numbers only.
"""

from __future__ import annotations

from tflite import BuiltinOptions

from boardproof.model.tflite import axes, elementwise, images, movement, products, selection, state, windows
from boardproof.model.tflite.verifier import BYTE, BYTES, INT, INTS, LONG, LONGS, Table, Tables, Text, Union

FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3

_OPERATOR_CODE = Table("an operator code", {0: BYTE, 1: Text(), 2: INT, 3: INT})

_QUANTIZATION = Table("a quantization", {0: INTS, 1: INTS, 2: INTS, 3: LONGS, 4: BYTE, 5: Union(4, {}), 6: INT})

_TENSOR = Table(
    "a tensor",
    {0: INTS, 1: BYTE, 2: INT, 3: Text(), 4: _QUANTIZATION, 5: BYTE, 6: Table("a sparsity"), 7: INTS, 8: BYTE},
)

_OPTIONS = {
    **axes.OPTIONS,
    **elementwise.OPTIONS,
    **images.OPTIONS,
    **movement.OPTIONS,
    **products.OPTIONS,
    **selection.OPTIONS,
    **state.OPTIONS,
    **windows.OPTIONS,
    # Not read here, but an interpreter follows the offsets in them.
    BuiltinOptions.ReshapeOptions: Table("its ReshapeOptions", {0: INTS}),
}

_OPERATOR = Table(
    "an operator",
    {
        0: INT,
        1: INTS,
        2: INTS,
        3: BYTE,
        4: Union(3, _OPTIONS),
        5: BYTES,
        6: BYTE,
        7: BYTES,
        8: INTS,
        9: LONG,
        10: LONG,
        11: BYTE,
        12: Union(11, {}),
    },
)

_SUBGRAPH = Table("a subgraph", {0: Tables(_TENSOR), 1: INTS, 2: INTS, 3: Tables(_OPERATOR), 4: Text()})

_BUFFER = Table("a buffer", {0: BYTES, 1: LONG, 2: LONG})

_METADATA = Table("a metadata entry", {0: Text(), 1: INT})

_TENSOR_MAP = Table("a signature entry", {0: Text(), 1: INT})

_SIGNATURE = Table("a signature", {0: Tables(_TENSOR_MAP), 1: Tables(_TENSOR_MAP), 2: Text(), 4: INT})

MODEL = Table(
    "the model",
    {
        0: INT,
        1: Tables(_OPERATOR_CODE),
        2: Tables(_SUBGRAPH),
        3: Text(),
        4: Tables(_BUFFER),
        5: INTS,
        6: Tables(_METADATA),
        7: Tables(_SIGNATURE),
    },
)
"""The root of the file."""
