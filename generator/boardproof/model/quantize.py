"""From a float network to a .tflite, quantized in one of the schemes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.calibration import calibrated
from boardproof.model.cell_ranges import cell_ranges
from boardproof.model.conversion import require_integer, require_no_loops
from boardproof.model.conversion_check import require_same, some_samples
from boardproof.model.converter import (
    ASSIGNMENTS,
    concrete_function,
    convert,
    operations,
    tensor_name,
    typed,
)
from boardproof.model.oracle import Outputs
from boardproof.model.preflight import raise_errors
from boardproof.model.quiet import captured_output
from boardproof.model.rewrite.dead_channels import give_scales
from boardproof.model.rewrite.rewrite import Rewritten, mend, pack, quantize_inputs, rewrite_operators
from boardproof.model.sample_checks import check_calibration, check_indices
from boardproof.model.samples import arrays_for
from boardproof.model.schemes import Scheme
from boardproof.model.signature import name_inputs
from boardproof.model.tflite.reader import read_tflite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from boardproof.model.cell_ranges import CellRange
    from boardproof.model.graph import Graph
    from boardproof.model.load import LoadedModel
    from boardproof.model.network import FloatNetwork
    from boardproof.model.preflight import Finding
    from boardproof.model.samples import Samples

MAX_CALIBRATION_SAMPLES = 1000
"""More do not move the ranges, and take minutes: of more, this many are taken, evenly spread."""

_PREDICTION_BATCH = 64


def quantize(model: LoadedModel, samples: Samples | None, scheme: Scheme, *, unroll: bool = False) -> bytes:
    """The model as a .tflite: what `quantize_noting` gives, without its notes."""
    return quantize_noting(model, samples, scheme, unroll=unroll).data


def float_twin(model: LoadedModel, scheme: Scheme, *, unroll: bool = False) -> bytes:
    """The model in float32 with the operators of a scheme, so that tensors can be compared. Raises InputError."""
    network = _for_scheme(_require_network(model), scheme, unroll=unroll)
    return _begun(rewrite_operators(convert(network, model.source, Scheme.FLOAT32, None)), network).data


def _ignore(_findings: tuple[Finding, ...]) -> None:
    pass


def quantize_noting(
    model: LoadedModel,
    samples: Samples | None,
    scheme: Scheme,
    tell: Callable[[tuple[Finding, ...]], None] = _ignore,
    *,
    unroll: bool = False,
) -> Rewritten:
    """The model as a .tflite, for one sample at a time, and what was rewritten in it.

    Full-integer schemes have integer inputs and outputs and are checked to have no float tensor left. The same model,
    samples and TensorFlow give the same bytes; except that TensorFlow shuffles the names in the signature of a network
    with loops or state and several inputs.

    Args:
        model: A float model.
        samples: The representative dataset; schemes without calibration ignore it.
        scheme: How to quantize.
        tell: Is given what is odd about the samples, where they are needed.
        unroll: Write LSTMs out step by step, where one operator would do.

    Raises:
        InputError: when the model is a .tflite already, the samples do not fit or are unusable, TensorFlow has no
            integer version of one of the operators, or its converter computes something else than the model.
    """
    network = _for_scheme(_require_network(model), scheme, unroll=unroll)
    if not scheme.needs_calibration:
        data = convert(network, model.source, scheme, None)
        if scheme is not Scheme.DYNAMIC:  # which rounds
            require_same(_require_network(model), data, some_samples(network), model.source)
        return _begun(rewrite_operators(data), network)
    if samples is None:
        raise InputError(
            f"Quantizing {model.source} to {scheme} needs a representative dataset.",
            "Give 100 to 500 typical inputs with --representative FILE.npz, or choose --scheme float32.",
        )
    arrays = arrays_for(model.inputs, samples)
    findings = check_calibration(model.inputs, samples, arrays)
    tell(findings)
    raise_errors(findings, f"make {samples.source} unusable")
    # TensorFlow's calibrator crashes the process on loops, so look for them first.
    unquantized = convert(network, model.source, Scheme.FLOAT32, None)
    floats = read_tflite(unquantized)
    require_no_loops(floats, model.source)
    raise_errors(tuple(check_indices(floats, arrays, samples.source)), f"make {samples.source} unusable")
    require_same(_require_network(model), unquantized, arrays, model.source)
    taken, kind = _spread(arrays), Scheme.INT8 if scheme is Scheme.INT8X4 else scheme
    made = _of_integers(network, model.source, kind, taken, floats)
    made = _begun(made, network, cell_ranges(unquantized, typed(network, taken)))
    if scheme is not Scheme.INT8X4:
        return made
    packed = pack(made.data)  # the converter has no such scheme
    return Rewritten(packed.data, (*made.notes, *packed.notes))


def _of_integers(
    network: FloatNetwork, source: str, scheme: Scheme, arrays: tuple[NDArray[np.generic], ...], floats: Graph
) -> Rewritten:
    """The network in integers alone. Raises InputError where TensorFlow leaves something in float."""
    with calibrated(int16=scheme is Scheme.INT16X8):
        converted = convert(network, source, scheme, arrays)
    taken = quantize_inputs(give_scales(converted, floats) if scheme is Scheme.INT16X8 else converted)
    rewritten = rewrite_operators(taken.data, averages=True)
    require_integer(read_tflite(rewritten.data), source)
    return Rewritten(rewritten.data, (*taken.notes, *rewritten.notes))


def _for_scheme(network: FloatNetwork, scheme: Scheme, *, unroll: bool) -> FloatNetwork:
    """The network with LSTMs as one operator each, where the scheme has it."""
    fuses = network.call_fused is not None and scheme.has_lstm and not unroll
    return replace(network, call=network.call_fused) if fuses and network.call_fused else network


def _begun(made: Rewritten, network: FloatNetwork, ranges: tuple[CellRange, ...] = ()) -> Rewritten:
    """A converted network whose LSTMs begin at zero with each sample, and what was made of its loops."""
    mended = mend(made.data, ranges)
    unrolled = network.loops if not mended.notes else ()
    notes = (f"recurrent layers were unrolled, with the same values: {', '.join(unrolled)}",) if unrolled else ()
    return Rewritten(mended.data, (*made.notes, *mended.notes, *notes))


def quantize_trained(network: FloatNetwork, source: str, *, four_bits: bool = False) -> bytes:
    """The int8 .tflite of a network that knows its ranges: fake quantizers stand behind every activation in it.

    Args:
        network: From quantization-aware training.
        source: How messages name it.
        four_bits: Store kernels of 15 values in int4, as training for that leaves them.

    Raises:
        InputError: when TensorFlow cannot convert it, or an operator stayed in float because a range is missing.
    """
    data = rewrite_operators(convert(network, source, Scheme.INT8, None)).data
    if len(network.inputs) > 1:  # which are told apart by name, and are called after their fake quantizers now
        data = name_inputs(data, [tensor_name(spec.name) for spec in network.inputs])
    require_integer(read_tflite(data), source)
    return pack(data, only_exact=True).data if four_bits else data


def predict_float(model: LoadedModel, samples: Samples) -> Outputs:
    """The float model's outputs, computed in batches; one after another, from the state it was saved in, if it has one.

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
        concrete, _names = concrete_function(network)
        state = concrete.graph.variables if operations(concrete.graph) & ASSIGNMENTS else ()
        first = [variable.numpy() for variable in state]
        size = 1 if state else network.fixed_batch or _PREDICTION_BATCH
        columns = [[np.asarray(out) for out in function(batch)] for batch in _batches(network, arrays, size)]
        for variable, value in zip(state, first, strict=True):
            variable.assign(value)
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


def _batches(
    network: FloatNetwork, arrays: tuple[NDArray[np.generic], ...], size: int
) -> Iterator[list[NDArray[np.generic]]]:
    for start in range(0, len(arrays[0]), size):
        yield [
            array[start : start + size].astype(spec.dtype.numpy)
            for array, spec in zip(arrays, network.inputs, strict=True)
        ]


def _spread(arrays: tuple[NDArray[np.generic], ...]) -> tuple[NDArray[np.generic], ...]:
    samples = len(arrays[0])
    chosen = np.linspace(0, samples - 1, min(samples, MAX_CALIBRATION_SAMPLES)).astype(int)
    return tuple(array[chosen] for array in arrays)
