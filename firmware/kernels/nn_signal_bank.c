#include "nn_signal_bank.h"

#include <string.h>

#include "nn_fixed.h"

void nn_signal_filter_bank_u32(const struct nn_signal_filter_bank *op, const uint32_t *input, uint64_t *output) {
    uint64_t weighted = 0;
    for (int32_t band = 0; band <= op->channels; ++band) {
        const int16_t *weights = op->weights + op->weight_start[band];
        const int16_t *unweights = op->unweights + op->weight_start[band];
        const uint32_t *energies = input + op->start[band];
        uint64_t unweighted = 0;
        for (int32_t i = 0; i < op->width[band]; ++i) {
            weighted += (uint64_t)weights[i] * energies[i];
            unweighted += (uint64_t)unweights[i] * energies[i];
        }
        if (band > 0) {
            output[band - 1] = weighted;
        }
        weighted = unweighted;
    }
}

static int32_t significant_bits(uint64_t x) {
    const uint32_t high = (uint32_t)(x >> 32);
    return high ? 64 - nn_leading_zeros(high) : 32 - nn_leading_zeros((uint32_t)x);
}

/* The root's bits, one by one, from the top of numbers of 32 bits. *rest: what is left of x. */
static uint32_t narrow_root(uint32_t x, uint32_t *rest) {
    uint32_t root = 0;
    for (uint32_t bit = x == 0 ? 0 : UINT32_C(1) << ((31 - nn_leading_zeros(x)) & ~1); bit; bit >>= 2) {
        const uint32_t next = root + bit;
        root >>= 1;
        if (x >= next) {
            x -= next;
            root += bit;
        }
    }
    *rest = x;
    return root;
}

/* The square root, rounded to nearest, at most 2^32 - 1, and below 2^16 for numbers of 32 bits. The upper bits of a
 * larger number have a root by themselves; each pair of bits below them adds one bit to it. */
static uint32_t square_root(uint64_t x) {
    const int32_t below = x >> 32 ? (significant_bits(x) - 31) & ~1 : 0;
    uint32_t upper_rest;
    uint64_t root = narrow_root((uint32_t)(x >> below), &upper_rest);
    uint64_t rest = upper_rest;
    for (int32_t shift = below - 2; shift >= 0; shift -= 2) {
        const uint64_t next = 4 * root + 1;
        rest = 4 * rest + (x >> shift & 3);
        root *= 2;
        if (rest >= next) {
            rest -= next;
            root += 1;
        }
    }
    const uint32_t largest = x >> 32 ? UINT32_MAX : UINT16_MAX;
    return (uint32_t)root + (rest > root && root != largest ? 1 : 0);
}

void nn_signal_square_root_u64(const struct nn_signal_square_root *op, const uint64_t *input, const int32_t *bits,
                               uint32_t *output) {
    const int32_t shift = *bits & 31;
    for (int32_t i = 0; i < op->channels; ++i) {
        output[i] = square_root(input[i]) >> shift;
    }
}

void nn_signal_subtraction_u32(const struct nn_signal_subtraction *op, const uint32_t *input, uint32_t *estimate,
                               uint32_t *output, uint32_t *noise) {
    for (int32_t i = 0; i < op->channels; ++i) {
        const uint32_t signal = input[i];
        const uint32_t scaled = signal << op->smoothing_bits;
        const uint64_t smoothed =
            (uint64_t)scaled * op->smoothing[i & 1] + (uint64_t)estimate[i] * op->one_minus_smoothing[i & 1];
        const uint32_t next = (uint32_t)(smoothed >> op->bits);
        const uint32_t subtracted = next > scaled ? scaled : next;
        const uint32_t least = (uint32_t)((uint64_t)signal * op->least >> op->bits);
        const uint32_t rest = (scaled - subtracted) >> op->smoothing_bits;
        estimate[i] = op->clamping ? subtracted : next;
        output[i] = rest > least ? rest : least;
    }
    memcpy(noise, estimate, (size_t)op->channels * sizeof *noise);
}

