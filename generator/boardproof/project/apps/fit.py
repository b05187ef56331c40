"""Whether the parts of an application fit each other: samples, front end, networks, scores and labels."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.graph import DType
from boardproof.model.resampling import resampler_between
from boardproof.project.apps.application import NEVER, SCORE_TYPES
from boardproof.project.apps.sensors import SENSORS

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.model.graph import Quantization, Tensor
    from boardproof.project.apps.application import Application

_SAMPLE_TYPES = (DType.INT8, DType.UINT8, DType.INT16)
_SENSORS_OF_INT16 = ("microphone", "imu", "analog")
_MOST_SAMPLES = 2**31 - 1
"""Between two positions on a board, which counts them modulo 2^32."""
_AS_THEY_ARE = (1.0, 0)
"""Scale and zero point of a network that was trained on the features' integers, whatever these mean."""


def check_fit(application: Application, file: Path, *, rescaled: bool) -> None:
    """Whether samples fit the front end, its rows the networks, and the scores the labels.

    Args:
        application: What to check.
        file: Where it stands, for messages.
        rescaled: Whether networks may read features in another scale than the front end's.

    Raises:
        InputError: They do not; the first thing that is wrong.
    """
    for which, one in (("", application), ("the second network: ", application.second)):
        if one is not None:
            for problem, hint in _misfits(one) + ([] if rescaled else _other_numbers(one)):
                raise InputError(f"The application of {file} does not fit together: {which}{problem}.", hint)
    for problem, hint in _misfits_of_both(application):
        raise InputError(f"The application of {file} does not fit together: {problem}.", hint)


def _misfits(application: Application) -> list[tuple[str, str]]:
    source, network = application.source, application.network
    found: list[tuple[str, str]] = []
    if source.dtype not in _SAMPLE_TYPES:
        found.append(
            (
                f"samples go to {source.label}, which is {source.dtype}",
                "Samples are int16, or bytes: put a front end before the network (boardproof.features makes some).",
            )
        )
    elif application.sensor in _SENSORS_OF_INT16 and source.dtype is not DType.INT16:
        what = f"{application.sensor} gives int16, and samples go to {source.label}, which is {source.dtype}"
        found.append((what, "Put a front end before the network: scaled_window of boardproof.features makes int8."))
    if source.elements % application.channels or application.window < 1:
        what = f"a window of {source.elements} numbers is no whole number of samples of {application.channels}"
        found.append((what, "Correct channels, or use the network that takes so many."))
    elif application.hop > application.window:
        what = f"hop is {application.hop}, and the window {application.window} samples"
        found.append((what, "Let windows meet or overlap; every leaves out runs of the network."))
    found += _misfitting_rows(application)
    if network.output.dtype not in SCORE_TYPES:
        what = f"scores are {network.output.dtype}"
        found.append((what, "Decisions are made of integers: quantize the network to int8 or int16."))
    if network.output.elements != len(application.labels):
        what = f"there are {len(application.labels)} labels and {network.output.elements} scores"
        found.append((what, "Name all labels, in the order of the network's outputs."))
    if len(set(application.labels)) < len(application.labels):
        found.append(("a label is named twice", "Give each score a label of its own."))
    found += _misfitting_limits(application)
    if unknown := sorted(set(application.decision.silent) - set(application.labels)):
        found.append((f"silent names {', '.join(unknown)}, which is no label", "Use the labels' names."))
    found += _unsuited_rates(application)
    channels = SENSORS[application.sensor].channels
    if channels and application.channels not in channels:
        what = f"{application.sensor} gives {' or '.join(map(str, channels))} numbers, and channels is "
        hint = "Correct channels; or choose the sensor stream, and hand over other numbers in a sketch of yours."
        found.append((f"{what}{application.channels}", hint))
    return found


def _unsuited_rates(application: Application) -> list[tuple[str, str]]:
    """Whether the sensor's samples can be resampled, where they must be."""
    if application.sensor_rate == application.rate:
        return []
    if application.source.dtype is not DType.INT16 or application.sensor == "camera":
        what = f"sensor-rate is {application.sensor_rate} and rate {application.rate}, and samples are "
        what += "pictures" if application.sensor == "camera" else str(application.source.dtype)
        return [(what, "Only samples of int16 are resampled: leave sensor-rate out.")]
    try:
        resampler_between(application.sensor_rate, application.rate)
    except InputError as error:
        return [(error.message.removesuffix("."), f"{error.hint} It is about sensor-rate and rate.")]
    return []


