#include <string.h>

#include "nn_move.h"
#include "nn_requant.h"

void nn_gather(const struct nn_gather *op, const void *input, const int32_t *indices, void *output) {
    const uint8_t *in = input;
    uint8_t *out = output;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t i = 0; i < op->outer; ++i) {
            for (int32_t j = 0; j < op->count; ++j) {
                const ptrdiff_t index = nn_clamp(indices[j], 0, op->size - 1);
                memcpy(out, in + index * op->block, (size_t)op->block);
                out += op->block;
            }
            in += (ptrdiff_t)op->size * op->block;
        }
        indices += op->count;
    }
}

void nn_gather_nd(const struct nn_gather_nd *op, const void *input, const int32_t *indices, void *output) {
    uint8_t *out = output;
    for (int32_t i = 0; i < op->count; ++i) {
        const uint8_t *in = input;
        for (int32_t axis = 0; axis < op->depth; ++axis) {
            in += (ptrdiff_t)nn_clamp(indices[axis], 0, op->size[axis] - 1) * op->stride[axis];
        }
        memcpy(out, in, (size_t)op->block);
        indices += op->depth;
        out += op->block;
    }
}
