"""What the tests of the tflm runtime share: small models, a make-believe library, and where a real one is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from boardproof.model.tflite.reader import read_tflite
from support.flatbuffer_models import ModelBuilder

if TYPE_CHECKING:
    from boardproof.model.graph import Graph

LIBRARY_VARIABLE = "BOARDPROOF_TFLM_LIB"


def real_library() -> Path:
    """A copy of a TensorFlow Lite Micro library; skips the test when there is none."""
    folder = os.environ.get(LIBRARY_VARIABLE, "")
    if not folder:
        pytest.skip(f"{LIBRARY_VARIABLE} does not name a TensorFlow Lite Micro library")
    return Path(folder)


def dense_model(
    *,
    weights_dtype: str = "int8",
    data_dtype: str = "int8",
    per_channel: bool = False,
    name: str | bytes | None = None,
    version: int = 4,
    shape_signature: tuple[int, ...] | None = None,
    batch: int = 1,
) -> bytes:
    """FULLY_CONNECTED 8 to 4, then RELU6-free SOFTMAX, with the flaw a test asks for."""
    rng = np.random.default_rng(0)
    builder = ModelBuilder()
    scaled = data_dtype != "float32"
    x = builder.add_tensor(
        (batch, 8), data_dtype, scale=0.5 if scaled else None, name=name, shape_signature=shape_signature
    )
    values = rng.integers(-100, 100, (4, 8))
    scales = [0.01 * (i + 1) for i in range(4)] if per_channel else 0.02
    w = builder.add_tensor((4, 8), weights_dtype, scale=None if weights_dtype == "float16" else scales, data=values)
    y = builder.add_tensor((batch, 4), data_dtype, scale=0.25 if scaled else None)
    builder.add_operator("FULLY_CONNECTED", [x, w, -1], [y], version=version)
    p = builder.add_tensor((batch, 4), data_dtype, scale=1 / 256 if scaled else None, zero_point=-128 if scaled else 0)
    builder.add_operator("SOFTMAX", [y], [p], version=2, beta=1.0)
    return builder.build([x], [p])


def biased_model(sums: list[int], *, scales: tuple[float, float, float], dtype: str = "int8") -> bytes:
    """FULLY_CONNECTED whose accumulators are these sums, whatever the input: the weights are all zero.

    `scales`: of input, weights and output.
    """
    builder = ModelBuilder()
    data, weights, output = (float(np.float32(scale)) for scale in scales)
    x = builder.add_tensor((1, 2), dtype, scale=data)
    w = builder.add_tensor((len(sums), 2), scale=weights, data=np.zeros((len(sums), 2), np.int8))
    b = builder.add_tensor((len(sums),), "int32" if dtype == "int8" else "int64", scale=data * weights, data=sums)
    y = builder.add_tensor((1, len(sums)), dtype, scale=output)
    builder.add_operator("FULLY_CONNECTED", [x, w, b], [y], version=4)
    return builder.build([x], [y])


def reduction_model(
    opcode: str, *, output_scale: float, zero_point: int = 0, reduced: tuple[int, ...] = (1, 2)
) -> bytes:
    """A reduction of int8 over some axes of a 2x2 image with 8 channels; the input's scale is 0.5."""
    builder = ModelBuilder()
    shape = (1, 2, 2, 8)
    x = builder.add_tensor(shape, scale=0.5)
    axes = builder.add_tensor((len(reduced),), "int32", data=reduced)
    kept = [size for axis, size in enumerate(shape) if axis not in reduced]
    y = builder.add_tensor(kept, scale=output_scale, zero_point=zero_point)
    builder.add_operator(opcode, [x, axes], [y], version=2, keep_dims=False)
    return builder.build([x], [y])


def pooled_model() -> bytes:
    """The mean of an int8 image in the image's own quantization, and a dense layer with weights of 1 behind it."""
    builder = ModelBuilder()
    x, mean = builder.add_tensor((1, 4, 4, 8), scale=0.5), builder.add_tensor((1, 8), scale=0.5)
    builder.add_operator("MEAN", [x, builder.add_tensor((2,), "int32", data=[1, 2])], [mean], version=2)
    w = builder.add_tensor((2, 8), scale=1.0, data=np.ones((2, 8), np.int8))
    y = builder.add_tensor((1, 2), scale=0.5)
    builder.add_operator("FULLY_CONNECTED", [mean, w, -1], [y], version=4)
    return builder.build([x], [y])


