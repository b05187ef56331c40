#include "nn_f32.h"

#include <float.h>

#include "nn_exp.h"
#include "nn_softmax.h"

void nn_softmax_f32(const struct nn_softmax_f32 *op, const float *input, float *output) {
    for (int32_t row = 0; row < op->rows; ++row) {
        float max = -FLT_MAX;
        for (int32_t i = 0; i < op->depth; ++i) {
            max = max < input[i] ? input[i] : max;
        }
        float sum = 0.0F;
        for (int32_t i = 0; i < op->depth; ++i) {
            output[i] = nn_exp_f32_of((input[i] - max) * op->beta);
            sum += output[i];
        }
        for (int32_t i = 0; i < op->depth; ++i) {
            output[i] = output[i] / sum;
        }
        input += op->depth;
        output += op->depth;
    }
}
