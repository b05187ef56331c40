#include "nn_pool.h"
#include "nn_requant.h"

static int32_t sum_reduced(const struct nn_mean_s8 *op, const int8_t *input) {
    int32_t sum = 0;
    for (int32_t i = 0; i < op->reduced[0]; ++i) {
        for (int32_t j = 0; j < op->reduced[1]; ++j) {
            const int8_t *in = input + i * op->reduced_stride[0] + j * op->reduced_stride[1];
            for (int32_t k = 0; k < op->reduced[2]; ++k) {
                sum += *in;
                in += op->reduced_stride[2];
            }
        }
    }
    return sum;
}

void nn_mean_s8(const struct nn_mean_s8 *op, const int8_t *input, int8_t *output) {
    for (int32_t i = 0; i < op->kept[0]; ++i) {
        for (int32_t j = 0; j < op->kept[1]; ++j) {
            const int8_t *in = input + i * op->kept_stride[0] + j * op->kept_stride[1];
            for (int32_t k = 0; k < op->kept[2]; ++k) {
                const int32_t sum = sum_reduced(op, in) + op->sum_offset;
                const int32_t mean = nn_requantize(sum, op->multiplier, op->shift) + op->output_zero_point;
                *output++ = (int8_t)nn_clamp(mean, INT8_MIN, INT8_MAX);
                in += op->kept_stride[2];
            }
        }
    }
}
