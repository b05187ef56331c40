#include "nn_dsp.h"
#include "nn_requant.h"
#include "nn_sum_dsp.h"

/* Neighbouring elements. */
static inline int32_t sum_run(const int8_t *input, int32_t count) {
    const uint32_t ones = 0x00010001;
    int32_t sum = 0;
    for (; count >= 8; count -= 8, input += 8) {
        const uint32_t first = nn_load_word(input);
        const uint32_t second = nn_load_word(input + 4);
        sum = nn_smlad(nn_sxtab16(nn_sxtb16(first), second), ones, sum);
        sum = nn_smlad(nn_sxtab16_odd(nn_sxtb16_odd(first), second), ones, sum);
    }
    if (count >= 4) {
        const uint32_t word = nn_load_word(input);
        sum = nn_smlad(nn_sxtab16_odd(nn_sxtb16(word), word), ones, sum);
        input += 4;
        count -= 4;
    }
    for (; count > 0; --count) {
        sum += *input++;
    }
    return sum;
}

void nn_sum_runs_s8_dsp(const struct nn_sum_quantized *op, const int8_t *input, int8_t *output) {
    const struct nn_sum_quantized own = *op; /* the output might alias *op, for all the compiler knows */
    const struct nn_reduce_axes *axes = &own.axes;
    for (int32_t i = 0; i < axes->kept[1]; ++i) {
        const int8_t *place = input + i * axes->kept_stride[1];
        for (int32_t left = axes->kept[2]; left > 0; --left, place += axes->kept_stride[2]) {
            int32_t sum = own.sum_offset;
            const int8_t *run = place;
            for (int32_t runs = axes->reduced[1]; runs > 0; --runs, run += axes->reduced_stride[1]) {
                sum += sum_run(run, axes->reduced[2]);
            }
            const int32_t scaled = nn_requantize(sum, own.multiplier, own.shift) + own.output_zero_point;
            *output++ = (int8_t)nn_clamp(scaled, INT8_MIN, INT8_MAX);
        }
    }
}
