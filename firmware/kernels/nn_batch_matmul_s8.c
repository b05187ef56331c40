#include "nn_batch_matmul.h"
#include "nn_requant.h"

static int8_t product(const struct nn_batch_matmul_s8 *op, const int8_t *left, const int8_t *right) {
    int32_t acc = 0;
    for (int32_t k = 0; k < op->depth; ++k) {
        acc += (*left - op->left_zero_point) * (*right - op->right_zero_point);
        left += op->left_depth;
        right += op->right_depth;
    }
    const int32_t scaled = nn_requantize(acc, op->multiplier, op->shift) + op->output_zero_point;
    return (int8_t)nn_clamp(scaled, INT8_MIN, INT8_MAX);
}

static int8_t *multiply(const struct nn_batch_matmul_s8 *op, const int8_t *left, const int8_t *right, int8_t *output) {
    for (int32_t i = 0; i < op->rows; ++i) {
        for (int32_t j = 0; j < op->columns; ++j) {
            *output++ = product(op, left, right + (ptrdiff_t)j * op->right_column);
        }
        left += op->left_row;
    }
    return output;
}

void nn_batch_matmul_s8(const struct nn_batch_matmul_s8 *op, const int8_t *left, const int8_t *right, int8_t *output) {
    for (int32_t i = 0; i < op->batches[0]; ++i) {
        for (int32_t j = 0; j < op->batches[1]; ++j) {
            const int8_t *l = left + (ptrdiff_t)i * op->left_batch[0] + (ptrdiff_t)j * op->left_batch[1];
            const int8_t *r = right + (ptrdiff_t)i * op->right_batch[0] + (ptrdiff_t)j * op->right_batch[1];
            for (int32_t k = 0; k < op->batches[2]; ++k) {
                output = multiply(op, l, r, output);
                l += op->left_batch[2];
                r += op->right_batch[2];
            }
        }
    }
}
