#include <string.h>

#include "nn_dsp.h"
#include "nn_fully_connected_dsp.h"
#include "nn_lstm_dsp.h"

/* Where a step keeps what it makes: sums [units][gates] of both kinds, values of the gates [gates][units]. */
struct memory {
    int32_t *of_input, *of_hidden;
    int16_t *gates;
    uint32_t *operands;
};

/* A factor with what it adds before its shift. */
struct scaling {
    int32_t multiplier, shift, half;
};

static inline struct scaling scaling_of(int32_t multiplier, int32_t shift) {
    const struct scaling s = {multiplier, shift, 1 << (shift - 1)};
    return s;
}

static inline int32_t scale(int32_t x, struct scaling s) {
    return nn_ssat16(nn_smmlar(2 * x, s.multiplier, s.half + (x >> 31)) >> s.shift);
}

/* Any factor: `twice` is 2 to the power of what is shifted left, plus one; `sign` masks what halves are rounded by. */
struct any_scaling {
    int32_t multiplier, shift, half, twice, sign;
};

static inline struct any_scaling any_scaling_of(int32_t multiplier, int32_t shift) {
    if (shift > 0) {
        const struct any_scaling small = {multiplier, shift, 1 << (shift - 1), 2, -1};
        return small;
    }
    const struct any_scaling large = {multiplier, 0, 0, 2 << -shift, 0};
    return large;
}

static inline int32_t scale_any(int32_t x, struct any_scaling s) {
    return nn_ssat16(nn_smmlar(x * s.twice, s.multiplier, s.half + (x >> 31 & s.sign)) >> s.shift);
}

/* As nn_logistic_s16 and nn_tanh_s16, of x in units of 1 / (3 * 4096). For negative x, -y - 1 are y's bits inverted. */
static inline int32_t logistic(const uint16_t *table, int32_t x) {
    const uint32_t magnitude = (uint32_t)(x < 0 ? -x : x);
    const uint32_t at = magnitude >> 9;
    uint32_t y = UINT32_C(0x7fff) << 10;
    if (at < 255) {
        const uint32_t here = table[at];
        y = (here << 9) + (magnitude & 0x1FF) * (table[at + 1] - here);
    }
    return (int32_t)((y ^ (uint32_t)(x >> 31)) + (1 << 9)) >> 10 & INT16_MAX;
}

static inline int32_t tanh_of(const uint16_t *table, int32_t x) {
    const uint32_t magnitude = (uint32_t)(x < 0 ? -x : x);
    const uint32_t at = magnitude >> 8;
    uint32_t y = UINT32_C(0xffff) << 8;
    if (at < 255) {
        const uint32_t here = table[at];
        y = (here << 8) + (magnitude & 0xFF) * (table[at + 1] - here);
    }
    return ((((int32_t)y - (1 << 23)) ^ (x >> 31)) + (1 << 7)) >> 8;
}

/* One gate of all units. `function` is a constant where this is called. */
static inline __attribute__((always_inline)) void gate_of(const struct nn_lstm_s8_dsp *op, const struct memory *memory,
                                                          int32_t gate,
                                                          int32_t (*function)(const uint16_t *table, int32_t x)) {
    const struct scaling of_input = scaling_of(op->of_input.multiplier[gate], op->of_input.shift[gate]);
    const struct scaling of_hidden = scaling_of(op->of_hidden.multiplier[gate], op->of_hidden.shift[gate]);
    const uint16_t *table = op->sigmoid;
    const int32_t *in = memory->of_input + gate, *hidden = memory->of_hidden + gate;
    int16_t *value = memory->gates + gate * op->units;
    for (const int16_t *end = value + op->units; value != end; in += NN_LSTM_GATES, hidden += NN_LSTM_GATES) {
        *value++ = (int16_t)function(table, 3 * nn_ssat16(scale(*in, of_input) + scale(*hidden, of_hidden)));
    }
}

