#include <string.h>

#include "nn_fixed.h"
#include "nn_signal.h"

void nn_signal_window_s16(const struct nn_signal_window *op, const int16_t *input, int16_t *output) {
    for (int32_t begin = 0; begin < op->count; begin += op->size) {
        for (int32_t i = 0; i < op->size; ++i) {
            const int32_t product = (int32_t)input[begin + i] * op->window[i] >> op->shift;
            output[begin + i] = (int16_t)nn_clamp(product, INT16_MIN, INT16_MAX);
        }
    }
}

/* Bits by which numbers up to this magnitude can be shifted left. */
static int32_t room(int32_t largest) {
    const int32_t bits = 15 - (32 - nn_leading_zeros((uint32_t)largest));
    return largest == 0 || bits < 0 ? 0 : bits;
}

void nn_signal_auto_scale_s16(const struct nn_signal_auto_scale *op, const int16_t *input, int16_t *output,
                              int32_t *bits) {
    int16_t largest = 0;
    for (int32_t i = 0; i < op->count; ++i) {
        const int32_t value = input[i];
        if (value > largest) {
            largest = (int16_t)value;
        } else if (-value > largest) {
            largest = (int16_t)-value;
        }
    }
    *bits = room(largest);
    for (int32_t i = 0; i < op->count; ++i) {
        output[i] = (int16_t)(input[i] * (1 << *bits));
    }
}

void nn_signal_energy_s16(const struct nn_signal_energy *op, const int16_t *input, uint32_t *output) {
    memset(output, 0, (size_t)op->count * sizeof *output);
    for (int32_t i = op->begin; i < op->end; ++i) {
        const int32_t real = input[2 * i];
        const int32_t imaginary = input[2 * i + 1];
        output[i] = (uint32_t)(real * real) + (uint32_t)(imaginary * imaginary);
    }
}
