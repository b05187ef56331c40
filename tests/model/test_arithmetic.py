"""Float32 or integers: what the operators compute in, conversions at the edges left aside."""

import pytest

from boardproof.model.arithmetic import computes_in_float32, requantizes
from support.flatbuffer_models import ModelBuilder
from support.tflm import conv_model, dense_model, float_model, graph_of


def with_float_ends() -> bytes:
    builder = ModelBuilder()
    x, y = (builder.add_tensor((1, 4), "float32") for _ in range(2))
    quantized, positive = (builder.add_tensor((1, 4), scale=0.5) for _ in range(2))
    builder.add_operator("QUANTIZE", [x], [quantized])
    builder.add_operator("RELU", [quantized], [positive])
    builder.add_operator("DEQUANTIZE", [positive], [y])
    return builder.build([x], [y])


def with_both() -> bytes:
    builder = ModelBuilder()
    x, positive = (builder.add_tensor((1, 4), scale=0.5) for _ in range(2))
    real, y = (builder.add_tensor((1, 4), "float32") for _ in range(2))
    builder.add_operator("RELU", [x], [positive])
    builder.add_operator("DEQUANTIZE", [positive], [real])
    builder.add_operator("SOFTMAX", [real], [y], beta=1.0)
    return builder.build([x], [y])


@pytest.mark.parametrize(
    ("data", "in_float", "in_integers"),
    [
        (conv_model(), False, True),
        (with_float_ends(), False, True),
        (with_both(), True, True),
        (float_model(), True, False),
        (dense_model(data_dtype="float32"), True, False),
    ],
)
def test_what_a_network_computes_in(data, in_float, in_integers):
    graph = graph_of(data)
    assert (computes_in_float32(graph), requantizes(graph)) == (in_float, in_integers)
