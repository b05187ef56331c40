#include "nn_sum_dsp.h"

#include "nn_dsp.h"
#include "nn_requant.h"

enum { CHANNELS = 4, LONGEST = 256 /* elements whose sum fits in 16 bits */ };

/* Adds four channels of up to LONGEST pixels to `sums`; returns the next pixel. */
static const int8_t *add_pixels(const int8_t *pixel, int32_t count, int32_t step, int32_t sums[CHANNELS]) {
    uint32_t even = 0;
    uint32_t odd = 0;
    for (; count >= 2; count -= 2) {
        const uint32_t first = nn_load_word(pixel);
        const uint32_t second = nn_load_word(pixel + step);
        even = nn_sxtab16(nn_sxtab16(even, first), second);
        odd = nn_sxtab16_odd(nn_sxtab16_odd(odd, first), second);
        pixel += 2 * step;
    }
    if (count > 0) {
        const uint32_t word = nn_load_word(pixel);
        even = nn_sxtab16(even, word);
        odd = nn_sxtab16_odd(odd, word);
        pixel += step;
    }
    sums[0] += (int16_t)even;
    sums[1] += (int16_t)odd;
    sums[2] += (int32_t)even >> 16;
    sums[3] += (int32_t)odd >> 16;
    return pixel;
}

void nn_sum_s8_dsp(const struct nn_sum_s8_dsp *op, const int8_t *input, int8_t *output) {
    for (int32_t i = 0; i < op->outer; ++i, input += op->size * op->channels) {
        for (int32_t c = 0; c < op->channels; c += CHANNELS) {
            if (c > op->channels - CHANNELS) { /* the last ones with some of those before */
                output -= c - (op->channels - CHANNELS);
                c = op->channels - CHANNELS;
            }
            int32_t sums[CHANNELS] = {op->sum_offset, op->sum_offset, op->sum_offset, op->sum_offset};
            const int8_t *pixel = input + c;
            for (int32_t left = op->size; left > 0; left -= LONGEST) {
                pixel = add_pixels(pixel, left < LONGEST ? left : LONGEST, op->channels, sums);
            }
            for (int32_t k = 0; k < CHANNELS; ++k) {
                const int32_t scaled = nn_requantize(sums[k], op->multiplier, op->shift) + op->output_zero_point;
                *output++ = (int8_t)nn_clamp(scaled, INT8_MIN, INT8_MAX);
            }
        }
    }
}
