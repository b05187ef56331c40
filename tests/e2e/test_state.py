"""Networks that remember earlier samples, built for this machine: what they remember must not falsify a verdict."""

from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from boardproof.cli.commands import run_command
from boardproof.device.protocol.pace import Pace
from boardproof.device.protocol.session import Session
from boardproof.device.reach.process import open_native
from boardproof.device.types import Firmware
from boardproof.errors import DeviceError
from boardproof.model.load import load_model
from boardproof.model.oracle import run_oracle
from boardproof.model.samples import Vectors
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.subject import Network
from boardproof.proof.compare import compare
from boardproof.proof.prove import SEQUENCES_GO_ON
from boardproof.proof.samples import Seat, run_samples
from boardproof.testing.under_test import BoardUnderTest
from firmware.test_variables import accumulator_network
from support import network as networks
from support.aot import oracle_outputs
from support.faulty_link import Fault, FaultyLink, Planned, Random, Way
from support.operators_products import lstm, svdf

SAMPLES = 24
EXAMPLES = 30
LEAST_SHARE = 0.3

REPLY_TO_INVOKE = 12
"""About how many frames come from the board before its first outputs."""

pytestmark = pytest.mark.native


def depends_on_history(model: bytes, inputs: list[np.ndarray]) -> bool:
    """Whether all outputs of most samples are others when the samples run the other way round."""
    one = oracle_outputs(model, inputs)
    other = oracle_outputs(model, [array[::-1] for array in inputs])
    return all(
        (a != b[::-1]).reshape(SAMPLES, -1).any(axis=1).mean() > LEAST_SHARE for a, b in zip(one, other, strict=True)
    )


def remembering_network() -> tuple[bytes, list[np.ndarray]]:
    """A sum over all samples, an SVDF and an LSTM, beside each other; and small inputs, so that the sum grows slowly.

    Of several such networks the last in which every output depends on the samples before.
    """
    found = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def build(data):
        net = networks.Network(5)
        finish = accumulator_network(net)
        net.outputs += [svdf(data.draw, net).index, lstm(data.draw, net).index]
        model, (fresh, *others) = finish(), net.vectors(SAMPLES)
        inputs = [np.full_like(fresh, 9), *others]
        if depends_on_history(model, inputs):
            found.append((model, inputs))

    build()
    return found[-1]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """state.tflite, samples.npz, and the project "project", built."""
    home = tmp_path_factory.mktemp("home")
    data, inputs = remembering_network()
    (home / "state.tflite").write_bytes(data)
    np.savez(home / "samples.npz", **{f"x{i}": array for i, array in enumerate(inputs)})
    target = ["--board", "native", "--out", str(home / "project")]
    assert run_command(["generate", str(home / "state.tflite"), *target]) == 0
    assert run_command(["build", str(home / "project"), "--quiet"]) == 0
    return home


@pytest.fixture(scope="module")
def inputs(home):
    with np.load(home / "samples.npz") as arrays:
        return Vectors(tuple(arrays[name] for name in sorted(arrays.files)))


@pytest.fixture(scope="module")
def expected(home, inputs):
    return run_oracle((home / "state.tflite").read_bytes(), inputs)


def opener(home):
    elf = home / "project" / ".pio" / "build" / "native" / "firmware.elf"
    return lambda: open_native(elf)


def session_over(link):
    return Session(link, pace=Pace(base_s=0.02, silent_s=3.0, first_run_s=1.0, connect_s=3.0, byte_s=1e-6))


def verify(home, project, report):
    arguments = ["--board", "native", "--out", str(project), "--samples", str(home / "samples.npz"), "--quiet"]
    status = run_command(["verify", str(home / "state.tflite"), *arguments, "--report", str(report)])
    return status, json.loads(report.read_text())


