/* Operators that work element by element. An output may start where an input starts if they have the same number of
 * elements of the same size. */
#ifndef NN_ELEMENTWISE_H
#define NN_ELEMENTWISE_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Any function of one byte: output = table[input], indexed by the input's bits, 256 entries. */
struct nn_lookup_8 {
    int32_t count;
    const uint8_t *table;
};

void nn_lookup_8(const struct nn_lookup_8 *op, const void *input, void *output);

/* output = round(input / scale) + zero_point, halves away from zero, clamped to int8. Not-a-number gives the zero
 * point. scale > 0, zero_point in [-128, 127]. */
struct nn_quantize_f32_s8 {
    int32_t count;
    float scale;
    int32_t zero_point;
};

void nn_quantize_f32_s8(const struct nn_quantize_f32_s8 *op, const float *input, int8_t *output);

/* output = scale * (input - zero_point). zero_point in the range of the input's type. The output may overlap the input
 * if it begins at least 3 * count bytes before it. */
struct nn_dequantize_8_f32 {
    int32_t count;
    float scale;
    int32_t zero_point;
};

void nn_dequantize_s8_f32(const struct nn_dequantize_8_f32 *op, const int8_t *input, float *output);
void nn_dequantize_u8_f32(const struct nn_dequantize_8_f32 *op, const uint8_t *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
