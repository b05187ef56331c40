#include <string.h>

#include "nn_fixed.h"
#include "nn_signal_dsp.h"
#include "nn_signal_lanes.h"

void nn_signal_window_s16_dsp(const struct nn_signal_window *op, const int16_t *input, int16_t *output) {
    const int32_t shift = op->shift;
    for (int32_t begin = 0; begin < op->count; begin += op->size) {
        for (int32_t i = 0; i < op->size; i += 2) {
            const uint32_t samples = nn_load_word(input + begin + i);
            const uint32_t weights = nn_load_word(op->window + i);
            const int32_t low = nn_ssat16(nn_smlabb(samples, weights, 0) >> shift);
            const int32_t high = nn_ssat16(nn_smlatt(samples, weights, 0) >> shift);
            nn_store_word(output + begin + i, nn_pkhbt((uint32_t)low, (uint32_t)high));
        }
    }
}

/* The portable kernel's largest magnitude, which forgets a -32768 where larger numbers follow. */
static int32_t largest_in_order(const int16_t *input, int32_t count) {
    int16_t largest = 0;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t value = input[i];
        if (value > largest) {
            largest = (int16_t)value;
        } else if (-value > largest) {
            largest = (int16_t)-value;
        }
    }
    return largest;
}

static int32_t largest_magnitude(const int16_t *input, int32_t count) {
    uint32_t highest = 0;
    uint32_t lowest = 0;
    for (int32_t i = 0; i < count; i += 2) {
        const uint32_t samples = nn_load_word(input + i);
        highest = nn_smax16(highest, samples);
        lowest = nn_smin16(lowest, samples);
    }
    const int32_t high = nn_lane_low(highest) > nn_lane_high(highest) ? nn_lane_low(highest) : nn_lane_high(highest);
    const int32_t low = nn_lane_low(lowest) < nn_lane_high(lowest) ? nn_lane_low(lowest) : nn_lane_high(lowest);
    if (low == INT16_MIN) {
        return largest_in_order(input, count);
    }
    return high > -low ? high : -low;
}

void nn_signal_auto_scale_s16_dsp(const struct nn_signal_auto_scale *op, const int16_t *input, int16_t *output,
                                  int32_t *bits) {
    const int32_t largest = largest_magnitude(input, op->count);
    const int32_t room = largest <= 0 ? 0 : 15 - (32 - nn_leading_zeros((uint32_t)largest));
    for (int32_t i = 0; i < op->count; i += 2) {
        const uint32_t samples = nn_load_word(input + i);
        nn_store_word(output + i, nn_pkhbt(samples << room, (samples >> 16) << room));
    }
    *bits = room;
}

void nn_signal_energy_s16_dsp(const struct nn_signal_energy *op, const int16_t *input, uint32_t *output) {
    const int32_t end = op->end;
    memset(output, 0, (size_t)op->begin * sizeof *output);
    for (int32_t i = op->begin; i < end; ++i) {
        const uint32_t number = nn_load_word(input + 2 * i);
        output[i] = (uint32_t)nn_smlad(number, number, 0);
    }
    memset(output + end, 0, (size_t)(op->count - end) * sizeof *output);
}

void nn_signal_filter_bank_u32_dsp(const struct nn_signal_filter_bank *op, const uint32_t *input, uint64_t *output) {
    uint64_t weighted = 0;
    for (int32_t band = 0; band <= op->channels; ++band) {
        const int16_t *weights = op->weights + op->weight_start[band];
        const int16_t *unweights = op->unweights + op->weight_start[band];
        const uint32_t *energies = input + op->start[band];
        uint64_t unweighted = 0;
        for (int32_t i = 0; i < op->width[band]; ++i) {
            weighted += (uint64_t)(uint32_t)weights[i] * energies[i];
            unweighted += (uint64_t)(uint32_t)unweights[i] * energies[i];
        }
        if (band > 0) {
            output[band - 1] = weighted;
        }
        weighted = unweighted;
    }
}
