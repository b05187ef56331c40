"""Reads a Keras model's configuration before Keras does: whether loading it would run code.

Keras's safe mode covers Lambda layers in its own files, but not every loader honours it, and a configuration can name
any class or function of any module. Only what is certain to be Keras's own passes.
"""

from __future__ import annotations

import builtins
import json
import re
from typing import TYPE_CHECKING, Any

from boardproof.errors import InputError
from boardproof.model.labels import safe_label

if TYPE_CHECKING:
    from collections.abc import Iterator

_KERAS_MODULES = re.compile(
    r"(tf_keras|keras|keras_core|tensorflow\.keras|tensorflow\.python\.keras)(\.src|\.api|\.v2)?"
    r"(\.(activations|constraints|engine|initializers|layers|losses|metrics|models|ops|optimizers|quantizers|regularizers"
    r"|dtype_policies|mixed_precision|random)(\.\w+)*)?|builtins"
)
"""Modules a configuration may name. Not keras.utils and the like, whose functions read and write files."""

_TENSORFLOW_CALLS = re.compile(
    r"(math|nn|linalg|image|__operators__|keras\.backend|compat\.v1\.(nn|math))\.[\w.]+"
    r"|(compat\.v1\.)?(abs|add|cast|clip_by_value|concat|divide|expand_dims|identity|maximum|minimum|multiply|ones_like"
    r"|pad|reduce_\w+|repeat|reshape|reverse|round|shape|slice|split|squeeze|stack|strided_slice|subtract|tile|transpose"
    r"|unstack|where|zeros_like)"
)
"""TensorFlow functions that a Keras 2 model may call as a layer: arithmetic on tensors, no files and no Python."""

_CODE_CLASSES = frozenset({"Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"})
"""Classes that hold Python code, or load it from another file."""

_CALL_CLASSES = frozenset({"TFOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty", "TensorFlowOpLayer"})
"""Classes that call whatever their configuration names."""

_TRAINING_KEYS = frozenset({"compile_config", "training_config"})

EXPORT = (
    'Where that code is, model.export("folder") writes the model without it: give that folder. Or build the model from '
    "Keras's own layers."
)
"""What to do about classes that are not Keras's."""

_SHORTER_BY_TF_KERAS = frozenset({"Embedding", "TimeDistributed", "UpSampling2D"})
_ONLY_BY_KERAS_3 = frozenset({"UpSampling1D"})
"""docs/decisions/0023 has the comparison."""

_KERAS_3 = 3
_MAX_NESTING = 200


def is_legacy(keras_version: str) -> bool:
    """Whether Keras 2 or older wrote a file, by the version in it; files that do not say are older still."""
    major = re.match(r"\d+", keras_version)
    return major is None or int(major[0]) < _KERAS_3


def shorter_by_tf_keras(model: Any) -> tuple[str, ...]:  # noqa: ANN401 an untyped Keras model
    """The classes of layers for which tf-keras is the better converter; none where another layer needs Keras 3."""
    classes = {type(layer).__name__ for layer in model._flatten_layers(include_self=False)}
    return () if classes & _ONLY_BY_KERAS_3 else tuple(sorted(classes & _SHORTER_BY_TF_KERAS))


def is_newer(written: str, here: str) -> bool:
    """Whether a file's version of Keras is after the one that is installed."""
    return _version(written) > _version(here)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def check_config(text: str | bytes, source: str) -> None:
    """Checks that loading a model runs no code but Keras's own.

    Args:
        text: The JSON text of the model's configuration.
        source: How messages name the file.

    Raises:
        InputError: when it is not valid, has a Lambda layer, or names a class or function that is not Keras's own.
    """
    try:
        parts = list(_parts(json.loads(text), 0))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"The model configuration in {source} is not valid: {safe_label(str(error))}.", "Save the model again."
        ) from error
    for part in parts:
        _check_part(part, source)


def _parts(node: object, depth: int) -> Iterator[dict[str, object]]:
    """Every object of a configuration that says its class, outside what only training needs."""
    if depth > _MAX_NESTING:
        raise ValueError("it is nested too deeply")
    if isinstance(node, dict):
        if isinstance(node.get("class_name"), str):
            yield node
        for key, value in node.items():
            if key not in _TRAINING_KEYS:
                yield from _parts(value, depth + 1)
    elif isinstance(node, list):
        for value in node:
            yield from _parts(value, depth + 1)


def _check_part(part: dict[str, object], source: str) -> None:
    class_name = str(part["class_name"])
    if class_name in _CODE_CLASSES:
        raise InputError(
            f"The layer {_name(part)} in {source} is a {safe_label(class_name)}: it holds code, which is not run.",
            "Replace it by Keras layers (Rescaling, Reshape, Activation, …), or give the folder that "
            'model.export("folder") writes where the model was made.',
        )
    if class_name in _CALL_CLASSES and not _is_arithmetic(part):
        raise InputError(
            f"The layer {_name(part)} in {source} calls a function that may do more than arithmetic; it is not run.",
            "Replace it by a Keras layer, or convert the model to .tflite yourself.",
        )
    if _is_foreign(part):
        raise InputError(
            f"{source} needs {safe_label(class_name)}, which is not part of Keras; other packages' code is not run.",
            EXPORT,
        )


def _is_arithmetic(part: dict[str, object]) -> bool:
    config = part.get("config")
    function = config.get("function") if isinstance(config, dict) else None
    return isinstance(function, str) and _TENSORFLOW_CALLS.fullmatch(function) is not None


def _is_foreign(part: dict[str, object]) -> bool:
    """Whether a class or function is registered by, or imported from, something other than Keras."""
    module, registered = part.get("module"), part.get("registered_name")
    if module is None:
        return registered is not None
    if module == "builtins" and str(part.get("config")) in vars(builtins):
        return True  # Keras writes its own functions so, as "relu"; Python's would be found too
    return not isinstance(module, str) or _KERAS_MODULES.fullmatch(module) is None


def _name(part: dict[str, object]) -> str:
    config = part.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    return f'"{safe_label(str(name or part["class_name"]))}"'
