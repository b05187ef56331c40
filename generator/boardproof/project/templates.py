"""The Jinja environment of everything that is rendered."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from boardproof.project.resources import resource


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(resource("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # All but HTML is C and Markdown, where untrusted text is made safe when it is read.
        autoescape=select_autoescape(["html.j2"], default=False),
    )


def render_template(path: str, **values: object) -> str:
    """Renders templates/<path>.j2. Raises jinja2.UndefinedError when a value is missing."""
    return _environment().get_template(f"{path}.j2").render(**values)