def elementwise_model(opcode: str, first: tuple[int, ...], second: tuple[int, ...] | None = None) -> bytes:
    """An operator of one int8 tensor, or of two."""
    builder = ModelBuilder()
    inputs = [builder.add_tensor(shape, scale=0.5) for shape in (first, second) if shape is not None]
    y = builder.add_tensor(np.broadcast_shapes(first, second or ()), scale=0.5)
    builder.add_operator(opcode, inputs, [y])
    return builder.build(inputs, [y])


def floor_div_model(*, also_at_one: bool = False) -> bytes:
    """x // y in float32, which has no result where y is 0; or x // (y * (y - 1)), which has none at 1 either."""
    builder = ModelBuilder()
    x, y, quotient = (builder.add_tensor((1, 4), "float32") for _ in range(3))
    divisor = y
    if also_at_one:
        one = builder.add_tensor((1, 4), "float32", data=np.ones((1, 4), np.float32))
        less, divisor = (builder.add_tensor((1, 4), "float32") for _ in range(2))
        builder.add_operator("SUB", [y, one], [less])
        builder.add_operator("MUL", [y, less], [divisor])
    builder.add_operator("FLOOR_DIV", [x, divisor], [quotient])
    return builder.build([x, y], [quotient])


def gather_nd_model() -> bytes:
    """RELU, and two rows of what it gives."""
    builder = ModelBuilder()
    x, positive = (builder.add_tensor((4, 4), scale=0.5) for _ in range(2))
    builder.add_operator("RELU", [x], [positive])
    indices = builder.add_tensor((2, 1), "int32", data=[[1], [3]])
    y = builder.add_tensor((2, 4), scale=0.5)
    builder.add_operator("GATHER_ND", [positive, indices], [y])
    return builder.build([x], [y])


def choice_model(shape: tuple[int, ...]) -> bytes:
    """The larger of two tensors, by GREATER and SELECT_V2."""
    builder = ModelBuilder()
    a, b, y = (builder.add_tensor(shape, scale=0.5) for _ in range(3))
    is_larger = builder.add_tensor(shape, "bool")
    builder.add_operator("GREATER", [a, b], [is_larger])
    builder.add_operator("SELECT_V2", [is_larger, a, b], [y])
    return builder.build([a, b], [y])


def softmax_model(scale: float, *, beta: float = 1.0) -> bytes:
    """SOFTMAX of int8 with this input scale."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 8), scale=scale)
    y = builder.add_tensor((1, 8), scale=1 / 256, zero_point=-128)
    builder.add_operator("SOFTMAX", [x], [y], beta=beta)
    return builder.build([x], [y])


def log_softmax_model(scale: float) -> bytes:
    """LOG_SOFTMAX of int8 with this input scale."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 8), scale=scale)
    y = builder.add_tensor((1, 8), scale=16 / 256, zero_point=127)
    builder.add_operator("LOG_SOFTMAX", [x], [y])
    return builder.build([x], [y])


def svdf_without_bias() -> bytes:
    """SVDF with NO_TENSOR for its bias."""
    rng = np.random.default_rng(0)
    builder = ModelBuilder()
    x = builder.add_tensor((1, 4), scale=0.5)
    features = builder.add_tensor((4, 4), scale=0.1, data=rng.integers(-9, 9, (4, 4)))
    times = builder.add_tensor((4, 3), "int16", scale=0.01, data=rng.integers(-900, 900, (4, 3)))
    state = builder.add_tensor((1, 12), "int16", scale=0.5, is_variable=True)
    y = builder.add_tensor((1, 2), scale=0.5)
    builder.add_operator("SVDF", [x, features, times, -1, state], [y], rank=2, fused_activation_function="RELU")
    return builder.build([x], [y])


def grouped_conv_model(groups: int) -> bytes:
    """CONV_2D of a 3x3 image with 4 channels."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 3, 3, 4), scale=0.5)
    weights = np.random.default_rng(0).integers(-99, 99, (4, 2, 2, 4 // groups))
    w = builder.add_tensor(weights.shape, scale=[0.1] * 4, data=weights)
    b = builder.add_tensor((4,), "int32", scale=[0.05] * 4, data=[0, 9, -9, 0])
    y = builder.add_tensor((1, 2, 2, 4), scale=40.0)
    builder.add_operator("CONV_2D", [x, w, b], [y], version=3, padding="VALID", stride_w=1, stride_h=1)
    return builder.build([x], [y])


def pool_model(opcode: str, batch: int) -> bytes:
    """A pooling of 4x4 images to 2x2."""
    builder = ModelBuilder()
    x = builder.add_tensor((batch, 4, 4, 1), scale=0.5)
    y = builder.add_tensor((batch, 2, 2, 1), scale=0.5)
    window = {"stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2}
    builder.add_operator(opcode, [x], [y], padding="VALID", **window)
    return builder.build([x], [y])


def resize_model(size: tuple[int, int], **options: bool) -> bytes:
    """RESIZE_NEAREST_NEIGHBOR of a 4x4 image."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 4, 4, 1), scale=0.5)
    y = builder.add_tensor((1, *size, 1), scale=0.5)
    builder.add_operator("RESIZE_NEAREST_NEIGHBOR", [x, builder.add_tensor((2,), "int32", data=size)], [y], **options)
    return builder.build([x], [y])