def _misfitting_limits(application: Application) -> list[tuple[str, str]]:
    """Whether decisions can be made as they are wanted."""
    output, decision = application.network.output, application.decision
    if output.dtype not in SCORE_TYPES:
        return []
    limits = np.iinfo(output.dtype.numpy)  # type: ignore[type-var] # scores are integers
    most = decision.average * int(limits.max)
    scale, zero_point = _scaling(output.quantization) if output.quantization else _AS_THEY_ARE
    if any(on != NEVER and on > most for on in application.on):
        what = f"threshold is {decision.threshold:g}, and the largest score {scale * (limits.max - zero_point):.9g}"
        return [(what, "Choose one that scores can reach; labels that are never to be decided are silent.")]
    least = decision.average * int(limits.min)
    if any(on != NEVER and on <= least for on in application.on):
        what = f"threshold is {decision.threshold:g}, and the smallest score {scale * (limits.min - zero_point):.9g}"
        return [(what, "Choose one that not every score reaches; else a label is decided whatever is there.")]
    if application.repeat > _MOST_SAMPLES:
        return [("repeat-ms is more samples than a board counts", "Choose hours at most.")]
    return []


def _misfits_of_both(application: Application) -> list[tuple[str, str]]:
    """Whether the second network can follow the first one, where there is one."""
    then, second, decided = application.then, application.second, application.decided_labels
    if then is None or second is None:
        return []
    found: list[tuple[str, str]] = []
    if wrong := [label for label in then.after if label not in decided]:
        found.append((f"after names {', '.join(wrong)}, which the first network never decides", "Name what starts it."))
    if both := [label for label in second.decided_labels if label in decided]:
        found.append((f"both networks decide {', '.join(both)}", "Give labels different names: who said what?"))
    if application.wait + application.span > _MOST_SAMPLES:
        found.append(("wait-ms and for-ms are more samples than a board counts", "Let it run for hours at most."))
    return found


def _misfitting_rows(application: Application) -> list[tuple[str, str]]:
    """Whether rows of features fill the network's input, one behind the other."""
    network = application.network
    feature_type = application.source.dtype if application.front_end is None else application.front_end.output.dtype
    if feature_type is not network.input.dtype or network.input.size_bytes % application.row_bytes:
        what = f"rows of {application.row_bytes} bytes of {feature_type} do not fill the network's input, "
        what += f"{network.input.size_bytes} bytes of {network.input.dtype}"
        return [(what, "Use the front end that the network was trained with.")]
    if application.front_end is not None and _lies_across(application.front_end.output, network.input):
        what = f"rows of {application.front_end.output.elements} features do not lie along the axes of the network's "
        what += f"input, {list(network.input.shape)}"
        return [(what, "Let it take [rows, features], or all flat; a Reshape or Permute layer does the rest.")]
    return []


def _lies_across(row: Tensor, network: Tensor) -> bool:
    """Whether rows of features, one behind the other, cross the network's axes: [features, rows], say."""
    inner = [prod(network.shape[axis:]) for axis in range(len(network.shape))]
    return any(size % row.elements and row.elements % size for size in inner)


def _other_numbers(application: Application) -> list[tuple[str, str]]:
    """Whether the network reads other numbers out of the features' bytes than the front end means, or than they are."""
    if application.front_end is None:
        return []
    means, reads = application.front_end.output.quantization, application.network.input.quantization
    if means is None or reads is None or _scaling(reads) in (_AS_THEY_ARE, _scaling(means)):
        return []
    what = "the front end's features have scale {:.9g} and zero point {}".format(*_scaling(means))
    what += ", the network's input scale {:.9g} and zero point {}".format(*_scaling(reads))
    hint = "Train on the features as they are, and quantize with representative ones that reach from one end of their "
    hint += "type to the other; where the network was trained on features scaled otherwise, say rescaled = true."
    return [(what, hint)]


def _scaling(quantization: Quantization) -> tuple[float, int]:
    return quantization.scale, quantization.zero_point
