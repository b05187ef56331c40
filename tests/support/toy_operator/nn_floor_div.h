/* Quotients, rounded down. The output may start where an input starts. */
#ifndef NN_FLOOR_DIV_H
#define NN_FLOOR_DIV_H

#include "nn_types.h"

struct nn_floor_div_f32 {
    int32_t count;
};

void nn_floor_div_f32(const struct nn_floor_div_f32 *op, const float *dividend, const float *divisor, float *output);

#endif
