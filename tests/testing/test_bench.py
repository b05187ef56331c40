"""Who gets which board: claims, flashing, and giving back, with boards that are only listed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from boardproof.device.build.locks import try_lock
from boardproof.device.types import Firmware
from boardproof.device.usb.ports import Port
from boardproof.errors import BoardproofError, DeviceError, InputError
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.settings import settings_for
from boardproof.testing import bench as bench_module
from boardproof.testing import under_test
from boardproof.testing.bench import Bench, Place
from support.flatbuffer_models import ModelBuilder
from support.usb_world import APPLICATION, MODEL, SimulatedClock, hello

ONE = Port("/dev/ttyACM0", 0x2341, APPLICATION, "0AAA", "1-2")
TWO = Port("/dev/ttyACM1", 0x2341, APPLICATION, "0BBB", "1-3")


class Desk:
    """Records who was flashed and connected."""

    def __init__(self, tmp_path):
        self.ports = (ONE, TWO)
        self.log = []
        self.tmp_path = tmp_path
        self.clock = SimulatedClock()

    def flash(self, firmware, port, _progress):
        self.log.append(("flash", firmware.elf.name, port))

    def open_link(self, firmware, _board, port, _link, _progress):
        self.log.append(("open", firmware.elf.name, port))
        return SimpleNamespace(close=lambda: self.log.append(("close", firmware.elf.name, port)))

    def built(self, settings):
        name = settings.model.stem
        network = SimpleNamespace(model=SimpleNamespace(source=settings.model.name))
        board = settings.target_board
        return network, Firmware(self.tmp_path / name, self.tmp_path, board, (), MODEL)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    desk = Desk(tmp_path)
    monkeypatch.setattr(bench_module, "serial_ports", lambda: desk.ports)
    monkeypatch.setattr(bench_module, "flash", desk.flash)
    monkeypatch.setattr(bench_module, "open_link", desk.open_link)
    monkeypatch.setattr(bench_module, "cache_dir", lambda: tmp_path / "cache")
    monkeypatch.setattr(bench_module, "SystemClock", lambda: desk.clock)
    monkeypatch.setattr(Bench, "_built", desk.built)
    monkeypatch.setattr(under_test, "Session", lambda *_args, **_names: SimpleNamespace(connect=lambda: hello(MODEL)))
    return desk


@pytest.fixture
def make_bench(tmp_path):
    benches = []

    def make(*ports):
        benches.append(Bench(Place(tmp_path / "shared", tmp_path / "private", "session"), ports))
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()


def unit(bench, model="a.tflite", board="nano33ble"):
    return bench.board(settings_for(Path(model), {"board": board}))


def use(bench, model="a.tflite", board="nano33ble"):
    found = unit(bench, model, board)
    assert found.hello.model_sha256 == MODEL
    return found


def test_hardware_is_flashed_once_and_kept(desk, make_bench):
    bench = make_bench()
    assert use(bench) is use(bench)
    assert desk.log == [("flash", "a", "AAA"), ("open", "a", "AAA")]
    bench.close()
    assert desk.log[2:] == [("close", "a", "AAA")]


def test_two_processes_take_different_boards(desk, make_bench):
    use(make_bench())
    use(make_bench())
    assert [entry[2] for entry in desk.log if entry[0] == "flash"] == ["AAA", "BBB"]


def test_with_more_processes_than_boards_the_last_waits_then_gives_up(desk, make_bench):
    use(make_bench())
    use(make_bench())
    third = make_bench()
    with pytest.raises(DeviceError) as caught:
        use(third)
    assert caught.value.message == "Every Arduino Nano 33 BLE (AAA, BBB) stayed in use for 1800 s."
    assert "pytest -n <boards>" in caught.value.hint
    assert third.warnings == ("every Arduino Nano 33 BLE is in use: waiting for one",)


def test_a_board_that_is_given_back_can_be_had(desk, make_bench):
    first = make_bench("/dev/ttyACM0")
    use(first)
    first.close()
    use(make_bench("/dev/ttyACM0"))
    assert [entry[0] for entry in desk.log] == ["flash", "open", "close", "flash", "open"]


def test_only_the_given_ports_are_taken(desk, make_bench):
    use(make_bench("/dev/ttyACM1"))
    with pytest.raises(DeviceError, match=r"\(BBB\) stayed in use"):
        use(make_bench("BBB"))


def test_the_lock_is_on_the_board_whatever_it_was_called_by(desk, make_bench, tmp_path):
    use(make_bench("/dev/ttyACM0"))
    assert try_lock(tmp_path / "cache" / "locks" / "AAA.lock") is None


def test_two_networks_on_one_board_take_turns(desk, make_bench):
    bench = make_bench("/dev/ttyACM0")
    first = use(bench, "a.tflite")
    use(bench, "b.tflite")
    assert first.hello
    assert desk.log == [
        ("flash", "a", "AAA"),
        ("open", "a", "AAA"),
        ("close", "a", "AAA"),
        ("flash", "b", "AAA"),
        ("open", "b", "AAA"),
        ("close", "b", "AAA"),
        ("flash", "a", "AAA"),
        ("open", "a", "AAA"),
    ]


def test_a_board_elsewhere_is_not_flashed(desk, make_bench):
    use(make_bench("rfc2217://bench1:4000"))
    assert desk.log == [("open", "a", "rfc2217://bench1:4000")]


def test_emulators_need_no_claim_and_run_side_by_side(desk, make_bench):
    bench = make_bench()
    use(bench, "a.tflite", "native")
    use(bench, "b.tflite", "native")
    assert desk.log == [("open", "a", None), ("open", "b", None)]


def test_no_hardware(desk, make_bench):
    desk.ports = ()
    with pytest.raises(DeviceError, match="No Arduino Nano 33 BLE is connected"):
        use(make_bench())


def test_an_error_in_a_test_shows_what_to_do_next(desk, make_bench):
    desk.ports = ()
    with pytest.raises(DeviceError) as caught:
        use(make_bench())
    assert caught.value.__notes__ == [caught.value.details, f"next: {caught.value.hint}"]


def test_settings_beside_the_model_give_way_to_choices(tmp_path):
    (tmp_path / "boardproof.toml").write_text(
        'board = "native"\nruntime = "tflm"\nrepresentative = "r.npz"\ndebug = true\n[limits]\nticks = 1\n'
    )
    settings = settings_for(tmp_path / "a.tflite", {"runtime": "aot"})
    assert (settings.board, settings.runtime, settings.options.debug) == ("native", "aot", True)
    assert settings.representative == tmp_path / "r.npz"
    assert settings == replace(settings, model=tmp_path / "a.tflite")


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"boart": "native"}, "boardproof has no setting boart."),
        ({"model": "b.tflite"}, "boardproof has no setting model."),
        ({"board": "nano44"}, "There is no board 'nano44'."),
        ({"runtime": "torch"}, "There is no runtime 'torch'."),
    ],
)
def test_a_slip_in_the_settings(tmp_path, choices, message):
    with pytest.raises(InputError) as caught:
        settings_for(tmp_path / "a.tflite", choices)
    assert isinstance(caught.value, BoardproofError)
    assert caught.value.message == message
    assert caught.value.hint


def test_several_numbers_for_a_network_of_one_are_several_samples(monkeypatch, tmp_path):
    builder = ModelBuilder()
    tensor = builder.add_tensor(shape=[1, 1], dtype="FLOAT32")
    network = SimpleNamespace(graph=read_tflite(builder.build([tensor], [tensor])))
    firmware = Firmware(tmp_path / "a", tmp_path, BOARDS["native"], (), MODEL)
    board = under_test.BoardUnderTest(network, firmware, lambda _: None, print)
    monkeypatch.setattr(board, "_run", lambda vectors: vectors.arrays)
    assert board.infer([1, 2, 3]).tolist() == [[1], [2], [3]]
    assert board.infer([2]).tolist() == board.infer(2).tolist() == [2]
