"""Each operator, generated and compiled, against tflite_micro: 0 LSB on random shapes, quantization and data.

One model holds several independent operators, so that one compilation tests several cases.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import operators_conv, operators_other
from support.aot import assert_exact
from support.network import Network

CASES_PER_MODEL = 5
MODELS = 24

OPERATORS = {
    "CONV_2D": operators_conv.conv2d,
    "DEPTHWISE_CONV_2D": operators_conv.depthwise_conv2d,
    "FULLY_CONNECTED": operators_conv.fully_connected,
    "AVERAGE_POOL_2D": operators_other.average_pool2d,
    "MAX_POOL_2D": operators_other.max_pool2d,
    "MEAN": operators_other.mean,
    "ADD": operators_other.add,
    "PAD": operators_other.pad,
    "RESHAPE": operators_other.reshape,
    "SOFTMAX": operators_other.softmax,
    "LOGISTIC": operators_other.logistic,
    "RELU": operators_other.relu,
    "RELU6": operators_other.relu6,
    "QUANTIZE int8 to int8": operators_other.requantize,
    "QUANTIZE float32": operators_other.quantize_float,
    "QUANTIZE uint8": operators_other.quantize_bytes,
    "DEQUANTIZE": operators_other.dequantize,
}

pytestmark = pytest.mark.native


@pytest.mark.parametrize("operator", OPERATORS)
def test_operator_equals_tflite_micro(operator, toolchain, tmp_path):
    folders = (tmp_path / str(i) for i in itertools.count())

    @settings(max_examples=MODELS, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data(), st.integers(0, 2**32))
    def check(data, seed):
        net = Network(seed)
        net.outputs = [OPERATORS[operator](data.draw, net).index for _ in range(CASES_PER_MODEL)]
        assert_exact(net.build(), net.vectors(), toolchain, next(folders))

    check()
