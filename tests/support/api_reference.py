"""docs/api.md's reference, from the docstrings of what `import boardproof` gives."""

from __future__ import annotations

import inspect
import re
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

import boardproof
from boardproof.errors import BoardproofError
from boardproof.model.data.options import DataOptions
from boardproof.project.runtimes.base import Options
from boardproof.settings import Flags, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECTIONS = re.compile(r"^(Args|Attributes|Returns|Raises):$")
_ITEM = re.compile(r"^ {4}(\*{0,2}\w+): (.*)$")


def api_reference() -> str:
    """Functions, the flags they all take, values, errors."""
    values = {name: getattr(boardproof, name) for name in boardproof.__all__ if name != "__version__"}
    functions = {name: value for name, value in values.items() if inspect.isfunction(value)}
    errors = {name: value for name, value in values.items() if _is_error(value)}
    rest = {name: value for name, value in values.items() if name not in {*functions, *errors}}
    lines: list[str] = ["## Functions", ""]
    for name in ("run", "verify", "compare", "quantize", "inspect", "generate"):
        lines += [f"### `{name}`", "", *_signature(name, functions.pop(name)), *_documentation(values[name])]
    assert not functions, f"also say where these stand: {sorted(functions)}"
    lines += ["## Flags", "", *_flags(), "", "## Values", ""]
    for name, value in rest.items():
        lines += [f"### `{name}`", "", (inspect.getdoc(value) or "").splitlines()[0], "", *_members(value)]
    lines += ["## Errors", ""]
    for name, value in errors.items():
        lines += [f"### `{name}`", "", *_documentation(value)]
    return _safe("\n".join(lines)).rstrip() + "\n"


def _safe(text: str) -> str:
    """Names such as <model> are no HTML."""
    return re.sub(r"<(\w+)>", r"&lt;\1&gt;", text)


def _is_error(value: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, (BoardproofError, Warning))


def _signature(name: str, function: Any) -> list[str]:
    parameters = [f"    {p}," for p in _parameters(inspect.signature(function))]
    returns = inspect.signature(function).return_annotation
    return ["```python", f"{name}(", *parameters, f") -> {returns}", "```", ""]


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    is_keyword = False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not is_keyword:
            is_keyword = True
            yield "*"
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        yield f"{stars}{parameter.name}: {str(parameter.annotation).strip(chr(39))}{default}"


def _documentation(value: Any) -> list[str]:
    """A docstring as Markdown: its sections become lists."""
    lines: list[str] = []
    for line in (inspect.getdoc(value) or "").splitlines():
        if section := _SECTIONS.match(line):
            lines += [f"*{section[1].lower()}*", ""]
        elif item := _ITEM.match(line):
            lines.append(f"- `{item[1]}`: {item[2]}")
        elif line.startswith("        "):
            lines.append(f"  {line.strip()}")
        else:
            lines.append(line.strip())
    return [*lines, ""]


def _members(value: Any) -> Iterator[str]:
    """What its properties and methods are; the docstrings in the code say more, and name the fields."""
    members = [(n, m) for n, m in vars(value).items() if not n.startswith("_") and (inspect.getdoc(m) or "")]
    described = [(n, m) for n, m in members if isinstance(m, property) or inspect.isfunction(m)]
    for name, member in described:
        call = "" if isinstance(member, property) else "()"
        yield f"- `{name}{call}`: {(inspect.getdoc(member) or '').splitlines()[0]}"
    if described:
        yield ""


def _flags() -> Iterator[str]:
    groups = (Settings, DataOptions, Options)
    meanings = {name: text for group in groups for name, text in _attributes(group).items()}
    defaults = {
        field.name: repr(field.default) for cls in groups for field in fields(cls) if field.default is not MISSING
    }
    yield from ("| flag | default | what it is |", "|---|---|---|")
    for name in Flags.__annotations__:
        yield f"| `{name}` | `{defaults[name]}` | {meanings[name]} |"


def _attributes(cls: type) -> dict[str, str]:
    """What a class's docstring says of each attribute."""
    found: dict[str, str] = {}
    name = ""
    for line in (inspect.getdoc(cls) or "").splitlines():
        if item := _ITEM.match(line):
            name = item[1]
            found[name] = item[2]
        elif name and line.startswith("        "):
            found[name] += f" {line.strip()}"
    return found
