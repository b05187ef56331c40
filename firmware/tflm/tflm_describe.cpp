#include "tflm_describe.h"

namespace {

/* Bytes of an element, or 0 when model.h has no such type. */
uint32_t element_bytes(tflite::TensorType type) {
    switch (type) {
    case tflite::TensorType_BOOL:
    case tflite::TensorType_INT8:
    case tflite::TensorType_UINT8:
        return 1;
    case tflite::TensorType_FLOAT16:
    case tflite::TensorType_INT16:
        return 2;
    case tflite::TensorType_FLOAT32:
    case tflite::TensorType_INT32:
    case tflite::TensorType_UINT32:
        return 4;
    case tflite::TensorType_INT64:
        return 8;
    default:
        return 0;
    }
}

} // namespace

int tflm_describe(const tflite::Model *model, int index, void *data, struct model_tensor *tensor) {
    const tflite::Tensor *const source =
        model->subgraphs()->Get(0)->tensors()->Get(static_cast<flatbuffers::uoffset_t>(index));
    *tensor = model_tensor{};
    tensor->data = data;
    tensor->dtype = static_cast<uint8_t>(source->type());
    tensor->bytes = element_bytes(source->type());
    const auto *const shape = source->shape();
    const uint32_t rank = shape == nullptr ? 0 : shape->size();
    if (tensor->bytes == 0 || rank > MODEL_MAX_RANK) {
        return MODEL_ERROR_RANGE;
    }
    tensor->rank = static_cast<uint8_t>(rank);
    for (uint32_t i = 0; i < rank; i++) {
        tensor->dims[i] = shape->Get(i);
        tensor->bytes *= static_cast<uint32_t>(shape->Get(i));
    }
    const auto *const quantization = source->quantization();
    if (quantization != nullptr && quantization->scale() != nullptr && quantization->scale()->size() == 1) {
        const auto *const zero_points = quantization->zero_point();
        tensor->scale = quantization->scale()->Get(0);
        tensor->zero_point =
            zero_points == nullptr || zero_points->size() == 0 ? 0 : static_cast<int32_t>(zero_points->Get(0));
    }
    return 0;
}
