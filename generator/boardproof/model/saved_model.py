"""Looks into a SavedModel before TensorFlow runs any of it: loading one executes its initialisation graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

_FORBIDDEN = frozenset(
    {
        "EagerPyFunc",
        "MatchingFiles",
        "PyFunc",
        "PyFuncStateless",
        "ReadFile",
        "RemoteCall",
        "WriteAudioSummary",
        "WriteFile",
        "WriteGraphSummary",
        "WriteImageSummary",
        "WriteRawProtoSummary",
        "WriteScalarSummary",
        "WriteSummary",
    }
)
"""Operations that reach outside the graph: the file system, the network, Python."""


def check_saved_model(path: Path) -> None:
    """Raises InputError when a SavedModel directory holds an operation that reaches outside its graph."""
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    try:
        model = SavedModel.FromString((path / "saved_model.pb").read_bytes())
    except (DecodeError, OSError) as error:
        raise InputError(
            f"{path.name}/saved_model.pb is damaged or cannot be read.", "Copy or save the model again.", str(error)
        ) from error
    found = sorted(_FORBIDDEN & set(_operations(model)))
    if found:
        raise InputError(
            f"The SavedModel {path.name} contains {', '.join(found)}, which reaches outside the model; it is not run.",
            "Export the model for inference only, without input pipelines, logging or Python functions.",
        )


def _operations(model: SavedModel) -> Iterator[str]:
    for meta_graph in model.meta_graphs:
        yield from (node.op for node in meta_graph.graph_def.node)
        for function in meta_graph.graph_def.library.function:
            yield from (node.op for node in function.node_def)