/* The same where a factor is a half or more. */
NN_APART static void gate_of_any(const struct nn_lstm_s8_dsp *op, const struct memory *memory, int32_t gate) {
    const struct any_scaling of_input = any_scaling_of(op->of_input.multiplier[gate], op->of_input.shift[gate]);
    const struct any_scaling of_hidden = any_scaling_of(op->of_hidden.multiplier[gate], op->of_hidden.shift[gate]);
    const uint16_t *table = op->sigmoid;
    const int32_t *in = memory->of_input + gate, *hidden = memory->of_hidden + gate;
    int16_t *value = memory->gates + gate * op->units;
    for (const int16_t *end = value + op->units; value != end; in += NN_LSTM_GATES, hidden += NN_LSTM_GATES) {
        const int32_t x = 3 * nn_ssat16(scale_any(*in, of_input) + scale_any(*hidden, of_hidden));
        *value++ = (int16_t)(gate == NN_LSTM_CELL ? tanh_of(table, x) : logistic(table, x));
    }
}

NN_APART static void logistic_gate(const struct nn_lstm_s8_dsp *op, const struct memory *memory, int32_t gate) {
    gate_of(op, memory, gate, logistic);
}

NN_APART static void tanh_gate(const struct nn_lstm_s8_dsp *op, const struct memory *memory, int32_t gate) {
    gate_of(op, memory, gate, tanh_of);
}

/* Cells and outputs of all units. */
NN_APART static void next_state(const struct nn_lstm_s8_dsp *op, const int16_t *gates, int16_t *cell, int8_t *output) {
    const struct scaling forget = scaling_of(op->forget.multiplier, op->forget.shift);
    const struct scaling enter = scaling_of(op->input.multiplier, op->input.shift);
    const struct scaling leave = scaling_of(op->output.multiplier, op->output.shift);
    const int32_t half = op->tanh_shift > 0 ? 1 << (op->tanh_shift - 1) : 0;
    const int32_t units = op->units;
    for (int32_t unit = 0; unit < units; ++unit, ++gates) {
        const int32_t kept = scale(gates[NN_LSTM_FORGET * units] * cell[unit], forget);
        const int32_t entered = scale(gates[NN_LSTM_INPUT * units] * gates[NN_LSTM_CELL * units], enter);
        int32_t sum = nn_ssat16(kept + entered);
        if (op->cell_clip > 0) {
            sum = sum < -op->cell_clip ? -op->cell_clip : sum > op->cell_clip ? op->cell_clip : sum;
        }
        cell[unit] = (int16_t)sum;
        const int32_t y = tanh_of(op->sigmoid, (sum * op->tanh_multiplier + half) >> op->tanh_shift);
        output[unit] = (int8_t)nn_ssat8(scale(y * gates[NN_LSTM_OUTPUT * units], leave) + op->output_zero_point);
    }
}

/* The gates read the hidden state of all units before the step: the new one waits in the output. */
static void step(const struct nn_lstm_s8_dsp *op, const struct memory *memory, const int8_t *input, int8_t *hidden,
                 int16_t *cell, int8_t *output) {
    const int32_t rows = NN_LSTM_GATES * op->units;
    nn_dense_sums_s8_dsp(op->of_input.stream, input, op->of_input.size, memory->operands, memory->of_input, rows);
    nn_dense_sums_s8_dsp(op->of_hidden.stream, hidden, op->of_hidden.size, memory->operands, memory->of_hidden, rows);
    for (int32_t gate = 0; gate < NN_LSTM_GATES; ++gate) {
        if (op->of_input.shift[gate] < 1 || op->of_hidden.shift[gate] < 1) {
            gate_of_any(op, memory, gate);
        } else if (gate == NN_LSTM_CELL) {
            tanh_gate(op, memory, gate);
        } else {
            logistic_gate(op, memory, gate);
        }
    }
    next_state(op, memory->gates, cell, output);
    memcpy(hidden, output, (size_t)op->units);
}

void nn_lstm_s8_dsp(const struct nn_lstm_s8_dsp *op, const int8_t *input, int8_t *hidden_state, int16_t *cell_state,
                    int8_t *output, void *scratch) {
    int32_t *sums = scratch;
    const struct memory memory = {sums, sums + NN_LSTM_GATES * op->units,
                                  (int16_t *)(sums + 2 * NN_LSTM_GATES * op->units),
                                  (uint32_t *)(sums + 2 * NN_LSTM_GATES * op->units + 2 * op->units)};
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t i = 0; i < op->steps; ++i) {
            step(op, &memory, input + batch * op->input_batch_stride + i * op->input_step_stride, hidden_state,
                 cell_state, output + batch * op->output_batch_stride + i * op->output_step_stride);
        }
        hidden_state += op->units;
        cell_state += op->units;
    }
}