/* The gain for a noise, as the table's polynomial for its power of two gives it. */
static uint32_t gain_for(const int16_t *table, uint32_t noise) {
    if (noise <= 2) {
        return (uint32_t)table[noise];
    }
    const int32_t bits = 32 - nn_leading_zeros(noise);
    const int16_t *coefficients = table + 4 * bits - 6;
    const int32_t fraction = (int32_t)((bits < 11 ? noise << (11 - bits) : noise >> (bits - 11)) & 0x3FF);
    const uint32_t slope = (uint32_t)(((int32_t)coefficients[2] * fraction) >> 5) + ((uint32_t)coefficients[1] << 5);
    const int32_t rise = (int32_t)(slope * (uint32_t)fraction + (1U << 14)) >> 15;
    return (uint32_t)(int16_t)(rise + coefficients[0]);
}

/* x^2 / 4 below 2, x - 1 above; 12 fractional bits before, 6 after. */
static uint32_t shrink(uint32_t x) {
    return x < 2U << 12 ? (x * x) >> 20 : (x >> 6) - (1U << 6);
}

void nn_signal_pcan_u32(const struct nn_signal_pcan *op, const uint32_t *input, const uint32_t *noise,
                        uint32_t *output) {
    for (int32_t i = 0; i < op->channels; ++i) {
        output[i] = shrink((uint32_t)((uint64_t)input[i] * gain_for(op->gain, noise[i]) >> op->snr_shift));
    }
}

/* 65536 * (log2(1 + i / 128) - i / 128), and one entry more for the last segment's end. */
static const uint16_t log_correction[] = {
    0,    224,  442,  654,  861,  1063, 1259, 1450, 1636, 1817, 1992, 2163, 2329, 2490, 2646, 2797, 2944, 3087, 3224,
    3358, 3487, 3611, 3732, 3848, 3960, 4068, 4172, 4272, 4368, 4460, 4549, 4633, 4714, 4791, 4864, 4934, 5001, 5063,
    5123, 5178, 5231, 5280, 5326, 5368, 5408, 5444, 5477, 5507, 5533, 5557, 5578, 5595, 5610, 5622, 5631, 5637, 5640,
    5641, 5638, 5633, 5626, 5615, 5602, 5586, 5568, 5547, 5524, 5498, 5470, 5439, 5406, 5370, 5332, 5291, 5249, 5203,
    5156, 5106, 5054, 5000, 4944, 4885, 4825, 4762, 4697, 4630, 4561, 4490, 4416, 4341, 4264, 4184, 4103, 4020, 3935,
    3848, 3759, 3668, 3575, 3481, 3384, 3286, 3186, 3084, 2981, 2875, 2768, 2659, 2549, 2437, 2323, 2207, 2090, 1971,
    1851, 1729, 1605, 1480, 1353, 1224, 1094, 963,  830,  695,  559,  421,  282,  142,  0,
};

/* log2 with 16 fractional bits. x > 0. */
static uint32_t log2_of(uint32_t x) {
    const int32_t whole = 31 - nn_leading_zeros(x);
    const uint32_t rest = x - (UINT32_C(1) << whole);
    const int32_t fraction = (int32_t)(whole < 16 ? rest << (16 - whole) : rest >> (whole - 16));
    const int32_t segment = fraction >> 9;
    const int32_t from = log_correction[segment];
    const int32_t to = log_correction[segment + 1];
    const int32_t along = ((to - from) * (fraction - (segment << 9))) >> 16;
    return ((uint32_t)whole << 16) + (uint32_t)(fraction + from + along);
}

void nn_signal_log_u32_s16(const struct nn_signal_log *op, const uint32_t *input, int16_t *output) {
    const uint32_t ln_2 = 45426; /* with 16 fractional bits */
    for (int32_t i = 0; i < op->channels; ++i) {
        const uint32_t scaled = input[i] << op->correction_bits;
        if (scaled <= 1) {
            output[i] = 0;
            continue;
        }
        const uint32_t natural = (uint32_t)(((uint64_t)ln_2 * log2_of(scaled) + 32768) >> 16);
        const uint32_t result = (op->scale * natural + 32768) >> 16;
        output[i] = (int16_t)(result < INT16_MAX ? result : INT16_MAX);
    }
}
