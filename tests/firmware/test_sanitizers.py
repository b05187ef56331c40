"""Generated code and kernels under AddressSanitizer and UndefinedBehaviorSanitizer, as a program of its own."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from firmware import test_axes, test_elementwise, test_kernels, test_movement, test_random_graphs, test_variables
from support.aot import build_kernels, generate, oracle_outputs, plan_quickly, write_sources
from support.network import Network

FLAGS = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
ROUNDS = 6

# Samples from stdin, outputs to stdout.
MAIN = r"""
#include <stdio.h>
#include "whole.c"
int main(void)
{
    model_init();
    for (;;) {
        struct model_tensor tensor;
        for (uint16_t i = 0; i < model_info.input_count; ++i) {
            model_input(i, &tensor);
            if (fread(tensor.data, 1, tensor.bytes, stdin) != tensor.bytes) {
                return 0;
            }
        }
        model_invoke();
        for (uint16_t i = 0; i < model_info.output_count; ++i) {
            model_output(i, &tensor);
            fwrite(tensor.data, 1, tensor.bytes, stdout);
        }
    }
}
"""

pytestmark = pytest.mark.native


def one_of_each(operators):
    """Makes a model with every operator once, and samples."""

    def make(draw, seed):
        net = Network(seed)
        net.outputs = [operator(draw, net).index for operator in operators]
        return net.build(), net.vectors(3)

    return make


def mixed(draw, _seed):
    """A random network of many operators, and samples."""
    net = draw(test_random_graphs.networks())
    return net.build(), net.vectors(3)


MODELS = {
    "along axes": one_of_each(test_axes.OPERATORS.values()),
    "elementwise": one_of_each(test_elementwise.OPERATORS.values()),
    "layers": one_of_each(test_kernels.OPERATORS.values()),
    "movement and products": one_of_each(test_movement.OPERATORS.values()),
    "networks": mixed,
    "variables": test_variables.sequence,
}


def examples(make):
    """Some models and their samples."""
    found = []

    @settings(
        max_examples=ROUNDS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data(), st.integers(0, 2**32))
    def collect(data, seed):
        found.append(make(data.draw, seed))

    collect()
    return found


@pytest.fixture(scope="module")
def toolchain(tmp_path_factory):
    return build_kernels(tmp_path_factory.mktemp("kernels"), "gcc", *FLAGS)


@pytest.mark.parametrize("name", MODELS)
def test_no_undefined_behaviour(name, toolchain, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    for number, (data, inputs) in enumerate(examples(MODELS[name])):
        folder = tmp_path / str(number)
        write_sources(generate(data), folder)
        (folder / "main.c").write_text(MAIN)
        toolchain.compile([folder / "main.c"], folder / "main", f"-I{folder}")
        samples = range(len(inputs[0]))
        stream = b"".join(array[i].tobytes() for i in samples for array in inputs)
        done = subprocess.run([str(folder / "main")], input=stream, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        expected = oracle_outputs(data, inputs)
        assert done.stdout == b"".join(np.ascontiguousarray(out[i]).tobytes() for i in samples for out in expected)
