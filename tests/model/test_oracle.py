"""Reference outputs, from interpreters that are given anything."""

from __future__ import annotations

import gc
import importlib.util
import multiprocessing
import os
import signal
import sys
import time

import numpy as np
import pytest

from boardproof.errors import InputError, ToolError
from boardproof.model.isolation import WorkerError, run_isolated
from boardproof.model.oracle import oracle_available, require_oracle_runs, run_litert, run_oracle
from boardproof.model.quiet import captured_output
from boardproof.model.samples import Vectors
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.vectors import random_vectors
from support.flatbuffer_models import ModelBuilder


def relu(scale=0.5, shape=(1, 4)):
    builder = ModelBuilder()
    x, y = builder.add_tensor(shape, scale=0.5), builder.add_tensor(shape, scale=scale)
    builder.add_operator("RELU", [x], [y])
    return builder.build([x], [y])


def single(opcode, **options):
    builder = ModelBuilder()
    x, y = builder.add_tensor((1, 4), scale=0.5), builder.add_tensor((1, 4), scale=0.5)
    builder.add_operator(opcode, [x], [y], **options)
    return builder.build([x], [y])


def vectors(data, samples=3):
    return random_vectors(read_tflite(data), samples, seed=0)


def test_outputs_have_samples_and_the_tensors_shape():
    data = relu()
    inputs = vectors(data, 5)
    outputs = run_oracle(data, inputs)
    assert outputs.interpreter == "tflite_micro"
    assert outputs.version.startswith("0.dev")
    np.testing.assert_array_equal(outputs.arrays[0], np.maximum(inputs.arrays[0], 0))
    assert outputs.arrays[0].shape == (5, 1, 4)
    assert outputs.arrays[0].dtype == np.int8


def test_one_sample_tells_whether_the_oracle_runs_a_model(monkeypatch):
    require_oracle_runs(relu(), vectors(relu(), 5))
    with pytest.raises(InputError) as caught:
        require_oracle_runs(single("GELU"), vectors(relu(), 5))
    assert caught.value.message == "The oracle, tflite_micro, does not have the operator GELU."
    monkeypatch.setattr("boardproof.model.oracle.oracle_available", lambda: False)
    require_oracle_runs(single("GELU"), vectors(relu(), 5))


def test_litert_is_named_and_agrees_here(capfd):
    data = relu()
    inputs = vectors(data)
    outputs = run_litert(data, inputs)
    assert outputs.interpreter == "ai_edge_litert"
    assert outputs.version
    np.testing.assert_array_equal(outputs.arrays[0], run_oracle(data, inputs).arrays[0])
    assert capfd.readouterr() == ("", "")


def test_several_inputs_and_outputs_keep_their_order():
    builder = ModelBuilder()
    a, b = builder.add_tensor((1, 2), scale=0.5), builder.add_tensor((1, 3), scale=0.5)
    c, d = builder.add_tensor((1, 3), scale=0.5), builder.add_tensor((1, 2), scale=0.5)
    builder.add_operator("RELU", [b], [c])
    builder.add_operator("RELU", [a], [d])
    data = builder.build([b, a], [d, c])
    inputs = vectors(data)
    for run in (run_oracle, run_litert):
        first, second = run(data, inputs).arrays
        np.testing.assert_array_equal(first, np.maximum(inputs.arrays[1], 0))
        np.testing.assert_array_equal(second, np.maximum(inputs.arrays[0], 0))


