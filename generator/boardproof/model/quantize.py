"""From a float network to a .tflite, quantized in one of the schemes."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.labels import safe_label, safe_lines
from boardproof.model.oracle import Outputs
from boardproof.model.preflight import raise_errors
from boardproof.model.quiet import captured_output
from boardproof.model.reader import read_tflite
from boardproof.model.sample_checks import check_calibration
from boardproof.model.samples import arrays_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from tensorflow import lite

    from boardproof.model.graph import Graph, Operator
    from boardproof.model.load import LoadedModel
    from boardproof.model.network import FloatNetwork
    from boardproof.model.samples import Samples

MAX_CALIBRATION_SAMPLES = 1000
"""More do not move the ranges, and take minutes: of more, this many are taken, evenly spread."""

_PREDICTION_BATCH = 64

_FLOAT16_TENSOR = re.compile(r"tensor<[\dx?]*xf16>")
_FLEX_OPERATORS = re.compile(r"TF Select ops: (.+)")
_CUSTOM_OPERATORS = re.compile(r"Custom ops: (.+)")


class Scheme(StrEnum):
    """How a model is quantized."""

    INT8 = "int8"
    INT16X8 = "int16x8"
    DYNAMIC = "dynamic"
    FLOAT16 = "float16"
    FLOAT32 = "float32"

    @property
    def needs_calibration(self) -> bool:
        """Whether activations are quantized ahead of time, from a representative dataset."""
        return self in {Scheme.INT8, Scheme.INT16X8}


def quantize(model: LoadedModel, samples: Samples | None, scheme: Scheme) -> bytes:
    """The model as a .tflite, for one sample at a time.

    Full-integer schemes have integer inputs and outputs and are checked to have no float tensor left. The same model,
    samples and TensorFlow give the same bytes.

    Args:
        model: A float model.
        samples: The representative dataset; schemes without calibration ignore it.
        scheme: How to quantize.

    Raises:
        InputError: when the model is a .tflite already, the samples do not fit or are unusable, or TensorFlow has no
            integer version of one of the operators.
    """
    network = _require_network(model)
    if not scheme.needs_calibration:
        return _convert(network, model.source, scheme, None)
    if samples is None:
        raise InputError(
            f"Quantizing {model.source} to {scheme} needs a representative dataset.",
            "Give 100 to 500 typical inputs with --representative FILE.npz, or choose --scheme float32.",
        )
    raise_errors(check_calibration(model.inputs, samples), f"make {samples.source} unusable")
    arrays = _spread(arrays_for(model.inputs, samples))
    # TensorFlow's calibrator crashes the process on loops, so look for them first.
    _require_no_loops(read_tflite(_convert(network, model.source, Scheme.FLOAT32, None)), model.source)
    data = _convert(network, model.source, scheme, arrays)
    _require_integer(read_tflite(data), model.source)
    return data


def predict_float(model: LoadedModel, samples: Samples) -> Outputs:
    """The float model's outputs, computed in batches.

    Returns:
        One float array per output, shape [samples, 1, *shape of one output], in the order of the converted model's.

    Raises:
        InputError: when the model is a .tflite, or the samples do not fit.
    """
    network = _require_network(model)
    arrays = arrays_for(model.inputs, samples)
    with captured_output():
        import tensorflow as tf

        function = tf.function(network.call, reduce_retracing=True)
        columns = [[np.asarray(out) for out in function(batch)] for batch in _batches(network, arrays)]
    outputs = (np.concatenate(column) for column in zip(*columns, strict=True))
    name, version = network.interpreter.split()
    return Outputs(tuple(out.reshape(len(out), 1, *out.shape[1:]) for out in outputs), name, version)


def _require_network(model: LoadedModel) -> FloatNetwork:
    if model.network is None:
        raise InputError(
            f"{model.source} is a .tflite already: it cannot be quantized or run in float again.",
            "Use it as it is, or give the Keras model it was made from.",
        )
    return model.network


def _batches(network: FloatNetwork, arrays: tuple[NDArray[np.generic], ...]) -> Iterator[list[NDArray[np.generic]]]:
    size = network.fixed_batch or _PREDICTION_BATCH
    for start in range(0, len(arrays[0]), size):
        yield [
            array[start : start + size].astype(spec.dtype.numpy)
            for array, spec in zip(arrays, network.inputs, strict=True)
        ]


def _spread(arrays: tuple[NDArray[np.generic], ...]) -> tuple[NDArray[np.generic], ...]:
    samples = len(arrays[0])
    chosen = np.linspace(0, samples - 1, min(samples, MAX_CALIBRATION_SAMPLES)).astype(int)
    return tuple(array[chosen] for array in arrays)


def _convert(
    network: FloatNetwork, source: str, scheme: Scheme, arrays: tuple[NDArray[np.generic], ...] | None
) -> bytes:
    if network.fixed_batch not in {None, 1}:
        raise InputError(
            f"{source} takes {network.fixed_batch} samples at a time; a board runs one.",
            "Rebuild it with keras.Input(shape=…), without batch_size, and load its weights.",
        )
    with captured_output() as output:
        converter = _converter(network)
        _set_scheme(converter, scheme, network, arrays)
        try:
            return bytes(converter.convert())
        except Exception as error:  # the converter raises ConverterError, ValueError, RuntimeError and others
            raise _not_converted(source, str(error), output.text()) from error


def _converter(network: FloatNetwork) -> lite.TFLiteConverter:
    """A converter of the network with a batch of 1, so that no shape is computed on the board."""
    import tensorflow as tf

    signature = [
        tf.TensorSpec((1, *spec.shape), spec.dtype.value, name=_tensor_name(spec.name)) for spec in network.inputs
    ]
    function = tf.function(lambda *inputs: network.call(inputs), input_signature=signature, autograph=False)
    # Without the trackable object TensorFlow freezes the function itself. The other way, through a SavedModel, permutes
    # inputs and outputs and renames them.
    return tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])


def _tensor_name(name: str) -> str:
    """An input's name as TensorFlow accepts it."""
    return re.sub(r"[^A-Za-z0-9_.\\/-]", "_", name).lstrip("_\\/-.") or "input"


