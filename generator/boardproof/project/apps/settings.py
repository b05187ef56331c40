"""[app] in boardproof.toml: what it may say, and the application that follows from it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from boardproof.errors import InputError, closest
from boardproof.features.kinds import front_end_of
from boardproof.model.labels import safe_lines
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.apps.actions import ACTIONS
from boardproof.project.apps.application import Application, Decision, Part, Then
from boardproof.project.apps.fit import check_fit
from boardproof.project.apps.sensors import SENSORS

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.features.front_end import FrontEnd

SETTINGS_FILE = "boardproof.toml"
APP_TABLE = "app"

_LONGEST_TEXT = 40
_LEAST_SCALE = 1e-6


def read_application(path: Path) -> Application:
    """The application of a folder with a boardproof.toml, or of that file.

    Raises:
        InputError: There is none, a setting is not what it should be, or its networks do not fit each other.
    """
    file = path / SETTINGS_FILE if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"{file} is not there.", "Give a folder whose boardproof.toml has a table [app].")
    values = _read(file)
    if APP_TABLE not in values:
        raise InputError(f"{file} has no table [{APP_TABLE}].", "docs/applications.md says what stands in it.")
    table = _Table(file, f"[{APP_TABLE}]", _dictionary(file, APP_TABLE, values[APP_TABLE]))
    application = _application(table, file.parent)
    rescaled = table.flag("rescaled")
    table.finish()
    check_fit(application, file, rescaled=rescaled)
    return application


def _read(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}", "Correct it, or move it away.") from error


def _dictionary(file: Path, name: str, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InputError(f"{name} in {file} is no table.", f"Write [{name}] and its settings below.")
    return {str(key).replace("_", "-"): entry for key, entry in value.items()}


class _Table:
    """Settings that are taken one by one; `finish` complains of those that nobody took."""

    def __init__(self, file: Path, title: str, values: dict[str, object]) -> None:
        self.file = file
        self.title = title
        self.values = values
        self.known: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        value = self._take(name, default)
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT or not value.isprintable():
            raise self.wrong(name, f"a text of up to {_LONGEST_TEXT} characters")
        return value

    def path(self, name: str) -> str | None:
        value = self._take(name, "")
        if not isinstance(value, str) or not (value == "" or value.isprintable()):
            raise self.wrong(name, "a file's name")
        return value or None

    def whole(self, name: str, default: int | None = None, least: int = 1, most: int = 1 << 24) -> int:
        value = self._take(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.wrong(name, f"a whole number from {least} to {most}")
        return value

    def number(self, name: str, default: float, least: float = -(1 << 24)) -> float:
        value = self._take(name, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= 1 << 24:
            raise self.wrong(name, "a number" if least < 0 else f"a number from {least:g} on")
        return float(value)

    def flag(self, name: str) -> bool:
        value = self._take(name, default=False)
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def texts(self, name: str, default: list[str] | None = None) -> tuple[str, ...]:
        value = self._take(name, default)
        if not isinstance(value, list) or not all(isinstance(v, str) and v and v.isprintable() for v in value):
            raise self.wrong(name, "a list of texts")
        return tuple(value)

    def table(self, name: str) -> _Table:
        return _Table(
            self.file, f"[{self.title.strip('[]')}.{name}]", _dictionary(self.file, name, self._take(name, {}))
        )

    def _take(self, name: str, default: object) -> object:
        self.known.append(name)
        value = self.values.get(name, default)
        if value is None:
            raise InputError(f"{self.title} in {self.file} lacks {name}.", "See docs/applications.md.")
        return value

    def wrong(self, name: str, what: str) -> InputError:
        shown = safe_lines(repr(self.values.get(name)))[:_LONGEST_TEXT]
        return InputError(f"{name} in {self.title} of {self.file} is {shown}, not {what}.", "Correct it there.")

    def finish(self) -> None:
        """Raises InputError for a setting that does not exist."""
        if unknown := sorted(self.values.keys() - set(self.known)):
            near = closest(unknown[0], self.known)
            raise InputError(
                f"{self.title} in {self.file} has an unknown setting: {', '.join(unknown)}",
                f"{near}Known settings: {', '.join(sorted(set(self.known)))}.",
            )


def _application(table: _Table, base: Path) -> Application:
    sensor = table.text("sensor", "stream")
    if sensor not in SENSORS:
        raise table.wrong("sensor", f"one of {', '.join(SENSORS)}")
    actions = table.texts("actions", ["serial"])
    if unknown := sorted(set(actions) - ACTIONS.keys()):
        raise InputError(
            f"There is no action {', '.join(unknown)} ({table.file}).",
            f"{closest(unknown[0], ACTIONS)}Choose from: {', '.join(ACTIONS)}.",
        )
    rate = table.whole("rate")
    made = _made_front_end(table, rate)
    front_end = Part(made.data, made.graph) if made else _part(table, "front-end", base)
    return Application(
        name=table.text("name", base.resolve().name[:_LONGEST_TEXT] or "application"),
        version=table.text("version", "0"),
        sensor=sensor,
        rate=rate,
        sensor_rate=table.whole("sensor-rate", rate),
        channels=table.whole("channels", made.channels if made else (*SENSORS[sensor].channels, 1)[0]),
        front_end=front_end,
        network=_network(table, base),
        hop=table.whole("hop", made.hop if made else None),
        every=table.whole("every", 1),
        labels=table.texts("labels"),
        decision=_decision(table.table("decision")),
        actions=actions,
        columns=table.texts("columns", []),
        scale=table.number("scale", 1.0, least=_LEAST_SCALE),
        hop_percent=table.number("hop-percent", 0.0, least=0.0) or None,
        then=_then(table.table("then"), base),
    )


def _made_front_end(table: _Table, rate: int) -> FrontEnd | None:
    """The front end of [app.front-end], as `boardproof.features` makes it; None where a .tflite is named, or nothing.

    Its own rate and hop are the application's.
    """
    if not isinstance(table.values.get("front-end"), dict):
        return None
    settings = table.table("front-end")
    kind = settings.text("kind")
    values = {name.replace("-", "_"): value for name, value in settings.values.items() if name != "kind"}
    hop = {"hop": table.whole("hop")} if "hop" in table.values else {}
    try:
        made = front_end_of(kind, values, {"rate": rate, **hop})
    except InputError as error:
        raise InputError(f"{settings.title} in {table.file}: {error.message}", error.hint) from error
    if made.rate not in {None, rate}:
        raise settings.wrong("rate", f"the application's, {rate}; leave it out")
    if hop.get("hop", made.hop) != made.hop:
        raise table.wrong("hop", f"the front end's, {made.hop}; leave out one of them")
    return made


def _then(table: _Table, base: Path) -> Then | None:
    """The second network; None where nothing is said of one. All that the first one decides starts it, as a rule."""
    if not table.values:
        return None
    then = Then(
        network=_network(table, base),
        every=table.whole("every", 1),
        labels=table.texts("labels"),
        decision=_decision(table.table("decision")),
        after=table.texts("after", []),
        wait_ms=table.whole("wait-ms", 0, least=0),
        for_ms=table.whole("for-ms"),
    )
    table.finish()
    return then


def _network(table: _Table, base: Path) -> Part:
    network = _part(table, "model", base)
    if network is None:
        raise InputError(f"{table.title} in {table.file} lacks model.", "Name the network's .tflite there.")
    return network


def _part(table: _Table, name: str, base: Path) -> Part | None:
    given = table.path(name)
    if given is None:
        return None
    path = base / given
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{name} in {table.title} of {table.file} names {path}, which cannot be read: {error.strerror}.",
            "Give the name of a .tflite, relative to boardproof.toml.",
        ) from error
    try:
        graph = read_tflite(data)
    except InputError as error:
        made = "`boardproof quantize` makes one of a Keras model." if path.suffix in {".keras", ".h5"} else error.hint
        raise InputError(
            f"{name} in {table.title} of {table.file} names {path}: {error.message}", f"Name a .tflite. {made}"
        ) from error
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise InputError(
            f"{path} has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; an application fills one input "
            "and takes features or scores from one output.",
            "Convert a model with those alone: keras.Model(model.input, model.outputs[0]), say.",
        )
    return Part(data, graph)


def _decision(table: _Table) -> Decision:
    defaults = Decision()
    decision = Decision(
        average=table.whole("average", defaults.average, most=1000),
        threshold=table.number("threshold", defaults.threshold),
        release=table.number("release", 0.0) if "release" in table.values else None,
        repeat_ms=table.whole("repeat-ms", defaults.repeat_ms, least=0),
        silent=table.texts("silent", []),
    )
    table.known.append("release")
    table.finish()
    if decision.release is not None and decision.release > decision.threshold:
        raise table.wrong("release", f"at most the threshold, {decision.threshold}")
    return decision
