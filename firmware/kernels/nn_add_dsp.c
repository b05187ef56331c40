#include "nn_add_dsp.h"

#include "nn_clamp_dsp.h"
#include "nn_dsp.h"

static inline int8_t add(const struct nn_add_s8_dsp *op, int32_t a, int32_t b) {
    const int32_t sum = nn_mla(b, op->factor2, nn_mla(a, op->factor1, op->constant));
    return (int8_t)nn_ssat8(sum >> op->shift);
}

void nn_add_s8_dsp(const struct nn_add_s8_dsp *op, const int8_t *input1, const int8_t *input2, int8_t *output) {
    const struct nn_add_s8_dsp local = *op; /* the output might alias *op, for all the compiler knows */
    int32_t left = op->count;
    for (; left >= 4; left -= 4) {
        output[0] = add(&local, input1[0], input2[0]);
        output[1] = add(&local, input1[1], input2[1]);
        output[2] = add(&local, input1[2], input2[2]);
        output[3] = add(&local, input1[3], input2[3]);
        input1 += 4;
        input2 += 4;
        output += 4;
    }
    for (; left > 0; --left) {
        *output++ = add(&local, *input1++, *input2++);
    }
    nn_clamp_s8_dsp(output - local.count, local.count, local.activation_min, local.activation_max);
}

void nn_add_table_s8_dsp(const struct nn_add_table_s8_dsp *op, const int8_t *input1, const int8_t *input2,
                         int8_t *output) {
    const struct nn_add_table_s8_dsp local = *op;
    for (int32_t i = 0; i < local.count; ++i) {
        const int32_t sum = local.table[(uint8_t)input1[i]] + input2[i] * (1 << 20);
        output[i] = (int8_t)nn_ssat8(nn_smmlar(sum, local.multiplier, local.round + (sum >> 31)) >> local.shift);
    }
    nn_clamp_s8_dsp(output, local.count, local.activation_min, local.activation_max);
}
