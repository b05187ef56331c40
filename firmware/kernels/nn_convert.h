/* Numbers of one type or quantization as those of another. The output may overlap the input if no element is
 * overwritten before it is read: where elements grow, by beginning before it. */
#ifndef NN_CONVERT_H
#define NN_CONVERT_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* output = round(input / scale) + zero_point, halves away from zero, clamped to the type. Not-a-number gives the zero
 * point. scale > 0, zero_point in the range of the type. */
struct nn_quantize_f32 {
    int32_t count;
    float scale;
    int32_t zero_point;
};

void nn_quantize_f32_s8(const struct nn_quantize_f32 *op, const float *input, int8_t *output);
void nn_quantize_f32_s16(const struct nn_quantize_f32 *op, const float *input, int16_t *output);

/* output = scale * (input - zero_point). zero_point in the range of the input's type. */
struct nn_dequantize_f32 {
    int32_t count;
    float scale;
    int32_t zero_point;
};

void nn_dequantize_s8_f32(const struct nn_dequantize_f32 *op, const int8_t *input, float *output);
void nn_dequantize_u8_f32(const struct nn_dequantize_f32 *op, const uint8_t *input, float *output);
void nn_dequantize_s16_f32(const struct nn_dequantize_f32 *op, const int16_t *input, float *output);

/* One quantization to another: rescaled, clamped to the type. Zero points are in the range of their types, 0 for int32;
 * multiplier and shift as in nn_requant. */
struct nn_requantize {
    int32_t count;
    int32_t zero_point, multiplier, shift, output_zero_point;
};

void nn_requantize_s8_s16(const struct nn_requantize *op, const int8_t *input, int16_t *output);
void nn_requantize_s8_s32(const struct nn_requantize *op, const int8_t *input, int32_t *output);
void nn_requantize_s16_s8(const struct nn_requantize *op, const int16_t *input, int8_t *output);
void nn_requantize_s16_s16(const struct nn_requantize *op, const int16_t *input, int16_t *output);
void nn_requantize_s16_s32(const struct nn_requantize *op, const int16_t *input, int32_t *output);
void nn_requantize_s32_s8(const struct nn_requantize *op, const int32_t *input, int8_t *output);
void nn_requantize_s32_s16(const struct nn_requantize *op, const int32_t *input, int16_t *output);

/* Numbers as they are. Floats lose their fraction, and stop at the ends of the type; not-a-number is 0. Integers that
 * do not fit lose their high bits. To bool: whether it is not 0. */
enum nn_type { NN_S8, NN_S16, NN_S32, NN_U32, NN_BOOL, NN_F32 };

struct nn_cast {
    int32_t count;
    int32_t from, to; /* enum nn_type */
};

void nn_cast(const struct nn_cast *op, const void *input, void *output);

#ifdef __cplusplus
}
#endif

#endif
