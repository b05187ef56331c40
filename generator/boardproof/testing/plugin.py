"""pytest plugin: a network on a board as a fixture. See docs/testing.md.

Imported by every pytest run where boardproof is installed, so nothing heavy is imported here; what does the work is
imported when a test asks for a board.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from boardproof.errors import BoardproofError
    from boardproof.project.boards import Board
    from boardproof.settings import Settings
    from boardproof.testing.application import ApplicationUnderTest
    from boardproof.testing.bench import Bench
    from boardproof.testing.results import Results
    from boardproof.testing.under_test import BoardUnderTest

HARDWARE = "boardproof_hardware"
EMULATOR = "boardproof_emulator"
_WORKER_OUTPUT = "boardproof"
_DEFAULT_BOARD = "mps2-an386"

_bench_key: pytest.StashKey[Bench] = pytest.StashKey()
_results_key: pytest.StashKey[Results] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds options and ini keys, every one with a prefix: `--port` and `--board` belong to others."""
    group = parser.getgroup("boardproof", "networks on boards (boardproof)")
    group.addoption("--boardproof-model", metavar="PATH", help="Model on the board.")
    group.addoption("--boardproof-app", metavar="PATH", help="Application on the board: a folder with boardproof.toml.")
    group.addoption("--boardproof-board", metavar="NAME", help=f"Board to run on. Default: {_DEFAULT_BOARD}.")
    group.addoption("--boardproof-runtime", metavar="NAME", help="What executes the model: aot or tflm.")
    group.addoption(
        "--boardproof-port",
        action="append",
        metavar="PORT",
        help="Port, USB serial number or URL of a board; once for each board.",
    )
    group.addoption(
        "--boardproof-require",
        action="store_true",
        help="Fail, rather than skip, tests for which the board or emulator is missing.",
    )
    parser.addini("boardproof_model", "Model on the board, relative to this file.")
    parser.addini("boardproof_app", "Application on the board, a folder relative to this file.")
    parser.addini("boardproof_board", "Board to run on.")
    parser.addini("boardproof_runtime", "What executes the model: aot or tflm.")
    parser.addini("boardproof_port", "Ports, USB serial numbers or URLs of boards.", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Declares the markers."""
    config.addinivalue_line("markers", f"{HARDWARE}: needs a real board; skipped unless one is chosen and connected")
    config.addinivalue_line("markers", f"{EMULATOR}: needs an emulated board; skipped unless its tools are installed")


# --- Fixtures ---


@pytest.fixture(scope="session")
def boardproof_model(pytestconfig: pytest.Config) -> Path:
    """The model on `board`: --boardproof-model, or boardproof_model in the ini file. Override it to compute one."""
    if (model := _chosen_path(pytestconfig, "model")) is not None:
        return model
    pytest.fail(
        "boardproof: no model\n"
        "next: give --boardproof-model, or boardproof_model in the ini file, or override the fixture boardproof_model",
        pytrace=False,
    )


@pytest.fixture(scope="session")
def boardproof_port(pytestconfig: pytest.Config) -> tuple[str, ...] | str:
    """The ports of the boards to use; empty to find them. Override it where another tool knows."""
    return tuple(pytestconfig.getoption("--boardproof-port") or pytestconfig.getini("boardproof_port"))


@pytest.fixture(scope="session")
def boardproof_boards(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory, boardproof_port: tuple[str, ...] | str
) -> Iterator[Callable[..., BoardUnderTest]]:
    """Puts models on boards: call it with a model and, by name, any setting that boardproof.toml has."""
    from boardproof.errors import BoardproofError
    from boardproof.testing.bench import Bench, Place
    from boardproof.testing.results import Results

    ports = (boardproof_port,) if isinstance(boardproof_port, str) else boardproof_port
    place = Place(
        _shared_folder(pytestconfig, tmp_path_factory), tmp_path_factory.mktemp("boardproof"), _session_name()
    )
    bench = pytestconfig.stash[_bench_key] = Bench(place, ports)

    def put(model: str | Path, **choices: Any) -> BoardUnderTest:  # noqa: ANN401 - settings of every type
        try:
            return bench.board(_settings(pytestconfig, Path(model), choices))
        except BoardproofError as error:
            raise pytest.fail.Exception(_in_full(error), pytrace=False) from None

    yield put
    pytestconfig.stash[_results_key] = Results.of(bench)
    bench.close()


@pytest.fixture(scope="session")
def board(boardproof_boards: Callable[..., BoardUnderTest], boardproof_model: Path) -> BoardUnderTest:
    """The model on the board: infer(x), verify(samples), ticks, flash_bytes and more."""
    return boardproof_boards(boardproof_model)


@pytest.fixture(scope="session")
def boardproof_app(pytestconfig: pytest.Config) -> Path:
    """The application: --boardproof-app, or boardproof_app in the ini file. Override it to compute one."""
    if (application := _chosen_path(pytestconfig, "app")) is not None:
        return application
    pytest.fail(
        "boardproof: no application\n"
        "next: give --boardproof-app, or boardproof_app in the ini file, or override the fixture boardproof_app",
        pytrace=False,
    )


@pytest.fixture(scope="session")
def application(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory, boardproof_app: Path
) -> Iterator[ApplicationUnderTest]:
    """The application on the board: replay("clip.wav").decisions."""
    from boardproof.applications.settings import ReplaySettings
    from boardproof.errors import BoardproofError
    from boardproof.testing.application import ApplicationUnderTest

    name = pytestconfig.getoption("--boardproof-board") or pytestconfig.getini("boardproof_board") or _DEFAULT_BOARD
    settings = ReplaySettings(
        boardproof_app, board=str(name), out=tmp_path_factory.mktemp("boardproof-app") / "project"
    )
    try:
        under_test = ApplicationUnderTest(settings)
    except BoardproofError as error:
        raise pytest.fail.Exception(_in_full(error), pytrace=False) from None
    yield under_test
    under_test.close()


# --- Skipping ---


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips what cannot run here, with the name of what is missing."""
    for marker, missing in ((HARDWARE, _missing_hardware), (EMULATOR, _missing_emulator)):
        if item.get_closest_marker(marker) and (reason := missing(item.config)):
            if item.config.getoption("--boardproof-require"):
                pytest.fail(f"{reason} (--boardproof-require)", pytrace=False)
            pytest.skip(reason)


def _missing_hardware(config: pytest.Config) -> str:
    """Why no real board can be used; "" if one can."""
    from boardproof.device.usb.ports import find_board, is_url, serial_ports
    from boardproof.errors import BoardproofError, InputError

    try:
        board = _board(config)
    except BoardproofError as error:
        return error.message
    if board.is_emulated:
        return f"the board {board.name} is not hardware (choose one with --boardproof-board)"
    ports = config.getoption("--boardproof-port") or config.getini("boardproof_port") or [None]
    if ports == [None] and not board.usb:
        return f"the port of {board.name} is not known (give it with --boardproof-port)"
    try:
        for port in ports:
            if port is None or not is_url(port):
                find_board(board, serial_ports(), port)
    except InputError as error:
        return "" if ports == [None] else error.message  # several are connected: any will do
    except BoardproofError as error:
        return error.message
    return ""


def _missing_emulator(config: pytest.Config) -> str:
    """Why no emulated board can be used; "" if one can."""
    from boardproof.device.reach.links import require_tools
    from boardproof.errors import BoardproofError, ToolError

    try:
        board = _board(config)
    except BoardproofError as error:
        return error.message
    if not board.is_emulated:
        return f"the board {board.name} is not emulated (choose one with --boardproof-board)"
    try:
        require_tools(board)
    except ToolError as error:
        return error.message
    return ""


# --- Settings ---


def _settings(config: pytest.Config, model: Path, choices: Mapping[str, Any]) -> Settings:
    """boardproof.toml beside the model, under the ini file, under options, under what a test asks for."""
    from boardproof.settings import settings_for

    chosen = {name: value for name in ("board", "runtime") if (value := _chosen(config, name))}
    return settings_for(model, {**chosen, **choices})


def _chosen(config: pytest.Config, name: str) -> str:
    return str(config.getoption(f"--boardproof-{name}") or config.getini(f"boardproof_{name}") or "")


def _board(config: pytest.Config) -> Board:
    """The board that tests without a choice of their own run on; a user's own one is described beside the model."""
    from boardproof.settings import find_named

    if model := _chosen_path(config, "model"):
        return _settings(config, model, {}).target_board
    return find_named(_chosen(config, "board") or _DEFAULT_BOARD, ())


def _chosen_path(config: pytest.Config, name: str) -> Path | None:
    """The model or the app: an option is relative to where pytest was started, an ini key to the ini file."""
    if option := config.getoption(f"--boardproof-{name}"):
        return Path(config.invocation_params.dir / option)
    ini = config.getini(f"boardproof_{name}")
    return (config.inipath.parent if config.inipath else config.rootpath) / ini if ini else None


def _shared_folder(config: pytest.Config, factory: pytest.TempPathFactory) -> Path:
    """Where what is built stays for the next session: pytest's cache, or a temporary directory without it."""
    cache = getattr(config, "cache", None)
    if cache is not None:
        return Path(cache.mkdir("boardproof"))
    base = factory.getbasetemp()
    return (base.parent if hasattr(config, "workerinput") else base) / "boardproof-builds"


def _session_name() -> str:
    """The same in all processes of one pytest-xdist run, and in no other run."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID") or os.urandom(16).hex()


def _in_full(error: BoardproofError) -> str:
    parts = (f"boardproof: {error.message}", error.details, f"next: {error.hint}" if error.hint else "")
    return "\n".join(part for part in parts if part)


# --- Results ---


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Notes in the test's JUnit properties how many ticks its inferences took."""
    bench = item.config.stash.get(_bench_key, None)
    if bench is None:
        return (yield)
    before = {unit.label: len(unit.ticks) for unit in bench.boards}
    try:
        return (yield)
    finally:
        for unit in bench.boards:
            if ticks := sorted(unit.ticks[before.get(unit.label, 0) :]):
                item.user_properties.append((f"boardproof.{unit.label}.ticks_median", ticks[len(ticks) // 2]))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Puts the results in the JUnit report; a worker of pytest-xdist sends them to the process that has it."""
    results = session.config.stash.get(_results_key, None)
    if results is None:
        return
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_WORKER_OUTPUT] = results.to_plain()
        return
    xml = session.config.stash.get(_junit_key(), None)
    if xml is not None:
        for name, value in results.properties():
            xml.add_global_property(name, value)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:  # noqa: ANN401, ARG001 - pytest-xdist's own signature
    """Takes in the results of a worker of pytest-xdist."""
    sent = getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT)
    if sent is not None:
        from boardproof.testing.results import Results

        node.config.stash.setdefault(_results_key, Results()).add(Results(**sent))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Shows sizes and ticks."""
    results = config.stash.get(_results_key, None)
    if results is not None and results.facts:
        terminalreporter.section("boardproof")
        for line in results.lines():
            terminalreporter.write_line(line)


def _junit_key() -> pytest.StashKey[Any]:
    """Where pytest keeps its JUnit report: its own fixture for this, record_testsuite_property, is deaf under xdist."""
    from _pytest.junitxml import xml_key

    return xml_key
