#include "nn_fully_connected_dsp.h"

#include <string.h>

#include "nn_dsp.h"
#include "nn_requant_dsp.h"

enum { UNIT = 4, MOST = 3, ROWS = 4 };

/* Four inputs, as lanes, and their weights. */
static inline int32_t dot(uint32_t even, uint32_t odd, const int8_t *weights, int32_t sum) {
    const uint32_t w = nn_load_word(weights);
    return nn_smlad(odd, nn_sxtb16_odd(w), nn_smlad(even, nn_sxtb16(w), sum));
}

/* Adds to `count` sums, up to three, a constant where this is called. `size` weights are one output's. */
static inline __attribute__((always_inline)) void add_up(const int8_t *input, const int8_t *weights, int32_t size,
                                                         int32_t count, int32_t *sums) {
    const int32_t left = size % UNIT;
    int32_t sum0 = sums[0];
    int32_t sum1 = count > 1 ? sums[1] : 0;
    int32_t sum2 = count > 2 ? sums[2] : 0;
    const int8_t *third = weights + 2 * size;
    for (const int8_t *end = input + size - left; input != end; input += UNIT, weights += UNIT, third += UNIT) {
        const uint32_t x = nn_load_word(input);
        const uint32_t even = nn_sxtb16(x);
        const uint32_t odd = nn_sxtb16_odd(x);
        sum0 = dot(even, odd, weights, sum0);
        sum1 = count > 1 ? dot(even, odd, weights + size, sum1) : 0;
        sum2 = count > 2 ? dot(even, odd, third, sum2) : 0;
    }
    const int32_t all[MOST] = {sum0, sum1, sum2};
    for (int32_t i = 0; i < count; ++i, weights += size) {
        sums[i] = all[i];
        for (int32_t k = 0; k < left; ++k) {
            sums[i] = nn_smlabb((uint32_t)input[k], (uint32_t)weights[k], sums[i]);
        }
    }
}

NN_APART static void add_up_one(const int8_t *input, const int8_t *weights, int32_t size, int32_t *sums) {
    add_up(input, weights, size, 1, sums);
}

NN_APART static void add_up_two(const int8_t *input, const int8_t *weights, int32_t size, int32_t *sums) {
    add_up(input, weights, size, 2, sums);
}

NN_APART static void add_up_three(const int8_t *input, const int8_t *weights, int32_t size, int32_t *sums) {
    add_up(input, weights, size, 3, sums);
}

/* One output of four batches, `size` inputs apart, which share its weights. */
NN_APART static void add_up_rows(const int8_t *input, const int8_t *weights, int32_t size, int32_t *sums) {
    const int32_t left = size % UNIT;
    const int8_t *third = input + 2 * size;
    int32_t sum0 = sums[0], sum1 = sums[1], sum2 = sums[2], sum3 = sums[3];
    for (const int8_t *end = weights + size - left; weights != end; weights += UNIT, input += UNIT, third += UNIT) {
        const uint32_t w = nn_load_word(weights);
        const uint32_t even = nn_sxtb16(w);
        const uint32_t odd = nn_sxtb16_odd(w);
        sum0 = dot(even, odd, input, sum0);
        sum1 = dot(even, odd, input + size, sum1);
        sum2 = dot(even, odd, third, sum2);
        sum3 = dot(even, odd, third + size, sum3);
    }
    for (int32_t k = 0; k < left; ++k) {
        const uint32_t w = (uint32_t)weights[k];
        sum0 = nn_smlabb((uint32_t)input[k], w, sum0);
        sum1 = nn_smlabb((uint32_t)input[k + size], w, sum1);
        sum2 = nn_smlabb((uint32_t)third[k], w, sum2);
        sum3 = nn_smlabb((uint32_t)third[k + size], w, sum3);
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

static int8_t output_of(const struct nn_fully_connected_any_s8_dsp *op, int32_t sum, int32_t channel) {
    return nn_output_s8_dsp(sum, &op->requant, channel, op->output_zero_point, op->round, op->activation_min,
                            op->activation_max);
}

/* The outputs of four sums of one channel, `output_size` apart. */
static void store_rows(const struct nn_fully_connected_any_s8_dsp *op, const int32_t *sums, int32_t channel,
                       int8_t *output) {
    const struct nn_fully_connected_any_s8_dsp own = *op; /* the output might alias *op, for all the compiler knows */
    const int32_t i = own.requant.per_channel ? channel : 0;
    const int32_t multiplier = own.requant.multiplier[i];
    const int32_t shift = -own.requant.shift[i];
    const int32_t is_usual = own.round != 0 && shift > 0;
    for (const int32_t *sum = sums; sum != sums + ROWS; ++sum, output += own.output_size) {
        if (is_usual) {
            const int32_t scaled = nn_rescale_down_s8_dsp(*sum, multiplier, shift, own.round);
            *output = (int8_t)nn_clamp(scaled, own.activation_min, own.activation_max);
        } else {
            *output = output_of(op, *sum, channel);
        }
    }
}

static void compute_rows(const struct nn_fully_connected_any_s8_dsp *op, const int8_t *input, int8_t *output) {
    const int8_t *weights = op->weights;
    for (int32_t i = 0; i < op->output_size; ++i, weights += op->input_size) {
        const int32_t bias = op->bias[i];
        int32_t sums[ROWS] = {bias, bias, bias, bias};
        add_up_rows(input, weights, op->input_size, sums);
        store_rows(op, sums, i, output + i);
    }
}

static void compute_row(const struct nn_fully_connected_any_s8_dsp *op, const int8_t *input, int8_t *output) {
    static void (*const add[MOST])(const int8_t *, const int8_t *, int32_t, int32_t *) = {add_up_one, add_up_two,
                                                                                          add_up_three};
    const int8_t *weights = op->weights;
    for (int32_t i = 0; i < op->output_size;) {
        const int32_t left = op->output_size - i;
        const int32_t count = left < MOST ? left : MOST;
        int32_t sums[MOST];
        memcpy(sums, op->bias + i, (size_t)count * sizeof *sums);
        add[count - 1](input, weights, op->input_size, sums);
        for (const int32_t *sum = sums; sum != sums + count; ++sum, ++i) {
            *output++ = output_of(op, *sum, i);
        }
        weights += count * op->input_size;
    }
}

void nn_fully_connected_any_s8_dsp(const struct nn_fully_connected_any_s8_dsp *op, const int8_t *input,
                                   int8_t *output) {
    int32_t left = op->batches;
    for (; left >= ROWS; left -= ROWS, input += ROWS * op->input_size, output += ROWS * op->output_size) {
        compute_rows(op, input, output);
    }
    for (; left > 0; --left, input += op->input_size, output += op->output_size) {
        compute_row(op, input, output);
    }
}
