"""Which files of firmware/kernels/ a network needs: a project carries those and no others."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from boardproof.project.resources import resource_files
from boardproof.project.runtimes.aot import kernelsets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_INCLUDE = re.compile(r'^\s*#include "([^"]+)"', re.MULTILINE)
_NAME = re.compile(r"\bnn_\w+")
_DEFINITION = re.compile(r"^(?!static\b)\w[\w \t*]*?\b(nn_\w+)\([^;{]*\)\s*\{", re.MULTILINE)
_MADE_BY_MACRO = re.compile(r"^[A-Z][A-Z0-9_]*\((nn_\w+)", re.MULTILINE)
"""A macro of a .c file that defines a kernel has the kernel's name as its first argument."""
_MADE_BY_BODY = re.compile(r"^#define NN_KERNEL (nn_\w+)", re.MULTILINE)
"""A .c file that includes the body of a kernel defines its name for it."""


def kernel_files(kernels: Iterable[str], headers: Iterable[str]) -> Mapping[str, bytes]:
    """The sources that define these kernels, what they call and what they include.

    Args:
        kernels: Names of kernel functions.
        headers: Headers the generated code includes by itself.

    Returns:
        File name in the kernel sets' folders to content.

    Raises:
        KeyError: No file defines a kernel, or there is no such header.
    """
    folders = tuple(dict.fromkeys(kernels.folder for kernels in kernelsets.KERNEL_SETS))
    sources, defined_in = _sources(folders), _definitions(folders)
    needed: set[str] = set()
    pending = [*(defined_in[kernel] for kernel in kernels), *headers]
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += _needs(folders)[name]
    return {name: sources[name] for name in sorted(needed)}


@cache
def _sources(folders: tuple[str, ...]) -> Mapping[str, bytes]:
    return {name: content for folder in folders for name, content in resource_files(folder)}


@cache
def _needs(folders: tuple[str, ...]) -> Mapping[str, frozenset[str]]:
    """Which files a file includes, and which define what it calls, by its name."""
    sources, defined_in = _sources(folders), _definitions(folders)
    needs: dict[str, frozenset[str]] = {}
    for name, content in sources.items():
        text = content.decode()
        included = {include for include in _INCLUDE.findall(text) if include in sources}
        called = set() if name.endswith(".h") else {defined_in[f] for f in _NAME.findall(text) if f in defined_in}
        needs[name] = frozenset(included | called)
    return needs


@cache
def _definitions(folders: tuple[str, ...]) -> Mapping[str, str]:
    """Function to the file that defines it, as written, with a macro or with an included body."""
    sources = {name: content.decode() for name, content in _sources(folders).items() if name.endswith(".c")}
    return {
        function: name
        for name, text in sources.items()
        for pattern in (_DEFINITION, _MADE_BY_MACRO, _MADE_BY_BODY)
        for function in pattern.findall(text)
    }
