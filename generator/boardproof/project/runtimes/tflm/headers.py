"""Reads a TensorFlow Lite Micro library's own sources: which operators, registrations and types it implements.

Nothing is compiled. The patterns follow the layout that TensorFlow Lite Micro itself has had since 2022, which the
Arduino libraries made from it keep; only the suffix of the source files differs (.cc, .cpp).
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.graph import DType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MICRO = "tensorflow/lite/micro"
RESOLVER_HEADER = f"{MICRO}/micro_mutable_op_resolver.h"
ARENA_HEADER = f"{MICRO}/arena_allocator/single_arena_buffer_allocator.h"

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_METHOD = re.compile(r"TfLiteStatus\s+(Add\w+)\s*\(")
_BUILTIN = re.compile(r"AddBuiltin\(\s*BuiltinOperator_(\w+)")
_CUSTOM = re.compile(r'AddCustom\(\s*"([^"\\]+)"')
_VARIANT = re.compile(r"\bRegister_(\w+_(?:INT8|INT16|INT8_INT16))\s*\(\s*\)")
_KERNEL = re.compile(
    r"^\s*(?:const\s+)?(?:TfLite|TFLM)Registration\s*\*?\s+Register_(\w+)\s*\(\s*\)\s*\{", re.MULTILINE
)
_TYPE = re.compile(r"\bkTfLite(Float(?:16|32|64)|U?Int(?:4|8|16|32|64)|Bool)\b")
_SOURCE_SUFFIXES = frozenset({".c", ".cc", ".cpp"})


_FLOAT32_FACTOR = re.compile(r"static_cast<double>\(\s*(?:\w+->params\.scale|twice_max_input_scale)\s*[*/]")
"""A factor that is computed in float32 and widened afterwards; in double precision each scale is widened first."""
_FACTOR_SOURCES = {
    "DIV": f"{MICRO}/kernels/div",
    "LEAKY_RELU": f"{MICRO}/kernels/leaky_relu_common",
    "RELU": f"{MICRO}/kernels/activations_common",
    "SUB": f"{MICRO}/kernels/sub_common",
    "SVDF": f"{MICRO}/kernels/svdf_common",
}
"""Where an operator's factor is computed, without the suffix."""
_SHARED_FACTOR = "GetQuantizedConvolutionMultipler"
_SHARED_FACTOR_SOURCE = "tensorflow/lite/kernels/kernel_util"
_SHARED_FACTOR_USERS = {
    "BATCH_MATMUL": f"{MICRO}/kernels/batch_matmul",
    "FULLY_CONNECTED": f"{MICRO}/kernels/fully_connected_common",
}
_BIAS_SOURCES = {
    "CONV_2D": f"{MICRO}/kernels/conv_common",
    "DEPTHWISE_CONV_2D": f"{MICRO}/kernels/depthwise_conv_common",
    "SVDF": f"{MICRO}/kernels/svdf_common",
}
_FREES_BIAS = re.compile(r"(if\s*\([^)]*bias[^)]*\)\s*\{?\s*)?micro_context->DeallocateTempTfLiteTensor\(bias\)")
_ASKS_BIAS = re.compile(r"if\s*\(\s*bias->type")
_INT16_BIAS_SOURCES = {"TRANSPOSE_CONV": f"{MICRO}/kernels/transpose_conv"}
_REDUCTIONS = "tensorflow/lite/kernels/internal/reference/reduce.h"


@dataclass(frozen=True, slots=True)
class Roundings:
    """Where a library's arithmetic is not that of the pinned tflite_micro.

    Attributes:
        float32_factors: Operators whose rescaling factors it computes in float32, not in double precision.
        float_sums: Whether it computes MEAN and SUM of integers in floating point.
        truncated_means: Whether MEAN drops fractions where input and output have the same quantization.
    """

    float32_factors: frozenset[str] = frozenset()
    float_sums: bool = False
    truncated_means: bool = False


@dataclass(frozen=True, slots=True)
class AddMethod:
    """A method of the resolver. `takes_registration`: whether it accepts a more specific kernel than the default."""

    name: str
    takes_registration: bool = False


@dataclass(frozen=True, slots=True)
class ResolverMethods:
    """The resolver's methods: of builtin operators by TensorFlow Lite's name, of custom ones by their own."""

    builtin: Mapping[str, AddMethod]
    custom: Mapping[str, AddMethod]


def find_sources(folder: Path) -> Path | None:
    """The directory inside a library below which `tensorflow/lite/micro` lies, or None."""
    return next((root for root in (folder / "src", folder) if (root / RESOLVER_HEADER).is_file()), None)


def resolver_methods(sources: Path) -> ResolverMethods:
    """Which operators the library's resolver can add."""
    text = _read(sources / RESOLVER_HEADER)
    matches = list(_METHOD.finditer(text))
    ends = [match.start() for match in matches[1:]] + [len(text)]
    builtin: dict[str, AddMethod] = {}
    custom: dict[str, AddMethod] = {}
    for match, end in zip(matches, ends, strict=True):
        signature, _, body = text[match.end() : end].partition("{")
        method = AddMethod(match[1], takes_registration="registration" in signature and "=" in signature)
        if method.name in {"AddBuiltin", "AddCustom"}:
            continue
        if opcode := _BUILTIN.search(body):
            builtin[opcode[1]] = method
        elif name := _CUSTOM.search(body):
            custom[name[1]] = method
    return ResolverMethods(builtin, custom)


