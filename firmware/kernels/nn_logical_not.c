#include "nn_unary.h"

void nn_logical_not(const struct nn_unary *op, const uint8_t *input, uint8_t *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        output[i] = !input[i];
    }
}
