#include "nn_floor_div.h"

#include "nn_f32.h"

void nn_floor_div_f32(const struct nn_floor_div_f32 *op, const float *dividend, const float *divisor, float *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        output[i] = nn_floor_f32_of(dividend[i] / divisor[i]);
    }
}
