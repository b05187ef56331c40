"""What quantization costs, layer by layer, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.model.error_causes import find_causes
from boardproof.model.given import data_of
from boardproof.model.layer_errors import layer_errors
from boardproof.model.quantize import float_twin
from boardproof.model.sample_checks import check_inputs

if TYPE_CHECKING:
    from boardproof.model.layer_errors import LayerError
    from boardproof.model.preflight import Finding
    from boardproof.project.subject import Network
    from boardproof.settings import Settings

_CAUSES = frozenset({"narrow-column", "outlier"})


def require_quantized(network: Network) -> None:
    """Raises InputError where there is no float model to compare with, or nothing is quantized."""
    if network.scheme is None:
        raise InputError(
            f"{network.model.source} is a .tflite: what it was made from is not in it, so its errors are not known.",
            "Give the Keras model, with --representative; or leave out --errors.",
        )
    if not network.scheme.needs_calibration:
        raise InputError(
            f"--errors compares quantized layers with the float model's; {network.scheme} leaves activations in float.",
            "Choose --scheme int8 or int16x8.",
        )


def errors_of(network: Network, settings: Settings) -> tuple[tuple[LayerError, ...], tuple[Finding, ...]]:
    """The errors of the layers on the samples that calibrated them, and what causes them, the data's faults first.

    Raises:
        InputError: The samples are too few, or LiteRT cannot run the model.
    """
    data = data_of(settings.representative, settings.data, training=True) or data_of(settings.samples, settings.data)
    assert data is not None  # noqa: S101 it was quantized with them
    samples = data.samples(network.model.inputs)
    assert network.scheme is not None  # noqa: S101 require_quantized has seen to it
    floats = float_twin(network.model, network.scheme, unroll=settings.unrolls)
    errors = layer_errors(network.data, floats, samples, network.model.source)
    given = (finding for finding in check_inputs(network.graph, samples) if finding.code in _CAUSES)
    return errors, (*given, *find_causes(network.graph, errors))
