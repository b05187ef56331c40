#include "nn_signal_dsp.h"
#include "nn_signal_lanes.h"

/* A complex number is a word, its real part in the low half. Sums lose what does not fit, as in the portable kernel; a
 * product's halves are rounded by adding HALF before 15 bits are dropped. */
enum { HALF = 1 << 14 };

static inline uint32_t times(uint32_t a, uint32_t factor) {
    return nn_pkhbt_1(nn_smlsd(a, factor, HALF) >> 15, nn_smladx(a, factor, HALF));
}

/* 32767 / divisor in the low half of `share`. */
static inline uint32_t scaled(uint32_t a, uint32_t share) {
    return nn_pkhbt_1(nn_smlabb(a, share, HALF) >> 15, nn_smlatb(a, share, HALF));
}

static inline uint32_t conjugated(uint32_t a) {
    return (a & 0xFFFFU) | (0U - (a & 0xFFFF0000U));
}

static void load(const struct nn_signal_fft *op, const int16_t *input, uint32_t *x) {
    const uint16_t *order = op->order;
    const int32_t given = op->input_size / 2;
    for (int32_t i = 0; i < op->length / 2; ++i) {
        x[i] = order[i] < given ? nn_load_word(input + 2 * order[i]) : 0;
    }
}

/* Butterflies whose numbers are `m` apart, in `blocks` blocks, those with the same factors together. */
static void butterflies2(uint32_t *x, const uint32_t *twiddles, int32_t m, int32_t blocks) {
    const uint32_t share = INT16_MAX / 2;
    for (int32_t k = 0; k < m; ++k) {
        const uint32_t factor = twiddles[k * blocks];
        uint32_t *at = x + k;
        for (int32_t block = 0; block < blocks; ++block, at += 2 * m) {
            const uint32_t a = scaled(at[0], share);
            const uint32_t b = times(scaled(at[m], share), factor);
            at[m] = nn_ssub16(a, b);
            at[0] = nn_sadd16(a, b);
        }
    }
}

static void butterflies4(uint32_t *x, const uint32_t *twiddles, int32_t m, int32_t blocks) {
    const uint32_t share = INT16_MAX / 4;
    for (int32_t k = 0; k < m; ++k) {
        const uint32_t factor1 = twiddles[k * blocks];
        const uint32_t factor2 = twiddles[2 * k * blocks];
        const uint32_t factor3 = twiddles[3 * k * blocks];
        uint32_t *at = x + k;
        for (int32_t block = 0; block < blocks; ++block, at += 4 * m) {
            const uint32_t first = scaled(at[0], share);
            const uint32_t b = times(scaled(at[m], share), factor1);
            const uint32_t c = times(scaled(at[2 * m], share), factor2);
            const uint32_t d = times(scaled(at[3 * m], share), factor3);
            const uint32_t across = nn_ssub16(first, c);
            const uint32_t a = nn_sadd16(first, c);
            const uint32_t sum = nn_sadd16(b, d);
            const uint32_t difference = nn_ssub16(b, d);
            at[2 * m] = nn_ssub16(a, sum);
            at[0] = nn_sadd16(a, sum);
            at[m] = nn_ssax(across, difference);
            at[3 * m] = nn_sasx(across, difference);
        }
    }
}

static void transform(const struct nn_signal_fft *op, uint32_t *x) {
    const uint32_t *twiddles = op->twiddles;
    int32_t blocks = op->length / 2;
    int32_t count = 0;
    while (count < NN_FFT_STAGES && op->radix[count]) {
        ++count;
    }
    for (int32_t m = 1; count-- > 0; m *= op->radix[count]) {
        blocks /= op->radix[count];
        if (op->radix[count] == 4) {
            butterflies4(x, twiddles, m, blocks);
        } else {
            butterflies2(x, twiddles, m, blocks);
        }
    }
}

static void split_spectrum(const struct nn_signal_fft *op, uint32_t *x) {
    const uint32_t share = INT16_MAX / 2;
    const uint32_t *factors = op->split;
    const int32_t size = op->length / 2;
    const uint32_t zero = scaled(x[0], share);
    x[0] = (uint32_t)(nn_lane_low(zero) + nn_lane_high(zero)) & 0xFFFFU;
    x[size] = (uint32_t)(nn_lane_low(zero) - nn_lane_high(zero)) & 0xFFFFU;
    for (int32_t k = 1; k <= size / 2; ++k) {
        const uint32_t one = scaled(x[k], share);
        const uint32_t other = scaled(conjugated(x[size - k]), share);
        const uint32_t even = nn_sadd16(one, other);
        const uint32_t odd = times(nn_ssub16(one, other), factors[k - 1]);
        x[k] = nn_shadd16(even, odd);
        x[size - k] = (nn_shsub16(even, odd) & 0xFFFFU) | (nn_shsub16(odd, even) & 0xFFFF0000U);
    }
}

void nn_signal_rfft_s16_dsp(const struct nn_signal_fft *op, const int16_t *input, int16_t *output) {
    uint32_t *x = (uint32_t *)(void *)output;
    for (int32_t row = 0; row < op->rows; ++row) {
        load(op, input, x);
        transform(op, x);
        split_spectrum(op, x);
        input += op->input_size;
        x += op->length / 2 + 1;
    }
}