def test_the_run_is_exact_and_its_first_sample_is_repeated_from_the_beginning(home, tmp_path):
    status, report = verify(home, home / "project", tmp_path / "r.json")
    assert status == 0
    assert report["verdict"]["exact"] == SAMPLES
    assert [(repeat["sample"], repeat["same_outputs"]) for repeat in report["repeats"]] == [(0, True)]
    assert SEQUENCES_GO_ON in report["warnings"]


@pytest.mark.parametrize("fault", sorted(set(Fault) - {Fault.RESET}, key=lambda fault: fault.name))
def test_no_fault_of_the_link_steps_the_state_twice_or_never(fault, home, inputs, expected):
    link = FaultyLink(opener(home), Random(3, 0.15, (fault,)))
    with link:
        run = run_samples((Seat("a", session_over(link)),), inputs, stateful=True)
    assert compare(expected, run).agrees
    assert run.repeats[0].same_outputs


def test_lost_answers_to_inferences_are_sent_again_not_computed_again(home, inputs, expected):
    """Every second frame from the board is lost."""
    plan = {(Way.FROM_DEVICE, number): (Fault.DROP, 0) for number in range(REPLY_TO_INVOKE, 2000, 2)}
    with FaultyLink(opener(home), Planned(plan)) as link:
        run = run_samples((Seat("a", session_over(link)),), inputs, stateful=True)
    assert compare(expected, run).agrees


@pytest.mark.parametrize("frame", [60, 90])
def test_a_board_that_is_reset_in_between_ends_the_run(frame, home, inputs):
    with (
        FaultyLink(opener(home), Planned({(Way.TO_DEVICE, frame): (Fault.RESET, 0)})) as link,
        pytest.raises(DeviceError, match="was reset at sample"),
    ):
        run_samples((Seat("a", session_over(link)),), inputs, stateful=True)


def test_a_session_that_ran_other_samples_before_begins_afresh(home, inputs, expected):
    with opener(home)() as link:
        session = session_over(link)
        session.infer([array[7] for array in inputs.arrays])
        for _ in range(2):
            run = run_samples((Seat("a", session),), inputs, stateful=True)
            assert compare(expected, run).agrees


def test_an_operator_that_goes_astray_late_is_named(home, inputs, tmp_path):
    """The sum is clamped too early: only after some samples, all of which run again for each operator."""
    project = tmp_path / "project"
    shutil.copytree(home / "project", project)
    source = project / "src" / "model.c"
    head, call, rest = source.read_text().partition("nn_add_quantized ")
    assert call
    source.write_text(head + call + rest.replace(".activation_max = 127", ".activation_max = 99", 1))
    status, report = verify(home, project, tmp_path / "r.json")
    assert status == 1
    bad = report["verdict"]["first_bad"]["sample"]
    assert 3 < bad < SAMPLES
    divergence = report["divergence"]
    assert divergence is not None, report["warnings"]
    assert (divergence["sample"], divergence["op"]) == (bad, "ADD")
    assert set(divergence["got"]) == {99}


def test_a_board_under_test_goes_on_until_it_begins_afresh(home, inputs, expected):
    data = (home / "state.tflite").read_bytes()
    network = Network(load_model(home / "state.tflite"), data, read_tflite(data), None, None)
    firmware = Firmware(home / "firmware.elf", home / "project", BOARDS["native"], (), hashlib.sha256(data).hexdigest())
    board = BoardUnderTest(network, firmware, lambda _board: opener(home)(), lambda _line: None)
    half = SAMPLES // 2
    for _ in range(2):
        got = [board.infer(*(array[part] for array in inputs.arrays)) for part in (slice(half), slice(half, None))]
        board.restart()
        for theirs, *mine in zip(expected.arrays, *got, strict=True):
            np.testing.assert_array_equal(theirs.reshape(-1), np.concatenate(mine).reshape(-1))
    board.disconnect()
    board._connect = lambda _board: FaultyLink(opener(home), Planned({(Way.TO_DEVICE, 60): (Fault.RESET, 0)}))
    with pytest.raises(DeviceError, match="The board was reset, and this network remembers"):
        board.infer(*inputs.arrays)
    board.disconnect()
