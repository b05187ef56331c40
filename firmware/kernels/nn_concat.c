#include <string.h>

#include "nn_move.h"

void nn_concat(const struct nn_concat *op, const void *const *inputs, void *output) {
    uint8_t *out = output;
    for (int32_t i = 0; i < op->outer; ++i) {
        for (int32_t part = 0; part < op->count; ++part) {
            const int32_t bytes = op->part_bytes[part];
            memcpy(out, (const uint8_t *)inputs[part] + (ptrdiff_t)i * bytes, (size_t)bytes);
            out += bytes;
        }
    }
}
