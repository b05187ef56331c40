"""What the tests of the tflm runtime share: small models, a make-believe library, and where a real one is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from boardproof.model.reader import read_tflite
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
