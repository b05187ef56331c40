#include "nn_convert.h"
#include "nn_requant.h"

#define REQUANTIZE_KERNEL(name, input_type, output_type, low, high)                                                    \
    void name(const struct nn_requantize *op, const input_type *input, output_type *output) {                          \
        for (int32_t i = 0; i < op->count; ++i) {                                                                      \
            const int32_t x = (int32_t)((uint32_t)input[i] - (uint32_t)op->zero_point);                                \
            const int32_t y = nn_requantize(x, op->multiplier, op->shift) + op->output_zero_point;                     \
            output[i] = (output_type)nn_clamp(y, low, high);                                                           \
        }                                                                                                              \
    }

REQUANTIZE_KERNEL(nn_requantize_s8_s16, int8_t, int16_t, INT16_MIN, INT16_MAX)
REQUANTIZE_KERNEL(nn_requantize_s8_s32, int8_t, int32_t, INT32_MIN, INT32_MAX)
REQUANTIZE_KERNEL(nn_requantize_s16_s8, int16_t, int8_t, INT8_MIN, INT8_MAX)
REQUANTIZE_KERNEL(nn_requantize_s16_s16, int16_t, int16_t, INT16_MIN, INT16_MAX)
REQUANTIZE_KERNEL(nn_requantize_s16_s32, int16_t, int32_t, INT32_MIN, INT32_MAX)
REQUANTIZE_KERNEL(nn_requantize_s32_s8, int32_t, int8_t, INT8_MIN, INT8_MAX)
REQUANTIZE_KERNEL(nn_requantize_s32_s16, int32_t, int16_t, INT16_MIN, INT16_MAX)
