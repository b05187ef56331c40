#include <string.h>

#include "nn_move.h"

void nn_split(const struct nn_split *op, const void *input, void *const *outputs) {
    const uint8_t *in = input;
    for (int32_t i = 0; i < op->outer; ++i) {
        for (int32_t part = 0; part < op->count; ++part) {
            const int32_t bytes = op->part_bytes[part];
            memcpy((uint8_t *)outputs[part] + (ptrdiff_t)i * bytes, in, (size_t)bytes);
            in += bytes;
        }
    }
}
