"""TensorFlow's converter: a float network with a batch of 1 as a .tflite in one of the schemes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.model.conversion import not_converted
from boardproof.model.quiet import captured_output
from boardproof.model.schemes import Scheme
from boardproof.model.signature import restore_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from tensorflow import Graph as TensorFlowGraph
    from tensorflow import lite
    from tensorflow.types.experimental import ConcreteFunction

    from boardproof.model.network import FloatNetwork

ASSIGNMENTS = frozenset({"AssignAddVariableOp", "AssignSubVariableOp", "AssignVariableOp"})
_LOOPS = frozenset({"StatelessWhile", "While"})


def convert(
    network: FloatNetwork, source: str, scheme: Scheme, arrays: tuple[NDArray[np.generic], ...] | None
) -> bytes:
    """The network as TensorFlow converts it.

    Args:
        network: What to convert.
        source: How messages name it.
        scheme: How to quantize.
        arrays: Representative samples, one array for each input, [samples, …]; None where the scheme needs none, or the
            ranges are in the graph.

    Raises:
        InputError: TensorFlow cannot convert it, or it takes several samples at a time.
    """
    if network.fixed_batch not in {None, 1}:
        raise InputError(
            f"{source} takes {network.fixed_batch} samples at a time; a board runs one.",
            "Rebuild it with keras.Input(shape=…), without batch_size, and load its weights.",
        )
    with captured_output() as output:
        try:
            converter, names = _converter(network)
            _set_scheme(converter, scheme, calibrated=arrays is not None)
            if arrays is not None:
                converter.representative_dataset = lambda: _calibration_steps(network, arrays, names)
            data = bytes(converter.convert())
            return restore_ports(data, names) if names else data
        except Exception as error:  # the converter raises ConverterError, ValueError, RuntimeError and others
            raise not_converted(source, str(error), output.text()) from error


def concrete_function(network: FloatNetwork) -> tuple[ConcreteFunction, tuple[str, ...]]:
    """The network as a function with a batch of 1, and the names of its inputs."""
    import tensorflow as tf

    names = tuple(tensor_name(spec.name) for spec in network.inputs)
    signature = [
        tf.TensorSpec((1, *spec.shape), spec.dtype.value, name=name)
        for spec, name in zip(network.inputs, names, strict=True)
    ]
    function = tf.function(lambda *inputs: network.call(inputs), input_signature=signature, autograph=False)
    return function.get_concrete_function(), names


def operations(graph: TensorFlowGraph) -> set[str]:
    """What is in a graph and the functions that it may call."""
    definition = graph.as_graph_def()
    nodes = [*definition.node, *(node for function in definition.library.function for node in function.node_def)]
    return {node.op for node in nodes}


def tensor_name(name: str) -> str:
    """An input's name as TensorFlow accepts it."""
    return re.sub(r"[^A-Za-z0-9_.\\/-]", "_", name).lstrip("_\\/-.") or "input"


def typed(network: FloatNetwork, arrays: tuple[NDArray[np.generic], ...]) -> list[NDArray[np.generic]]:
    """The samples in the types of the inputs."""
    return [array.astype(spec.dtype.numpy) for array, spec in zip(arrays, network.inputs, strict=True)]


def _converter(network: FloatNetwork) -> tuple[lite.TFLiteConverter, tuple[str, ...]]:
    """A converter of the network with a batch of 1, so that no shape is computed on the board.

    Returns:
        The converter, and the names of the inputs if it is one that mixes up inputs and outputs.
    """
    import tensorflow as tf

    concrete, names = concrete_function(network)
    # Without an owner of its variables TensorFlow freezes the function itself. The other way, by a SavedModel, keeps
    # variables, and knows the LSTM in a loop of Keras 2's; but it renames inputs and outputs, and may permute them.
    if operations(concrete.graph) & (ASSIGNMENTS | _LOOPS):
        owner = tf.Module()
        owner.held = list(concrete.graph.variables)
        return tf.lite.TFLiteConverter.from_concrete_functions([concrete], owner), names
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete]), ()


def _set_scheme(converter: lite.TFLiteConverter, scheme: Scheme, *, calibrated: bool) -> None:
    """`calibrated`: there is a representative dataset; else full-integer schemes take the ranges in the graph."""
    import tensorflow as tf

    if scheme is not Scheme.FLOAT32:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme is Scheme.FLOAT16:
        converter.target_spec.supported_types = [tf.float16]
    if scheme.needs_calibration:
        # TensorFlow Lite Micro learned per-channel dense layers late; older libraries take the first scale for all.
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
        operators = {
            Scheme.INT8: tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
            Scheme.INT16X8: tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
        }
        if calibrated:
            converter.target_spec.supported_ops = [operators[scheme]]
        converter.inference_input_type = converter.inference_output_type = (
            tf.int8 if scheme is Scheme.INT8 else tf.int16
        )


def _calibration_steps(
    network: FloatNetwork, arrays: tuple[NDArray[np.generic], ...], names: tuple[str, ...]
) -> Iterator[list[NDArray[np.generic]] | dict[str, NDArray[np.generic]]]:
    """The inputs, each with a batch of 1, per sample; by name if the converter mixes them up."""
    converted = typed(network, arrays)
    for sample in range(len(arrays[0])):
        inputs = [array[sample : sample + 1] for array in converted]
        yield dict(zip(names, inputs, strict=True)) if names else inputs
