/* What depends on the model: its operators, its arena, its facts. Generated; do not edit.
 * Model SHA-256 2554cebfdb5b5bef683f1534173cbe2106deae5a09ca47df05062e832206daf9 */
#include "model.h"

#include <new>

#include "model_data.h"
#include "tflm_model.h"
#include "tflm_trace.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "tensorflow/lite/micro/kernels/conv.h"
#include "tensorflow/lite/micro/kernels/pooling.h"
#pragma GCC diagnostic pop

namespace {

/* as given, not checked */
constexpr uint32_t kArenaBytes = 4096;
constexpr uint16_t kOpCount = 3;

/* Of inputs, then outputs. */
const char *const names[] = {
    "t0",
    "t6",
};

alignas(16) uint8_t arena[kArenaBytes];
uint32_t op_ticks[kOpCount];

/* The kinds of operators the model uses, and no others: each brings its kernel with it. */
using Resolver = tflite::MicroMutableOpResolver<3>;
alignas(Resolver) uint8_t resolver_storage[sizeof(Resolver)];

tflite::MicroOpResolver *make_resolver() {
    Resolver *const resolver = new (resolver_storage) Resolver();
    if (resolver->AddConv2D(tflite::Register_CONV_2D_INT8()) != kTfLiteOk ||
        !tflm_trace_operator<0>(resolver->FindOp(tflite::BuiltinOperator_CONV_2D))) {
        return nullptr;
    }
    if (resolver->AddMaxPool2D(tflite::Register_MAX_POOL_2D_INT8()) != kTfLiteOk ||
        !tflm_trace_operator<1>(resolver->FindOp(tflite::BuiltinOperator_MAX_POOL_2D))) {
        return nullptr;
    }
    if (resolver->AddReshape() != kTfLiteOk ||
        !tflm_trace_operator<2>(resolver->FindOp(tflite::BuiltinOperator_RESHAPE))) {
        return nullptr;
    }
    return resolver;
}

} // namespace

const TflmModel tflm_model = {
    /* data */ model_data,
    /* arena */ arena,
    /* arena_bytes */ kArenaBytes,
    /* op_ticks */ op_ticks,
    /* op_count */ kOpCount,
    /* names */ names,
    /* resource_variables */ 0,
    /* measure */ false,
    /* make_resolver */ make_resolver,
};

extern "C" const struct model_info model_info = {
    /* sha256 */ {
    0x25, 0x54, 0xce, 0xbf, 0xdb, 0x5b, 0x5b, 0xef, 0x68, 0x3f, 0x15, 0x34, 0x17, 0x3c, 0xbe, 0x21,
    0x06, 0xde, 0xae, 0x5a, 0x09, 0xca, 0x47, 0xdf, 0x05, 0x06, 0x2e, 0x83, 0x22, 0x06, 0xda, 0xf9,
    },
    /* runtime */ "tflm",
    /* library */ "Chirale_TensorFLowLite ^2.0.0",
    /* kernels */ "cmsis-nn",
    /* arena_bytes */ kArenaBytes,
    /* input_count */ 1,
    /* output_count */ 1,
    /* op_count */ kOpCount,
};
