/* -x of floats, two at a time. */
#ifndef NN_NEG_TOY_H
#define NN_NEG_TOY_H

#include "nn_unary.h"

void nn_neg_f32_toy(const struct nn_unary *op, const float *input, float *output);

#endif