def kernel_variants(sources: Path) -> Mapping[str, str]:
    """Registrations for particular types the library declares, such as CONV_2D_INT8, and the header of each."""
    kernels = sources / MICRO / "kernels"
    return {
        name: header.relative_to(sources).as_posix()
        for header in sorted(kernels.glob("*.h"))
        for name in _VARIANT.findall(_read(header))
    }


def kernel_types(sources: Path) -> Mapping[str, frozenset[DType]]:
    """The element types each operator's kernel mentions; operators whose kernel mentions none are left out.

    A kernel dispatches on the type, so one that it does not mention it does not implement. The reverse does not hold:
    a type may be mentioned for another of the operator's tensors.
    """
    types = {opcode: types_in(text) for opcode, text in operator_sources(sources).items()}
    return {opcode: frozenset(found) for opcode, found in types.items() if found}


def operator_sources(sources: Path) -> Mapping[str, str]:
    """The text, without comments, of the kernels that implement each operator, what they share with others included."""
    files = {path: _read(path) for path in _kernel_sources(sources)}
    shared: dict[str, str] = defaultdict(str)
    for path, text in files.items():
        if path.stem.endswith("_common"):
            shared[path.stem.removesuffix("_common")] += text
    texts: dict[str, str] = defaultdict(str)
    for path, text in files.items():
        for opcode in _KERNEL.findall(text):
            texts[opcode] += text + shared[path.stem.removesuffix("_common")]
    return texts


def has_cmsis_nn(sources: Path) -> bool:
    """Whether the library's kernels call CMSIS-NN."""
    folder = sources / MICRO / "kernels" / "cmsis_nn"
    return folder.is_dir() and any(path.suffix in _SOURCE_SUFFIXES for path in folder.iterdir())


def knows_per_channel_fully_connected(sources: Path) -> bool:
    """Whether FULLY_CONNECTED looks at more than the first scale of its weights."""
    return any(
        "is_per_channel" in _read(path) for path in _kernel_sources(sources) if path.stem.startswith("fully_connected")
    )


def operators_that_need_bias(sources: Path) -> frozenset[str]:
    """Operators whose kernels follow the null pointer, on the board, where a model leaves out the bias.

    TRANSPOSE_CONV only does with int16 data.
    """
    freed = {
        opcode
        for opcode, stem in _BIAS_SOURCES.items()
        if any(match[1] is None for match in _FREES_BIAS.finditer(source_text(sources, stem)))
    }
    asked = {op for op, stem in _INT16_BIAS_SOURCES.items() if _ASKS_BIAS.search(source_text(sources, stem))}
    return frozenset(freed | asked)


def roundings(sources: Path) -> Roundings:
    """Where the library rounds otherwise than tflite_micro, by how its sources compute factors, means and sums."""
    factors = {opcode for opcode, stem in _FACTOR_SOURCES.items() if _FLOAT32_FACTOR.search(source_text(sources, stem))}
    if _FLOAT32_FACTOR.search(source_text(sources, _SHARED_FACTOR_SOURCE)):
        factors |= {op for op, stem in _SHARED_FACTOR_USERS.items() if _SHARED_FACTOR in source_text(sources, stem)}
    reductions = sources / _REDUCTIONS
    return Roundings(
        frozenset(factors),
        float_sums=reductions.is_file() and "float_mean" in _read(reductions),
        truncated_means="Mean<integer_type" in source_text(sources, f"{MICRO}/kernels/reduce_common"),
    )


def source_text(sources: Path, stem: str) -> str:
    """A source file's text without comments, whichever suffix it has; "" when there is none."""
    found = (sources / f"{stem}{suffix}" for suffix in sorted(_SOURCE_SUFFIXES))
    return next((_read(path) for path in found if path.is_file()), "")


def header_text(sources: Path, name: str) -> str:
    """A header's text without comments; "" when there is none."""
    path = sources / name
    return _read(path) if path.is_file() else ""


def library_identity(folder: Path) -> tuple[str, str]:
    """The name and version a library gives itself in library.properties, or its folder's name and "unknown"."""
    properties = folder / "library.properties"
    values = dict(_properties(properties)) if properties.is_file() else {}
    return values.get("name") or folder.name, values.get("version") or "unknown"


def _properties(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        key, equals, value = line.partition("=")
        if equals:
            yield key.strip(), value.strip()


def _kernel_sources(sources: Path) -> Iterator[Path]:
    """The kernels that are built for a Cortex-M: the generic ones and CMSIS-NN's."""
    kernels = sources / MICRO / "kernels"
    for folder in (kernels, kernels / "cmsis_nn"):
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if path.suffix in _SOURCE_SUFFIXES)


def types_in(text: str) -> set[DType]:
    """The element types a piece of source mentions."""
    return {DType(name.lower()) for name in _TYPE.findall(text)}


def _read(path: Path) -> str:
    return _COMMENT.sub(" ", path.read_text(encoding="utf-8", errors="replace"))
