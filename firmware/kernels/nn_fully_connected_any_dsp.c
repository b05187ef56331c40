#include "nn_fully_connected_dsp.h"

#include <string.h>

#include "nn_dsp.h"
#include "nn_requant.h"

enum { UNIT = 4, MOST = 3 };

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

void nn_fully_connected_any_s8_dsp(const struct nn_fully_connected_any_s8_dsp *op, const int8_t *input,
                                   int8_t *output) {
    static void (*const add[MOST])(const int8_t *, const int8_t *, int32_t, int32_t *) = {add_up_one, add_up_two,
                                                                                          add_up_three};
    for (int32_t batch = 0; batch < op->batches; ++batch, input += op->input_size) {
        const int8_t *weights = op->weights;
        for (int32_t i = 0; i < op->output_size;) {
            const int32_t left = op->output_size - i;
            const int32_t count = left < MOST ? left : MOST;
            int32_t sums[MOST];
            memcpy(sums, op->bias + i, (size_t)count * sizeof *sums);
            add[count - 1](input, weights, op->input_size, sums);
            for (const int32_t *sum = sums; sum != sums + count; ++sum, ++i) {
                *output++ =
                    nn_output_s8(*sum, &op->requant, i, op->output_zero_point, op->activation_min, op->activation_max);
            }
            weights += count * op->input_size;
        }
    }
}
