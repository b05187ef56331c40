"""Networks with channels as training leaves them, compiled: every byte as tflite_micro's, and no slower for them."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from boardproof.model.intermediates import run_oracle_tensors
from boardproof.model.samples import Vectors
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.proof.divergence import find_divergence
from support.aot import oracle_outputs
from support.cases import rounds_of
from support.dsp import HostModel, run_on_board
from support.operators_trained import chains, single_layer
from support.trained import HARMLESS

LAYERS = [
    ("CONV_2D", (12, 12, 32), (1, 1), 32, 1),
    ("CONV_2D", (16, 16, 16), (3, 3), 16, 1),
    ("CONV_2D", (16, 16, 3), (3, 3), 16, 2),
    ("DEPTHWISE_CONV_2D", (24, 24, 16), (3, 3), 0, 1),
    ("DEPTHWISE_CONV_2D", (24, 24, 16), (3, 3), 0, 2),
    ("DEPTHWISE_CONV_2D", (6, 6, 16), (3, 3), 0, 1),
    ("TRANSPOSE_CONV", (6, 6, 16), (3, 3), 16, 2),
]


class Reader:
    """What `find_divergence` asks of a session, answered by a model on the host."""

    resets = 0

    def __init__(self, model: HostModel, steps: int) -> None:
        self.model, self.op_indices = model, [model.library.model_op_index(i) for i in range(steps)]

    def connect(self) -> Reader:
        return self

    def op_outputs(self, arrays, position, count):
        self.model.set_inputs(arrays)
        assert self.model.library.model_invoke_until(position + 1) == 0
        return tuple(self.model.read(self.model.tensor("model_op_output", position, i)) for i in range(count))


@pytest.mark.native
def test_chains_equal_tflite_micro_operator_by_operator(dsp_on_host, tmp_path):
    """Also in those channels of each tensor that are computed, as the search for the first difference compares them."""
    folders = (tmp_path / str(i) for i in itertools.count())
    seen: Counter[str] = Counter()

    @settings(
        max_examples=rounds_of(4), deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
    )
    @given(chains())
    def check(net):
        data, inputs = net.build(), net.vectors()
        model = HostModel(data, dsp_on_host, next(folders), "balanced")
        kept = AotRuntime().kept_channels(model.graph)
        for sample, expected in enumerate(oracle_outputs(data, inputs)[0]):
            np.testing.assert_array_equal(model.run([array[sample] for array in inputs])[0], expected)
        vectors = Vectors(tuple(inputs))
        reader = Reader(model, len(model.generated.choices))
        assert find_divergence(reader, model.graph, run_oracle_tensors(data, vectors, 2), vectors, 2, kept=kept) is None
        seen.update(networks=1, fewer=bool(kept), idle=any(-1 in channels for channels in kept.values()))

    check()
    assert seen["fewer"] >= 0.3 * seen["networks"], seen
    assert seen["idle"] >= 1, seen


@pytest.mark.qemu
def test_channels_that_say_nothing_cost_no_instructions(dsp_on_board, tmp_path):
    """Each layer as it would be with ordinary weights, and with channels of each kind; all of them stay, as outputs."""
    vectors = {
        layer: np.random.default_rng(0).integers(-128, 128, (1, 1, *layer[1])).astype(np.int8) for layer in LAYERS
    }
    for number, layer in enumerate(LAYERS):
        counts = {}
        for kinds in ((), HARMLESS):
            folder = tmp_path / f"{number}-{len(kinds)}"
            run = run_on_board(single_layer(1, layer, "RELU", kinds), [vectors[layer]], dsp_on_board, folder)
            assert run.wrong == 0
            counts[kinds] = sum(run.ticks)
        assert counts[HARMLESS] <= counts[()] * 1.001, layer
