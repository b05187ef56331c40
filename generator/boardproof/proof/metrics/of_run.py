"""The measures of one run, from its network, its samples and what was computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.affine import dequantize_array
from boardproof.model.metrics import class_count, class_labels
from boardproof.model.quantize import predict_float
from boardproof.model.sample_checks import check_inputs
from boardproof.proof.metrics.measure import answers, measure
from boardproof.proof.metrics.task import Task, task_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from boardproof.device.types import BoardRun
    from boardproof.model.graph import Tensor
    from boardproof.model.oracle import Outputs
    from boardproof.model.samples import Vectors
    from boardproof.project.subject import Network
    from boardproof.report.quality import Quality

_CAUSES = frozenset({"narrow-column", "outlier"})
"""What may have made quantization costly, among the findings about the samples."""


def labels_of_classes(network: Network, inputs: Vectors) -> NDArray[np.int64] | None:
    """The class of each sample; None where there are no labels, or they are none of classes.

    Raises:
        InputError: A label is no class.
    """
    samples, classes = network.samples, class_count(network.graph)
    if samples is None or samples.labels is None or classes is None:
        return None
    output, source = (_sample_shape(t) for t in (network.graph.output_tensors[0], network.graph.input_tensors[0]))
    if len(samples.labels) == inputs.samples and task_of(samples.labels, output, source) is not Task.CLASSES:
        return None
    return class_labels(samples, inputs.samples, classes)


def float_outputs(network: Network) -> NDArray[np.generic] | None:
    """The float model's first output; None without a float model, or without labels to judge it by."""
    if network.model.network is None or network.samples is None or network.samples.labels is None:
        return None
    return predict_float(network.model, network.samples).arrays[0]


def quality_of(
    network: Network, inputs: Vectors, expected: Outputs, run: BoardRun, floats: NDArray[np.generic] | None
) -> tuple[Quality | None, tuple[str, ...]]:
    """How good the answers are by the labels, and what of it a reader must know first.

    Args:
        network: With the samples and their labels.
        inputs: What was run.
        expected: The oracle's outputs.
        run: The board's.
        floats: The float model's.
    """
    if network.samples is None or network.samples.labels is None:
        return None, ()
    source, output = network.graph.input_tensors[0], network.graph.output_tensors[0]
    if output.dtype.size_bytes == 0 or output.shape[:1] != (1,) or output.shape == (1,):
        return None, ("the labels are ignored: the network's output is not one row of numbers for each sample",)
    found = answers(floats, expected.arrays[0], run.outputs[0], output.quantization)
    quality, warnings = measure(network.samples, found, dequantize_array(inputs.arrays[0], source.quantization))
    if not warnings or quality is None:
        return quality, warnings
    causes = [f"{f.message} {f.hint}" for f in check_inputs(network.graph, network.samples) if f.code in _CAUSES]
    return quality, (*warnings, *causes)


def _sample_shape(tensor: Tensor) -> tuple[int, ...]:
    return tensor.shape[1:] if tensor.shape[:1] == (1,) else tensor.shape