def test_state_carries_over_from_sample_to_sample():
    """As on the board, where the model is prepared once: an accumulator adds up."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 1), scale=1.0)
    handle = builder.add_tensor((), "resource")
    old, new = builder.add_tensor((1, 1), scale=1.0), builder.add_tensor((1, 1), scale=1.0)
    builder.add_operator("VAR_HANDLE", [], [handle], container="", shared_name="sum")
    builder.add_operator("READ_VARIABLE", [handle], [old])
    builder.add_operator("ADD", [x, old], [new])
    builder.add_operator("ASSIGN_VARIABLE", [handle, new], [])
    data = builder.build([x], [new])
    inputs = Vectors((np.array([[[1]], [[2]], [[3]]], np.int8),))
    np.testing.assert_array_equal(run_oracle(data, inputs).arrays[0].ravel(), [1, 3, 6])
    np.testing.assert_array_equal(run_oracle(data, inputs).arrays[0].ravel(), [1, 3, 6])


def test_large_activations_fit_the_oracles_arena():
    data = relu(shape=(1, 1_000_000))
    assert run_oracle(data, vectors(data, 1)).arrays[0].shape == (1, 1, 1_000_000)


def test_operator_that_the_oracle_lacks_is_named(capfd):
    data = single("RANGE")
    with pytest.raises(InputError) as caught:
        run_oracle(data, vectors(data))
    assert caught.value.message == "The oracle, tflite_micro, does not have the operator RANGE."
    assert "Replace the layer" in caught.value.hint
    assert "Didn't find op for builtin opcode 'RANGE'" in caught.value.details
    assert capfd.readouterr() == ("", "")


def test_tensors_that_the_oracle_refuses_are_located(capfd):
    data = single("LOGISTIC")  # its output must have scale 1/256 and zero point -128
    with pytest.raises(InputError, match=r"refuses operator 0 \(LOGISTIC\): .*zero_point") as caught:
        run_oracle(data, vectors(data))
    assert "int8" in caught.value.hint
    with pytest.raises(InputError, match=r"LiteRT cannot run this model: .*scale"):
        run_litert(data, vectors(data))
    assert capfd.readouterr() == ("", "")


def test_a_model_that_litert_crashes_on_costs_only_litert():
    """Its depthwise convolution follows a null pointer where there is no bias."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 3, 3, 8), scale=0.5)
    w = builder.add_tensor((1, 3, 3, 8), scale=[0.1] * 8, axis=3, data=np.ones((1, 3, 3, 8), np.int8))
    y = builder.add_tensor((1, 1, 1, 8), scale=0.5)
    builder.add_operator("DEPTHWISE_CONV_2D", [x, w], [y], padding="VALID", stride_h=1, stride_w=1, depth_multiplier=1)
    data = builder.build([x], [y])
    assert run_oracle(data, vectors(data)).arrays[0].shape == (3, 1, 1, 1, 8)
    with pytest.raises(InputError, match=r"LiteRT cannot run this model: it crashed: SIGSEGV"):
        run_litert(data, vectors(data))


def test_custom_operator_cannot_run_here():
    data = single("CUSTOM", custom_code="Mine")
    with pytest.raises(InputError, match="cannot run this model"):
        run_oracle(data, vectors(data))


def test_machines_without_the_oracle_are_told(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert not oracle_available()
    with pytest.raises(ToolError, match="tflite_micro package, is not installed") as caught:
        run_oracle(relu(), vectors(relu()))
    assert "Linux on x86-64" in caught.value.hint
    assert "`run`, `verify` and `compare` need it" in caught.value.hint


# --- isolation


def crash(signal_number):
    os.write(2, b"last words\n")
    os.kill(os.getpid(), signal_number)


def fail():
    raise ZeroDivisionError("nothing there")


def test_isolated_function_returns_its_value(capfd):
    assert run_isolated(divmod, 7, 2) == (3, 1)
    assert run_isolated(os.write, 1, b"noise") == 5
    assert capfd.readouterr() == ("", "")


class DiesInAnotherProcess:
    """Like TensorFlow's objects: destroyed where it was not made, it takes the process with it."""

    def __init__(self):
        self.made_in, self.itself = os.getpid(), self

    def __del__(self):
        if os.getpid() != self.made_in:
            os.kill(os.getpid(), signal.SIGSEGV)


def test_isolation_leaves_the_parents_garbage_alone():
    gc.disable()
    try:
        DiesInAnotherProcess()
        assert run_isolated(gc.collect) >= 0
    finally:
        gc.enable()


def test_crash_becomes_an_error_with_the_last_words():
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL):
        with pytest.raises(WorkerError) as caught:
            run_isolated(crash, number)
        assert caught.value.crashed
        assert caught.value.reason == number.name
        assert caught.value.output == "last words"


def test_exit_and_exception_become_errors():
    with pytest.raises(WorkerError) as caught:
        run_isolated(os._exit, 3)
    assert (caught.value.crashed, caught.value.reason) == (True, "exit status 3")
    with pytest.raises(WorkerError) as caught:
        run_isolated(fail)
    assert (caught.value.crashed, caught.value.reason) == (False, "nothing there")


def test_interrupting_leaves_no_process_behind():
    def interrupt(*_):
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            run_isolated(time.sleep, 60)
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert multiprocessing.active_children() == []


def test_crash_of_the_oracle_is_an_error_of_the_model(monkeypatch):
    monkeypatch.setattr("boardproof.model.oracle.interpret", lambda *_: crash(signal.SIGSEGV))
    with pytest.raises(InputError, match=r"crashed on this model \(SIGSEGV\)") as caught:
        run_oracle(relu(), vectors(relu()))
    assert caught.value.details == "last words"


# --- quiet


def test_output_of_every_kind_is_captured_and_then_released(capfd):
    with captured_output() as output:
        sys.stdout.write("python\n")
        os.write(1, b"stdout\n")
        os.write(2, b"stderr\n")
        assert {"python", "stdout", "stderr"} <= set(output.text().split())
        sys.stdout.write("more\n")
        assert "more" in output.text()
    sys.stdout.write("after\n")
    assert capfd.readouterr() == ("after\n", "")


def test_output_is_released_after_an_error(capfd):
    with pytest.raises(ZeroDivisionError), captured_output():
        fail()
    os.write(2, b"seen\n")
    assert capfd.readouterr().err == "seen\n"
