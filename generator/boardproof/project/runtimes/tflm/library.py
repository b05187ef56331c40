"""The TensorFlow Lite Micro library a project uses: how to depend on it, and what it can do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.errors import InputError, ToolError
from boardproof.project.runtimes.interpreted import CUSTOM_METHODS, METHODS
from boardproof.project.runtimes.tflm import facts as tflm_facts
from boardproof.project.runtimes.tflm.element_types import output_types
from boardproof.project.runtimes.tflm.headers import (
    ARENA_HEADER,
    MICRO,
    AddMethod,
    Roundings,
    find_sources,
    has_cmsis_nn,
    kernel_types,
    kernel_variants,
    knows_per_channel_fully_connected,
    library_identity,
    operators_that_need_bias,
    resolver_methods,
    roundings,
)
from boardproof.project.runtimes.tflm.limits import Limits, limits
from boardproof.project.runtimes.tflm.slips import Slips, slips

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.graph import DType

DEFAULT_SPEC = "spaziochirale/Chirale_TensorFLowLite@^2.0.0"
TWO_WAYS_ON = (
    "Either give a copy of a TensorFlow Lite Micro library with --tflm-lib PATH, "
    "or compile the model without one: --runtime aot."
)
LOCAL_PREFIXES = ("symlink://", "file://")
"""How specs of libraries on this machine begin."""
_VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){0,3}")
_PATH_STARTS = ("/", "./", "../", "~")


@dataclass(frozen=True, slots=True)
class TflmLibrary:
    """A TensorFlow Lite Micro library.

    Attributes:
        spec: What PlatformIO's `lib_deps` gets.
        name: What the library calls itself.
        version: Its version, or "unknown".
        kernels: "cmsis-nn" or "reference".
        methods: The resolver's method for each builtin operator, by TensorFlow Lite's name.
        custom_methods: The same for custom operators, by their own name.
        variants: Registrations for particular types, such as CONV_2D_INT8, and the header that declares each.
        kernel_types: Element types each operator's kernel dispatches on; absent when it dispatches on none.
        output_types: Element types that operators which choose their output's give; absent when not known.
        operator_versions: The newest version of each operator when the library was made; empty when not known.
        per_channel_fully_connected: Whether FULLY_CONNECTED uses more than the first scale of its weights.
        needs_bias: Operators that crash where the optional bias is absent.
        roundings: Where its arithmetic is not the oracle's.
        limits: What it fails on, though the oracle runs it.
        slips: What it computes wrongly.
        inspected: Whether all this was read from the library itself, rather than known of version 2.0.0 of the default.
    """

    spec: str
    name: str
    version: str
    kernels: str
    methods: Mapping[str, AddMethod] = field(repr=False)
    custom_methods: Mapping[str, AddMethod] = field(repr=False)
    variants: Mapping[str, str] = field(repr=False)
    kernel_types: Mapping[str, frozenset[DType]] = field(repr=False)
    output_types: Mapping[str, frozenset[DType]] = field(repr=False)
    operator_versions: Mapping[str, int] = field(repr=False)
    per_channel_fully_connected: bool
    needs_bias: frozenset[str]
    roundings: Roundings
    limits: Limits = field(repr=False)
    slips: Slips
    inspected: bool

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"

    def method(self, opcode: str, *, is_custom: bool) -> AddMethod | None:
        """How the resolver adds an operator, or None when the library has no such operator."""
        return (self.custom_methods if is_custom else self.methods).get(opcode)


def resolve_library(spec: str | None) -> TflmLibrary:
    """The library behind a `--tflm-lib` option; None is the default one.

    A local folder is read; of anything else nothing is known before PlatformIO has installed it, so it is taken to be
    like the default library. Touches no network.

    Raises:
        InputError: when the spec is a path with no library at it, or cannot stand in an ini file.
    """
    if spec is None:
        return _assumed(DEFAULT_SPEC)
    _check_text(spec)
    folder = local_folder(spec)
    return _assumed(spec) if folder is None else inspect_library(folder)


def local_folder(spec: str) -> Path | None:
    """The folder a spec names, absolute, or None when it names a package, an archive or a repository.

    Raises:
        InputError: when it is written as a path and nothing is there.
    """
    prefix = next((prefix for prefix in LOCAL_PREFIXES if spec.startswith(prefix)), "")
    path = Path(spec.removeprefix(prefix)).expanduser()
    if path.is_dir():
        return path.resolve()
    if path.is_file() and not prefix.startswith("symlink"):
        return None
    if prefix or spec.startswith(_PATH_STARTS):
        raise InputError(f"There is no TensorFlow Lite Micro library at {path}.", TWO_WAYS_ON)
    return None


def inspect_library(folder: Path, spec: str | None = None) -> TflmLibrary:
    """Reads a library's own sources.

    Args:
        folder: Where the library is.
        spec: What to depend on; by default the folder itself.

    Raises:
        InputError: when the folder holds no TensorFlow Lite Micro, or one from before 2022.
    """
    sources = find_sources(folder)
    if sources is None:
        raise InputError(
            f"{folder} is not a TensorFlow Lite Micro library: it has no {MICRO}/micro_mutable_op_resolver.h, "
            "neither in src/ nor beside it.",
            TWO_WAYS_ON,
        )
    if not (sources / ARENA_HEADER).is_file():
        raise InputError(
            f"The TensorFlow Lite Micro library in {folder} is too old: it has no {ARENA_HEADER}, which came in 2022.",
            f"Use a newer library, such as {DEFAULT_SPEC}. {TWO_WAYS_ON}",
        )
    name, version = library_identity(folder)
    methods = resolver_methods(sources)
    return TflmLibrary(
        spec=spec or f"symlink://{folder}",
        name=name,
        version=version,
        kernels="cmsis-nn" if has_cmsis_nn(sources) else "reference",
        methods=methods.builtin,
        custom_methods=methods.custom,
        variants=kernel_variants(sources),
        kernel_types=kernel_types(sources),
        output_types=output_types(sources),
        operator_versions=_operator_versions(name, version),
        per_channel_fully_connected=knows_per_channel_fully_connected(sources),
        needs_bias=operators_that_need_bias(sources),
        roundings=roundings(sources),
        limits=limits(sources),
        slips=slips(sources),
        inspected=True,
    )


def library_unavailable(spec: str, reason: str) -> ToolError:
    """The error when PlatformIO could not get the library. `reason` is what it said."""
    return ToolError(f"PlatformIO could not get the TensorFlow Lite Micro library {spec}.", TWO_WAYS_ON, reason)


def _assumed(spec: str) -> TflmLibrary:
    """What is taken for granted of a library nobody can look into yet.

    Registrations for particular types only of the default library: if another one lacks them, nothing compiles.
    """
    is_default = tflm_facts.NAME.lower() in spec.lower()
    variants = {
        variant: f"{MICRO}/kernels/{header}.h" for header, names in tflm_facts.VARIANTS.items() for variant in names
    }
    return TflmLibrary(
        spec=spec,
        name=tflm_facts.NAME if is_default else spec,
        version=spec.partition("@")[2] or "unknown",
        kernels="cmsis-nn" if is_default else "unknown",
        methods={
            opcode: AddMethod(name, takes_registration=opcode in tflm_facts.TAKES_REGISTRATION)
            for opcode, name in METHODS.items()
        },
        custom_methods={opcode: AddMethod(name) for opcode, name in CUSTOM_METHODS.items()},
        variants=variants if is_default else {},
        kernel_types=tflm_facts.KERNEL_TYPES,
        output_types=tflm_facts.OUTPUT_TYPES if is_default else {},
        operator_versions=tflm_facts.OPERATOR_VERSIONS if is_default else {},
        per_channel_fully_connected=False,
        needs_bias=tflm_facts.NEEDS_BIAS if is_default else frozenset(),
        roundings=tflm_facts.ROUNDINGS if is_default else Roundings(),
        limits=tflm_facts.LIMITS if is_default else Limits(),
        slips=tflm_facts.SLIPS if is_default else Slips(),
        inspected=False,
    )


def _operator_versions(name: str, version: str) -> Mapping[str, int]:
    """Those in the table where the library is the table's or an older one of that name, else nothing."""
    if name != tflm_facts.NAME or not _VERSION.fullmatch(version):
        return {}
    return tflm_facts.OPERATOR_VERSIONS if _numbers(version) <= _numbers(tflm_facts.VERSION) else {}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _check_text(spec: str) -> None:
    """A spec becomes a line of platformio.ini, where some characters mean something else."""
    if (
        not spec.strip()
        or not spec.isprintable()
        or "${" in spec
        or " ;" in spec
        or spec.lstrip().startswith((";", "#"))
    ):
        raise InputError(
            f"--tflm-lib {spec!r} cannot be written to platformio.ini.",
            f"Give a PlatformIO library spec such as {DEFAULT_SPEC}, a Git URL, or a folder.",
        )
