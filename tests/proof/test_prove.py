"""What cannot be done with a network that remembers earlier samples, said before anything is built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from boardproof.errors import InputError
from boardproof.model.graph import DType, Graph, Tensor, Unsupported
from boardproof.model.load import LoadedModel, ModelKind
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.variables import is_stateful
from boardproof.project.subject import Network
from boardproof.proof.prove import check_plan
from boardproof.settings import Settings
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
