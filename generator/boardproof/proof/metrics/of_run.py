"""The measures of one run, from its network, its samples and what was computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.model.affine import dequantize_array
from boardproof.model.graph import DType
from boardproof.model.labels import plain_name, safe_label
from boardproof.model.metrics import class_count, class_labels
from boardproof.model.quantize import predict_float
from boardproof.model.sample_checks import check_inputs
from boardproof.proof.metrics.measure import answers, measure, measure_indices
from boardproof.proof.metrics.own import own_measures
from boardproof.proof.metrics.task import Task, task_of
from boardproof.report.quality import Quality

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from boardproof.device.types import BoardRun
    from boardproof.model.graph import Graph, Tensor
    from boardproof.model.oracle import Outputs
    from boardproof.model.samples import Samples, Vectors
    from boardproof.project.subject import Network
    from boardproof.proof.metrics.measure import Answers
    from boardproof.proof.metrics.own import OwnMetric

_CAUSES = frozenset({"narrow-column", "outlier"})
"""What may have made quantization costly, among the findings about the samples."""

_CONVERTED = ("Identity", "PartitionedCall", "StatefulPartitionedCall")

_LAYER_BY_LAYER = (
    "`boardproof inspect --errors`, with the float model and --representative, shows which layer makes the noise"
)


@dataclass(frozen=True, slots=True)
class Computed:
    """What was computed for the same samples: each output by the float model, where there is one, oracle and board."""

    floats: tuple[NDArray[np.generic], ...]
    expected: Outputs
    run: BoardRun


def labels_of_classes(network: Network, inputs: Vectors, metric: OwnMetric | None = None) -> NDArray[np.int64] | None:
    """The class of each sample; None where there are no labels, or they are none of classes.

    Raises:
        InputError: A label is no class; with a measure of the user's own, which knows what labels mean, that is None.
    """
    samples, classes = network.samples, class_count(network.graph)
    if samples is None or samples.labels is None or classes is None:
        return None
    output, source = (_sample_shape(t) for t in (network.graph.output_tensors[0], network.graph.input_tensors[0]))
    if len(samples.labels) == inputs.samples and task_of(samples.labels, output, source) is not Task.CLASSES:
        return None
    try:
        return class_labels(samples, inputs.samples, classes)
    except InputError:
        if metric is None:
            raise
        return None


def float_outputs(network: Network) -> tuple[NDArray[np.generic], ...]:
    """The float model's outputs; none without a float model, or without labels to judge them by."""
    if network.model.network is None or network.samples is None or network.samples.labels is None:
        return ()
    return predict_float(network.model, network.samples).arrays


def quality_of(
    network: Network, inputs: Vectors, computed: Computed, metric: OwnMetric | None = None
) -> tuple[Quality | None, tuple[str, ...]]:
    """How good the answers are by the labels, and what of it a reader must know first.

    Args:
        network: With the samples and their labels.
        inputs: What was run.
        computed: What is judged.
        metric: The user's own measure: it comes first, and those that fit the labels after it.

    Raises:
        InputError: The user's own measure fails.
    """
    samples = network.samples
    if samples is None or samples.labels is None:
        return None, ()
    quality, warnings = _of_all(network, samples, inputs, computed)
    if metric is None:
        return quality, warnings
    own = own_measures(metric, _answers(computed, network.graph, 0).without_batch(), samples.labels)
    if quality is None:  # the labels are not ignored: the user's own measure takes them
        return Quality("as your metric takes them", own), ()
    return replace(quality, measures=(*own, *quality.measures)), warnings


def _of_all(
    network: Network, samples: Samples, inputs: Vectors, computed: Computed
) -> tuple[Quality | None, tuple[str, ...]]:
    """The measures of all outputs that have labels, those of each with its name where several have."""
    outputs = network.graph.output_tensors
    quality, warnings = _fitting(network, samples, inputs, computed)
    if not samples.further:
        if quality is not None and len(outputs) > 1:
            quality = replace(quality, task=f"{quality.task}, by the first of {len(outputs)} outputs")
        return quality, warnings
    if len(samples.further) >= len(outputs):
        counts = f"{len(samples.further) + 1} arrays of labels, and the network {len(outputs)} outputs"
        warnings = (*warnings, f"the labels beyond the outputs are ignored: there are {counts}")
    named = [(0, quality)]
    for position, labels in enumerate(samples.further[: len(outputs) - 1], 1):
        other = replace(samples, labels=labels, classes=(), further=())
        found, said = _fitting(network, other, inputs, computed, position)
        named.append((position, found))
        warnings = (*warnings, *(f"{_name(outputs, position)}: {text}" for text in said))
    measured = [(_name(outputs, position), found) for position, found in named if found is not None]
    measures = tuple(replace(m, name=f"{name}: {m.name}") for name, found in measured for m in found.measures)
    task = "; ".join(f"{found.task} ({name})" for name, found in measured)
    table = quality or Quality("", ())
    return (replace(table, task=task, measures=measures) if measures else None), warnings


def _name(outputs: tuple[Tensor, ...], position: int) -> str:
    """An output's name, or its number where the converter has taken the name."""
    name = safe_label(plain_name(outputs[position].label))
    return f"output {position}" if name.startswith(_CONVERTED) else name


def _fitting(
    network: Network, samples: Samples, inputs: Vectors, computed: Computed, position: int = 0
) -> tuple[Quality | None, tuple[str, ...]]:
    """The measures that fit the labels of one output."""
    source, output = network.graph.input_tensors[0], network.graph.output_tensors[position]
    if output.shape in {(), (1,)} and output.dtype in {DType.INT32, DType.INT64}:
        numbers = measure_indices(samples, _answers(computed, network.graph, position))
        if numbers is not None:
            return numbers, ()
    if output.dtype.size_bytes == 0 or output.shape[:1] != (1,) or output.shape == (1,):
        return None, ("the labels are ignored: the network's output is not one row of numbers for each sample",)
    given = dequantize_array(inputs.arrays[0], source.quantization)
    quality, warnings = measure(samples, _answers(computed, network.graph, position), given)
    if not warnings or quality is None:
        return quality, warnings
    causes = [f"{f.message} {f.hint}" for f in check_inputs(network.graph, samples) if f.code in _CAUSES]
    return quality, (*warnings, *(causes or (_LAYER_BY_LAYER,)))


def _answers(computed: Computed, graph: Graph, position: int) -> Answers:
    floats = computed.floats[position] if computed.floats else None
    quantization = graph.output_tensors[position].quantization
    return answers(floats, computed.expected.arrays[position], computed.run.outputs[position], quantization)


def _sample_shape(tensor: Tensor) -> tuple[int, ...]:
    return tensor.shape[1:] if tensor.shape[:1] == (1,) else tensor.shape
