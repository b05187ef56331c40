"""How a crash is told."""

import pytest

from boardproof.device.failures import BoardFaultError


def test_a_crash_at_an_unknown_place_names_the_usual_causes():
    error = BoardFaultError.of("abort() was called", "words")
    assert (error.message, error.details, error.operator) == ("The firmware crashed: abort() was called", "words", None)
    assert "an arena or a stack that is too small" in error.hint
    assert error.naming(["ADD"]) is error


def test_a_crash_in_an_operator_names_it():
    error = BoardFaultError.of("in operator 1: abort() was called", "words")
    assert error.message == "The firmware crashed in operator 1: abort() was called"
    assert error.hint.startswith("Operator 1 was at work: the library's kernel may not be up to")
    named = error.naming(["ADD", "SOFTMAX"])
    assert (named.message, named.details, named.operator) == (error.message, "words", 1)
    assert named.hint.startswith("Operator 1 (SOFTMAX) was at work: the library's kernel may not be up to")
    assert named.hint.endswith("give a newer library with --tflm-lib, or use --runtime aot.")


def test_an_operator_the_network_does_not_have_is_not_named():
    error = BoardFaultError.of("in operator 7: abort() was called")
    assert error.naming(["ADD"]) is error


@pytest.mark.parametrize("fault", ["stack in operator 1: x", "in operator one: x", "in operator 1234567: x"])
def test_what_only_looks_like_a_place_is_not_taken_for_one(fault):
    error = BoardFaultError.of(fault)
    assert (error.message, error.operator) == (f"The firmware crashed: {fault}", None)
