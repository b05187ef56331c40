"""Whether the shapes in a graph fit its operators, so that generated code never leaves a tensor.

The interpreters check this when they prepare a model; code compiled ahead of time has no such moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boardproof.errors import InputError
from boardproof.model.graph import (
    AddN,
    ArgExtremum,
    AssignVariable,
    AveragePool2D,
    BatchMatMul,
    BatchToSpaceNd,
    Binary,
    BroadcastArgs,
    BroadcastTo,
    CallOnce,
    Cast,
    Compare,
    Concatenation,
    Conv2D,
    CumSum,
    DepthToSpace,
    DepthwiseConv2D,
    Dequantize,
    DynamicUpdateSlice,
    EmbeddingLookup,
    ExpandDims,
    Fill,
    FullyConnected,
    Gather,
    GatherNd,
    L2Normalization,
    LeakyRelu,
    LogSoftmax,
    MaxPool2D,
    MirrorPad,
    Pack,
    Pad,
    PadV2,
    Prelu,
    Quantize,
    ReadVariable,
    Reduce,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    ReverseV2,
    Select,
    SequenceLstm,
    Shape,
    Slice,
    Softmax,
    SpaceToBatchNd,
    SpaceToDepth,
    Split,
    SplitV,
    Squeeze,
    StridedSlice,
    Svdf,
    Transpose,
    TransposeConv,
    Unary,
    Unpack,
    Unsupported,
    VarHandle,
    ZerosLike,
)
from boardproof.model.operators.signal import (
    SignalDelay,
    SignalEnergy,
    SignalFftAutoScale,
    SignalFilterBank,
    SignalFilterBankLog,
    SignalFilterBankSpectralSubtraction,
    SignalFilterBankSquareRoot,
    SignalFramer,
    SignalIrfft,
    SignalOverlapAdd,
    SignalPcan,
    SignalRfft,
    SignalStacker,
    SignalWindow,
)
from boardproof.model.shapes.axes import fit_arg_extremum, fit_reduction
from boardproof.model.shapes.elementwise import fit_select, fit_sum
from boardproof.model.shapes.movement import (
    fit_batches,
    fit_broadcast_args,
    fit_broadcast_to,
    fit_depth_to_space,
    fit_expand_dims,
    fit_fill,
    fit_mirror_pad,
    fit_pad,
    fit_pad_v2,
    fit_reshape,
    fit_resize,
    fit_reverse,
    fit_shape,
    fit_space_to_depth,
    fit_squeeze,
    fit_transpose,
)
from boardproof.model.shapes.products import fit_batch_matmul, fit_cumsum, fit_transpose_conv
from boardproof.model.shapes.rules import Fit, MisfitError, broadcast, constant_ints, same_shape, window_output
from boardproof.model.shapes.selection import (
    fit_concatenation,
    fit_embedding_lookup,
    fit_gather,
    fit_gather_nd,
    fit_pack,
    fit_slice,
    fit_split,
    fit_split_v,
    fit_strided_slice,
    fit_unpack,
    fit_update_slice,
)
from boardproof.model.shapes.signal import (
    fit_auto_scale,
    fit_channels,
    fit_delay,
    fit_energy,
    fit_filter_bank,
    fit_framer,
    fit_irfft,
    fit_overlap_add,
    fit_pcan,
    fit_rfft,
    fit_signal_window,
    fit_spectral_subtraction,
    fit_square_root,
    fit_stacker,
)
from boardproof.model.shapes.state import fit_lstm, fit_nothing, fit_svdf
from boardproof.model.shapes.windows import fit_convolution, fit_fully_connected, fit_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boardproof.model.graph import Graph, Operator

__all__ = ["RULES", "check_fit", "check_shapes", "constant_ints", "window_output"]

RULES: Mapping[type[Operator], Callable[[Any, Fit], None]] = {
    AddN: fit_sum,
    ArgExtremum: fit_arg_extremum,
    AssignVariable: fit_nothing,
    AveragePool2D: fit_pool,
    BatchMatMul: fit_batch_matmul,
    BatchToSpaceNd: fit_batches,
    Binary: broadcast,
    BroadcastArgs: fit_broadcast_args,
    BroadcastTo: fit_broadcast_to,
    CallOnce: fit_nothing,
    Cast: same_shape,
    Compare: broadcast,
    Concatenation: fit_concatenation,
    Conv2D: fit_convolution,
    CumSum: fit_cumsum,
    DepthToSpace: fit_depth_to_space,
    DepthwiseConv2D: fit_convolution,
    Dequantize: same_shape,
    EmbeddingLookup: fit_embedding_lookup,
    ExpandDims: fit_expand_dims,
    Fill: fit_fill,
    FullyConnected: fit_fully_connected,
    Gather: fit_gather,
    DynamicUpdateSlice: fit_update_slice,
    GatherNd: fit_gather_nd,
    L2Normalization: same_shape,
    LeakyRelu: same_shape,
    LogSoftmax: same_shape,
    MaxPool2D: fit_pool,
    MirrorPad: fit_mirror_pad,
    Pack: fit_pack,
    Pad: fit_pad,
    PadV2: fit_pad_v2,
    Prelu: broadcast,
    Quantize: same_shape,
    ReadVariable: fit_nothing,
    Reduce: fit_reduction,
    Reshape: fit_reshape,
    ResizeBilinear: fit_resize,
    ResizeNearestNeighbor: fit_resize,
    ReverseV2: fit_reverse,
    Select: fit_select,
    SequenceLstm: fit_lstm,
    Shape: fit_shape,
    SignalDelay: fit_delay,
    SignalEnergy: fit_energy,
    SignalFftAutoScale: fit_auto_scale,
    SignalFilterBank: fit_filter_bank,
    SignalFilterBankLog: fit_channels,
    SignalFilterBankSpectralSubtraction: fit_spectral_subtraction,
    SignalFilterBankSquareRoot: fit_square_root,
    SignalFramer: fit_framer,
    SignalIrfft: fit_irfft,
    SignalOverlapAdd: fit_overlap_add,
    SignalPcan: fit_pcan,
    SignalRfft: fit_rfft,
    SignalStacker: fit_stacker,
    SignalWindow: fit_signal_window,
    Slice: fit_slice,
    Softmax: same_shape,
    SpaceToBatchNd: fit_batches,
    SpaceToDepth: fit_space_to_depth,
    Split: fit_split,
    SplitV: fit_split_v,
    Squeeze: fit_squeeze,
    StridedSlice: fit_strided_slice,
    Svdf: fit_svdf,
    Transpose: fit_transpose,
    TransposeConv: fit_transpose_conv,
    Unary: same_shape,
    Unpack: fit_unpack,
    VarHandle: fit_nothing,
    ZerosLike: same_shape,
}
"""What must hold for each kind of operator; each raises MisfitError when it does not."""


def check_shapes(graph: Graph) -> None:
    """Raises InputError when an operator's tensors do not fit each other.

    Operators whose shapes are only known at run time are left out: preflight reports those.
    """
    for operator in graph.operators:
        if not isinstance(operator, Unsupported) and not _is_dynamic(graph, operator):
            check_fit(graph, operator)


def check_fit(graph: Graph, operator: Operator) -> None:
    """The same of one operator that is not `Unsupported`."""
    inputs = tuple(graph.tensors[i] for i in operator.inputs if i >= 0)
    outputs = tuple(graph.tensors[i] for i in operator.outputs)
    try:
        RULES[type(operator)](operator, Fit(inputs, outputs))
    except MisfitError as misfit:
        raise InputError(
            f"The .tflite file is not valid: in operator {operator.index} ({operator.name}), {misfit}.",
            "Convert the model again with a current TensorFlow; if it came from another tool, report it there.",
        ) from misfit


def _is_dynamic(graph: Graph, operator: Operator) -> bool:
    """Whether a size other than the batch is open."""
    used = [graph.tensors[i] for i in (*operator.inputs, *operator.outputs) if i >= 0]
    return any(axis > 0 for tensor in used for axis in tensor.dynamic_axes)
