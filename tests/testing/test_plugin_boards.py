"""The pytest plugin with boards: on the host, on an emulated Cortex-M4F, and in several processes."""

from __future__ import annotations

import json
import re

import pytest

from support.plugin_project import USES_BOARD, junit, make_project, run_pytest

pytest_plugins = ["pytester"]


@pytest.fixture
def project(pytester, monkeypatch):
    return make_project(pytester, monkeypatch)


WHOLE = """
    import numpy as np
    import pytest

    WEIGHTS = np.arange(-6, 6).reshape(3, 4)
    BIAS = np.array([4, -4, 0])

    def expected(q):
        real = (np.asarray(q) + 1) @ WEIGHTS.T * 0.0625 + BIAS * 0.0625
        return np.clip(np.round(real / 0.25) + 2, -128, 127)

    def test_one_sample_of_the_tensors_type(board):
        q = np.array([7, -3, 5, 11], np.int8)
        y = board.infer(q)
        assert (y.dtype, y.shape) == (np.int8, (3,))
        assert np.abs(y - expected(q)).max() <= 1  # a tie may round either way in the formula above

    def test_several_samples(board):
        q = np.random.default_rng(1).integers(-20, 20, (5, 4)).astype(np.int8)
        y = board.infer(q)
        assert y.shape == (5, 3)
        assert (y[2] == board.infer(q[2])).all()
        assert (y[2] == board.infer(q[2:3])[0]).all()

    def test_real_values(board):
        x = np.array([4.0, -1.0, 3.0, 6.0])
        assert (board.infer(x) == board.infer((x / 0.5 - 1).astype(np.int8))).all()
        real = board.infer(x, real=True)
        assert real.dtype == np.float32
        assert (real == (board.infer(x) - 2.0) * 0.25).all()

    @pytest.mark.boardproof_emulator
    def test_every_way_to_give_samples(board, tmp_path):
        x = np.random.default_rng(2).integers(-128, 128, (4, 4)).astype(np.int8)
        np.savez(tmp_path / "x.npz", x=x)
        for samples in (x, {"x": x}, tmp_path / "x.npz", str(tmp_path / "x.npz"), 4):
            verdict = board.verify(samples)
            assert verdict.agrees, verdict
            assert verdict.samples == 4

    def test_facts(board):
        assert board.name == "native"
        assert board.flash_bytes > 1000
        assert board.ram_bytes > 100
        assert board.arena_bytes > 0
        assert board.hello.runtime == "aot"
        assert len(board.ticks) == 32
        assert repr(board) == "<tiny.tflite on native>"

    def test_what_does_not_fit(board):
        board.infer([1, 2, 3])

    def test_no_samples(board):
        board.verify()
"""


@pytest.mark.native
def test_a_board_infers_verifies_and_reports(project):
    project.makepyfile(WHOLE)
    result = run_pytest(project, "--junit-xml", "junit.xml")
    result.assert_outcomes(passed=5, failed=2)
    result.stdout.fnmatch_lines(["E *next: Give it a file, an array, or a number of random samples."])
    result.stdout.fnmatch_lines(
        ["*= boardproof =*", "tiny.native: flash *, ram *, arena * bytes, * microseconds (median of 32)"]
    )
    suite, tests = junit(project)
    assert suite["boardproof.tiny.native.inferences"] == "32"
    assert int(suite["boardproof.tiny.native.flash_bytes"]) > 1000
    assert int(suite["boardproof.tiny.native.ram_bytes"]) > 100
    assert int(suite["boardproof.tiny.native.arena_bytes"]) > 0
    assert suite["boardproof.tiny.native.tick_unit"] == "microseconds"
    least, middle, most = (int(suite[f"boardproof.tiny.native.ticks_{which}"]) for which in ("min", "median", "max"))
    assert least <= middle <= most
    assert tests["test_one_sample_of_the_tensors_type"].keys() == {"boardproof.tiny.native.ticks_median"}
    assert tests["test_facts"] == {}


COUNT_BUILDS = """
    import os
    from pathlib import Path

    import pytest

    @pytest.fixture(autouse=True, scope="session")
    def count_builds():
        from boardproof import pipeline

        build = pipeline.build

        def counted(*arguments, **options):
            with open("builds.txt", "a") as file:
                file.write("x")
            return build(*arguments, **options)

        pipeline.build = counted
        yield
        pipeline.build = build
"""


@pytest.mark.native
def test_workers_of_xdist_share_one_build_and_have_a_process_each(project):
    project.makeconftest(COUNT_BUILDS)
    project.makepyfile(
        """
        import os
        import time
        from pathlib import Path

        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_board(board, number, worker_id):
            assert board.verify(5, seed=number).agrees
            Path(f"seen-{worker_id}").touch()
            deadline = time.monotonic() + 60
            while len(list(Path().glob("seen-*"))) < 2 and time.monotonic() < deadline:
                time.sleep(0.05)  # so that both workers get something to do
        """
    )
    result = run_pytest(project, "-p", "xdist", "-n", "2", "--junit-xml", "junit.xml")
    result.assert_outcomes(passed=6)
    assert {path.name for path in project.path.glob("seen-*")} == {"seen-gw0", "seen-gw1"}
    assert (project.path / "builds.txt").read_text() == "x"
    result.stdout.fnmatch_lines(["tiny.native: *(median of 30)"])
    suite, tests = junit(project)
    assert suite["boardproof.tiny.native.inferences"] == "30"
    assert all(properties.keys() == {"boardproof.tiny.native.ticks_median"} for properties in tests.values())


@pytest.mark.native
def test_what_was_built_is_found_again_and_settings_beside_the_model_hold(project):
    project.makepyfile(USES_BOARD)
    (project.path / "boardproof.toml").write_text('board = "native"\noptimize = "size"\nverbose = true\n')
    project.makeini("[pytest]\nboardproof_model = tiny.tflite\n")
    run_pytest(project).assert_outcomes(passed=1)
    folders = list((project.path / ".pytest_cache" / "d" / "boardproof").iterdir())
    assert [re.fullmatch(r"tiny-native-[0-9a-f]{12}", folder.name) is not None for folder in folders] == [True]
    marker = json.loads((folders[0] / "project" / ".boardproof.json").read_text())
    assert marker["board"] == "native"
    elf = folders[0] / "project" / ".pio" / "build" / "native" / "firmware.elf"
    before = elf.stat().st_mtime_ns
    run_pytest(project).assert_outcomes(passed=1)
    assert elf.stat().st_mtime_ns == before
    run_pytest(project, "-p", "no:cacheprovider").assert_outcomes(passed=1)


@pytest.mark.native
def test_several_models_and_fixtures_that_are_overridden(project):
    project.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session")
        def boardproof_model(tmp_path_factory, pytestconfig):
            path = tmp_path_factory.mktemp("models") / "computed.tflite"
            path.write_bytes((pytestconfig.rootpath / "tiny.tflite").read_bytes())
            return path

        def test_both(board, boardproof_boards):
            other = boardproof_boards("tiny.tflite", optimize="size")
            assert board is not other
            assert boardproof_boards("tiny.tflite", optimize="size") is other
            assert board.label == "computed.native"
            assert (board.infer([1, 2, 3, 4]) == other.infer([1, 2, 3, 4])).all()
        """
    )
    result = run_pytest(project)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["computed.native: *", "tiny.native: *"])


@pytest.mark.qemu
def test_the_same_tests_on_an_emulated_cortex_m4f(project):
    project.makepyfile(USES_BOARD)
    result = run_pytest(project, "--boardproof-board", "mps2-an386")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["tiny.mps2-an386: *instructions (median of 1)"])