def squares_model(dtype: str) -> bytes:
    """A tensor times itself."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 8), dtype, scale=0.5)
    y = builder.add_tensor((1, 8), dtype, scale=2.0)
    builder.add_operator("MUL", [x, x], [y])
    return builder.build([x], [y])


def transpose_conv_without_bias(dtype: str, activation: str = "NONE", zero_point: int = 0) -> bytes:
    """TRANSPOSE_CONV from 2x2 to 4x4 with three inputs."""
    builder = ModelBuilder()
    shape = builder.add_tensor((4,), "int32", data=[1, 4, 4, 1])
    w = builder.add_tensor((1, 2, 2, 1), scale=[0.1], data=[[[[1], [-2]], [[3], [4]]]])
    x = builder.add_tensor((1, 2, 2, 1), dtype, scale=0.5)
    y = builder.add_tensor((1, 4, 4, 1), dtype, scale=0.5, zero_point=zero_point)
    options = {"padding": "SAME", "stride_w": 2, "stride_h": 2, "fused_activation_function": activation}
    builder.add_operator("TRANSPOSE_CONV", [shape, w, x], [y], **options)
    return builder.build([x], [y])


def conv_model() -> bytes:
    """CONV_2D, MAX_POOL_2D and RESHAPE, all int8."""
    rng = np.random.default_rng(1)
    builder = ModelBuilder()
    x = builder.add_tensor((1, 6, 6, 1), scale=0.5, zero_point=3)
    w = builder.add_tensor((2, 3, 3, 1), scale=[0.01, 0.02], data=rng.integers(-127, 127, (2, 3, 3, 1)))
    b = builder.add_tensor((2,), "int32", scale=[0.005, 0.01], data=[10, -10])
    y = builder.add_tensor((1, 4, 4, 2), scale=0.25, zero_point=-1)
    builder.add_operator("CONV_2D", [x, w, b], [y], version=3, padding="VALID", stride_w=1, stride_h=1)
    z = builder.add_tensor((1, 2, 2, 2), scale=0.25, zero_point=-1)
    builder.add_operator(
        "MAX_POOL_2D", [y], [z], version=2, padding="VALID", stride_w=2, stride_h=2, filter_width=2, filter_height=2
    )
    s = builder.add_tensor((2,), "int32", data=[1, 8])
    flat = builder.add_tensor((1, 8), scale=0.25, zero_point=-1)
    builder.add_operator("RESHAPE", [z, s], [flat])
    return builder.build([x], [flat])


def conv_without_bias(absent: tuple[int, ...] = ()) -> bytes:
    """CONV_2D with two inputs, or with NO_TENSOR for the third."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 4, 4, 2), scale=0.5)
    weights = np.random.default_rng(0).integers(-9, 9, (2, 3, 3, 2))
    w = builder.add_tensor((2, 3, 3, 2), scale=[0.01, 0.02], data=weights)
    y = builder.add_tensor((1, 2, 2, 2), scale=0.25)
    builder.add_operator("CONV_2D", [x, w, *absent], [y], version=3, padding="VALID", stride_w=1, stride_h=1)
    return builder.build([x], [y])


def single_operator_model(opcode: str, *, custom_code: str | None = None, dtype: str = "float32") -> bytes:
    """One operator from [1, 8] to [1, 8]."""
    builder = ModelBuilder()
    scale = None if dtype == "float32" else 0.5
    x = builder.add_tensor((1, 8), dtype, scale=scale)
    y = builder.add_tensor((1, 8), dtype, scale=scale)
    builder.add_operator(opcode, [x], [y], custom_code=custom_code)
    return builder.build([x], [y])


def graph_of(data: bytes) -> Graph:
    return read_tflite(data)


