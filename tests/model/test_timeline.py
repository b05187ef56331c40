"""Which activations are alive during each operator."""

from __future__ import annotations

from boardproof.model.tflite.reader import read_tflite
from boardproof.model.timeline import activation_timeline
from support.flatbuffer_models import ModelBuilder
from support.tflm import conv_model, graph_of


def test_a_chain_holds_two_tensors_at_a_time():
    graph = graph_of(conv_model())
    moments = activation_timeline(graph)
    assert [(moment.op, moment.live_bytes) for moment in moments] == [
        ("CONV_2D", 36 + 32),
        ("MAX_POOL_2D", 32 + 8),
        ("RESHAPE", 8 + 8),
    ]
    assert [tensor.index for tensor in moments[0].live] == [graph.inputs[0], graph.operators[0].output]


def test_what_is_needed_later_and_what_nobody_reads():
    builder = ModelBuilder()
    x, a, b, y = (builder.add_tensor((1, 8), scale=0.5) for _ in range(4))
    unread = builder.add_tensor((1, 4), scale=0.5)
    builder.add_operator("RELU", [x], [a])
    builder.add_operator("RELU", [a], [b])
    builder.add_operator("ADD", [a, b], [y])
    graph = read_tflite(builder.build([x, unread], [y, x]))
    live = [[tensor.index for tensor in moment.live] for moment in activation_timeline(graph)]
    # The second input is dropped after the first operator; `a` waits for the ADD; the input is also an output.
    assert live == [[x, a, unread], [x, a, b], [x, a, b, y]]
