"""From what the user gave to a network, and to the inputs it is verified with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.data.pictures import is_guess
from boardproof.model.data.read import sizes_of
from boardproof.model.given import data_of, open_model, require_given
from boardproof.model.preflight import raise_errors
from boardproof.model.quantize import quantize_noting
from boardproof.model.rewrite.rewrite import Rewritten, unpack
from boardproof.model.sample_checks import check_inputs
from boardproof.model.samples import arrays_for, input_specs, vectors_for
from boardproof.model.schemes import Scheme
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.vectors import random_vectors
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.subject import Network, Target
from boardproof.stages.generate import warn_of

if TYPE_CHECKING:
    from boardproof.model.samples import Vectors
    from boardproof.progress import Progress
    from boardproof.settings import Settings


def target_of(settings: Settings) -> Target:
    """Board and runtime. Raises InputError for a board that is not known."""
    return Target(settings.target_board, RUNTIMES[settings.runtime])


def prepare(settings: Settings, progress: Progress, *, for_board: bool = True) -> Network:
    """Loads the model, and quantizes it unless it is a .tflite already.

    `for_board`: unpack weights that boards cannot take as they are, which a file for somebody else keeps.
    """
    require_given(settings.model)
    progress.stage(f"loading {settings.model_name}")
    found = data_of(settings.samples, settings.data)
    calibrating = data_of(settings.representative, settings.data, training=True) or found
    model = open_model(settings.model, sizes_of(calibrating, settings.data))
    samples = found.samples(model.inputs) if found else None
    notes = (*model.notes, *(samples.notes if samples else ()))
    other = calibrating if calibrating is not found and model.tflite is None else None
    representative = other.samples(model.inputs) if other else samples
    for note in dict.fromkeys((*notes, *(representative.notes if representative else ()))):
        if is_guess(note):
            progress.warn(note)
    if model.tflite is not None:
        return Network(model, model.tflite, read_tflite(model.tflite), None, samples, notes)
    scheme = Scheme(settings.scheme)
    if representative is samples is not None and scheme.needs_calibration:
        progress.warn("calibrating on the very samples that verify: give others with --representative")
    progress.stage(f"quantizing to {scheme}")
    made = quantize_noting(
        model, representative, scheme, lambda findings: warn_of(findings, progress), unroll=settings.unrolls
    )
    unpacked = unpack(made.data) if for_board else Rewritten(made.data)
    notes = (*notes, *made.notes, *unpacked.notes)
    return Network(model, unpacked.data, read_tflite(unpacked.data), scheme, samples, notes)


def choose_inputs(network: Network, settings: Settings, progress: Progress) -> Vectors:
    """The user's samples as the network takes them, or random ones."""
    if network.samples is not None:
        arrays = arrays_for(input_specs(network.graph), network.samples)
        findings = check_inputs(network.graph, network.samples, arrays)
        raise_errors(findings, f"in {network.samples.source}")
        warn_of(findings, progress)
        return vectors_for(network.graph, network.samples, arrays)
    return random_vectors(network.graph, settings.random, settings.seed)