RESOLVER = """
template <unsigned int tOpCount>
class MicroMutableOpResolver : public MicroOpResolver {
  TfLiteStatus AddCustom(const char* name, TFLMRegistration* registration) { return kTfLiteOk; }
  // TfLiteStatus AddGone() { return AddBuiltin(BuiltinOperator_GONE, ...); }
  TfLiteStatus AddConv2D(
      const TFLMRegistration& registration = Register_CONV_2D()) {
    return AddBuiltin(BuiltinOperator_CONV_2D, registration, ParseConv2D);
  }
  TfLiteStatus AddFullyConnected(const TFLMRegistration& registration = Register_FULLY_CONNECTED()) {
    return AddBuiltin(BuiltinOperator_FULLY_CONNECTED, registration,
                      ParseFullyConnected);
  }
  TfLiteStatus AddL2Pool2D() {
    return AddBuiltin(BuiltinOperator_L2_POOL_2D, tflite::Register_L2_POOL_2D(), ParsePool);
  }
  TfLiteStatus AddDetectionPostprocess() {
    return AddCustom("TFLite_Detection_PostProcess", tflite::Register_DETECTION_POSTPROCESS());
  }
 private:
  TfLiteStatus AddBuiltin(tflite::BuiltinOperator op, const TFLMRegistration& registration) {
    if (op == BuiltinOperator_CUSTOM) return kTfLiteError;
  }
};
"""
CONV_HEADER = """
TFLMRegistration Register_CONV_2D();
#if defined(CMSIS_NN)
TFLMRegistration Register_CONV_2D_INT8();
#else
inline TFLMRegistration Register_CONV_2D_INT8() { return Register_CONV_2D(); }
#endif
/* TFLMRegistration Register_CONV_2D_INT4(); */
"""
CONV_SOURCE = """
TfLiteStatus Eval(TfLiteContext* context, TfLiteNode* node) {
  switch (input->type) {  // kTfLiteInt16 is not here
    case kTfLiteFloat32: break;
    case kTfLiteInt8: break;
  }
}
TFLMRegistration Register_CONV_2D() { return tflite::micro::RegisterOp(Init, Prepare, Eval); }
"""
FULLY_CONNECTED_SOURCE = """
  if (data->is_per_channel && input->type == kTfLiteInt8) {}
TFLMRegistration Register_FULLY_CONNECTED() {
  return tflite::micro::RegisterOp(Init, Prepare, Eval);
}
"""


def make_library(folder: Path, *, cmsis_nn: bool = True, arena: bool = True) -> Path:
    """A folder laid out as a TensorFlow Lite Micro library, with two kernels and none of the rest."""
    micro = folder / "src" / "tensorflow" / "lite" / "micro"
    kernels = micro / "kernels"
    optimized = kernels / "cmsis_nn" if cmsis_nn else kernels
    optimized.mkdir(parents=True)
    (folder / "library.properties").write_text("name=Pretend_TFLM\nversion=9.1.2\nsentence=a=b\n")
    (micro / "micro_mutable_op_resolver.h").write_text(RESOLVER)
    (kernels / "conv.h").write_text(CONV_HEADER)
    (optimized / "conv.cpp").write_text(CONV_SOURCE)
    (kernels / "fully_connected_common.cc").write_text(FULLY_CONNECTED_SOURCE)
    if arena:
        (micro / "arena_allocator").mkdir()
        (micro / "arena_allocator" / "single_arena_buffer_allocator.h").write_text("")
    return folder


def float_model(*, softmax: bool = False) -> bytes:
    """CONV_2D and FULLY_CONNECTED in float32, with products whose sums round differently when they are fused."""
    rng = np.random.default_rng(1)
    builder = ModelBuilder()

    def constant(*shape: int) -> int:
        return builder.add_tensor(shape, "float32", data=rng.normal(size=shape).astype(np.float32))

    x, image = builder.add_tensor((1, 8, 8, 3), "float32"), builder.add_tensor((1, 8, 8, 4), "float32")
    options = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "fused_activation_function": "RELU"}
    builder.add_operator("CONV_2D", [x, constant(4, 3, 3, 3), constant(4)], [image], **options)
    y = builder.add_tensor((1, 6), "float32")
    builder.add_operator("FULLY_CONNECTED", [image, constant(6, 256), constant(6)], [y])
    if softmax:
        y, logits = builder.add_tensor((1, 6), "float32"), y
        builder.add_operator("SOFTMAX", [logits], [y], beta=1.0)
    return builder.build([x], [y])
