#include "nn_conv.h"
#include "nn_requant.h"

void nn_fully_connected_s8(const struct nn_fully_connected_s8 *op, const int8_t *input, int8_t *output) {
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        const int8_t *weights = op->weights;
        for (int32_t o = 0; o < op->output_size; ++o) {
            int32_t acc = op->bias ? op->bias[o] : 0;
            for (int32_t i = 0; i < op->input_size; ++i) {
                acc += weights[i] * (input[i] - op->input_zero_point);
            }
            weights += op->input_size;
            *output++ =
                nn_output_s8(acc, &op->requant, o, op->output_zero_point, op->activation_min, op->activation_max);
        }
        input += op->input_size;
    }
}