def _set_scheme(
    converter: lite.TFLiteConverter,
    scheme: Scheme,
    network: FloatNetwork,
    arrays: tuple[NDArray[np.generic], ...] | None,
) -> None:
    import tensorflow as tf

    if scheme is not Scheme.FLOAT32:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme is Scheme.FLOAT16:
        converter.target_spec.supported_types = [tf.float16]
    if arrays is not None:
        # TensorFlow Lite Micro learned per-channel dense layers late; older libraries take the first scale for all.
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
        operators = {
            Scheme.INT8: tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
            Scheme.INT16X8: tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
        }
        converter.target_spec.supported_ops = [operators[scheme]]
        converter.representative_dataset = lambda: _calibration_steps(network, arrays)
        converter.inference_input_type = converter.inference_output_type = (
            tf.int8 if scheme is Scheme.INT8 else tf.int16
        )


def _calibration_steps(
    network: FloatNetwork, arrays: tuple[NDArray[np.generic], ...]
) -> Iterator[list[NDArray[np.generic]]]:
    """One list of inputs, each with a batch of 1, per sample."""
    converted = [array.astype(spec.dtype.numpy) for array, spec in zip(arrays, network.inputs, strict=True)]
    for sample in range(len(arrays[0])):
        yield [array[sample : sample + 1] for array in converted]


def _require_no_loops(graph: Graph, source: str) -> None:
    loops = sorted({operator.name for operator in graph.operators} & {"WHILE", "IF", "CALL_ONCE"})
    if loops:
        raise InputError(
            f"{source} contains a loop or branch ({', '.join(loops)}), which TensorFlow cannot calibrate.",
            "Build recurrent layers with unroll=True and a fixed number of steps.",
        )


def _require_integer(graph: Graph, source: str) -> None:
    """Raises InputError naming the operators that the converter left in float."""
    left = [operator for operator in graph.operators if operator.name not in {"QUANTIZE", "DEQUANTIZE"}]
    left = [operator for operator in left if _touches_float(graph, operator)]
    if left:
        raise InputError(
            f"TensorFlow has no integer version of {_places(graph, left)} in {source}: it stayed in float.",
            "Replace those layers by ones made of convolutions, dense layers, pools, ReLU, sigmoid, tanh or softmax.",
        )


def _touches_float(graph: Graph, operator: Operator) -> bool:
    used = [graph.tensors[i] for i in (*operator.inputs, *operator.outputs) if i >= 0]
    return any(tensor.dtype.value.startswith(("float", "complex")) for tensor in used)


def _places(graph: Graph, operators: Sequence[Operator]) -> str:
    return ", ".join(f"{operator.name} ({graph.tensors[operator.output].label})" for operator in operators)


def _not_converted(source: str, reason: str, log: str) -> InputError:
    """The useful line of a converter's complaint first, the rest as details."""
    details = safe_lines(f"{reason}\n{log}")
    if _FLOAT16_TENSOR.search(details):
        return InputError(
            f"{source} computes in float16, which TensorFlow Lite does not convert.",
            'Rebuild it with keras.mixed_precision.set_global_policy("float32") and load its weights.',
            details,
        )
    missing = _FLEX_OPERATORS.search(details) or _CUSTOM_OPERATORS.search(details)
    if missing:
        return InputError(
            f"TensorFlow Lite has no operator for {safe_label(missing[1])}, which {source} uses.",
            "Replace the layers that make it by ones that TensorFlow Lite knows.",
            details,
        )
    first = next((line for line in details.splitlines() if line), "it gave no reason")
    return InputError(
        f"TensorFlow cannot convert {source}: {first}",
        "Check that the model runs in Keras on one sample; try --scheme float32 to see if quantization is the cause.",
        details,
    )
