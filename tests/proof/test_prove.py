"""What cannot be done with a network that remembers earlier samples; and what is said of layers that run together."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from boardproof.errors import DeviceError, InputError
from boardproof.model.graph import DType, Graph, Tensor, Unsupported
from boardproof.model.load import LoadedModel, ModelKind
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.variables import is_stateful
from boardproof.progress import Silent
from boardproof.project.subject import Network
from boardproof.proof import prove
from boardproof.proof.judge import Apart
from boardproof.proof.prove import check_plan
from boardproof.settings import Settings
from support.reports import full_report
from support.small_network import small_network

PLAIN = read_tflite(small_network())
SETTINGS = Settings(model=Path("m.tflite"))


def variable_tensor(graph: Graph) -> Graph:
    state = Tensor(len(graph.tensors), "state", (1, 4), DType.INT8, is_variable=True)
    return replace(graph, tensors=(*graph.tensors, state))


def resource_variable(graph: Graph) -> Graph:
    return replace(graph, operators=(*graph.operators, Unsupported(9, 1, (), (), opcode_name="VAR_HANDLE")))


def in_a_subgraph(graph: Graph) -> Graph:
    return replace(graph, subgraphs=(resource_variable(graph),))


@pytest.mark.parametrize("change", [variable_tensor, resource_variable, in_a_subgraph])
def test_state_is_noticed_and_such_networks_are_neither_resumed_nor_split(change):
    graph = change(PLAIN)
    assert is_stateful(graph)
    assert not is_stateful(PLAIN)
    network = Network(LoadedModel(ModelKind.TFLITE, "m.tflite", ()), b"", graph, None, None)
    check_plan(network, SETTINGS)
    with pytest.raises(InputError) as caught:
        check_plan(network, replace(SETTINGS, resume=True))
    assert caught.value.message == "m.tflite keeps state between samples, so a run of it cannot go on in the middle."
    assert caught.value.hint == "Leave out --resume: all samples run again."
    with pytest.raises(InputError) as caught:
        check_plan(network, replace(SETTINGS, port=("a", "b")))
    assert "cannot be split over several boards" in caught.value.message
    assert caught.value.hint == "Give one --port."
    check_plan(replace(network, graph=PLAIN), replace(SETTINGS, port=("a", "b"), resume=True))


def test_operators_that_the_network_does_not_have_are_refused():
    network = Network(LoadedModel(ModelKind.TFLITE, "m.tflite", ()), b"", PLAIN, None, None)
    have = len(PLAIN.operators)
    prove._check_operators(SimpleNamespace(op_indices=tuple(range(have))), network)
    prove._check_operators(SimpleNamespace(op_indices=()), network)
    with pytest.raises(DeviceError) as caught:
        prove._check_operators(SimpleNamespace(op_indices=(0, have)), network)
    assert caught.value.message == f"The board runs operator {have}; m.tflite has {have} operators."
    assert caught.value.hint == "Flash the firmware built for this model."


def in_group(monkeypatch, group, first=None):
    """What is made of a difference at operator 4, where `group` runs together with it and the search finds `first`."""
    found = replace(full_report().divergence, index=4)
    monkeypatch.setattr(prove, "open_link", lambda *_: nullcontext())
    monkeypatch.setattr(prove, "_search", lambda *_: first)
    case = SimpleNamespace(apart=group, target=SimpleNamespace(board=None))
    return prove._in_group(case, found, SETTINGS, Silent())


def test_what_is_said_of_layers_that_run_together(monkeypatch):
    found = replace(full_report().divergence, index=4)
    alone, together = (lambda _: nullcontext()), (lambda _: nullcontext(Apart((2, 3, 4), firmware="built")))
    names = "operators 2 to 4 run together in bands of rows"
    assert in_group(monkeypatch, alone) == (found, ())
    assert in_group(monkeypatch, lambda _: nullcontext(Apart((2, 3, 4), None))) == (
        found,
        (f"{names}: which of them differs first takes other firmware to find out",),
    )
    bands = (f"{names}: one after the other they agree, so that what differs comes of the bands",)
    assert in_group(monkeypatch, together) == (found, bands)
    assert in_group(monkeypatch, together, replace(found, index=7)) == (found, bands)
    inner = replace(found, index=3)
    assert in_group(monkeypatch, together, inner) == (
        inner,
        (f"{names}: the first that differs was found with them one after the other",),
    )

    def fails(_):
        raise InputError("No room.", "Take less.")

    why = "operator 4 runs together with others, which could not be taken apart: No room."
    assert in_group(monkeypatch, fails) == (found, (why,))
