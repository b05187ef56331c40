#include <string.h>

#include "nn_lstm.h"
#include "nn_requant.h"

static int16_t clamp_s16(int32_t x) {
    return (int16_t)nn_clamp(x, INT16_MIN, INT16_MAX);
}

/* What all gates of one unit make of the values, 12 fractional bits. */
static void nn_lstm_sums(const struct nn_lstm_weights *op, const int8_t *values, int32_t unit, int32_t *sums) {
    const int8_t *weights = op->weights + (ptrdiff_t)unit * op->size * NN_LSTM_GATES;
    const int32_t *bias = op->bias + (ptrdiff_t)unit * NN_LSTM_GATES;
    int32_t acc0 = bias[0], acc1 = bias[1], acc2 = bias[2], acc3 = bias[3];
    for (int32_t i = 0; i < op->size; ++i) {
        const int32_t value = values[i];
        acc0 += weights[0] * value;
        acc1 += weights[1] * value;
        acc2 += weights[2] * value;
        acc3 += weights[3] * value;
        weights += NN_LSTM_GATES;
    }
    sums[0] = clamp_s16(nn_requantize(acc0, op->multiplier[0], op->shift[0]));
    sums[1] = clamp_s16(nn_requantize(acc1, op->multiplier[1], op->shift[1]));
    sums[2] = clamp_s16(nn_requantize(acc2, op->multiplier[2], op->shift[2]));
    sums[3] = clamp_s16(nn_requantize(acc3, op->multiplier[3], op->shift[3]));
}

static int16_t nn_lstm_tanh(const struct nn_sigmoid_s16 *scaling, int16_t x) {
    nn_tanh_s16(scaling, &x, &x);
    return x;
}

/* The gates of one unit. */
static void nn_lstm_gates(const struct nn_lstm_s8 *op, const int8_t *input, const int8_t *hidden, int32_t unit,
                          int16_t *gates) {
    int32_t of_input[NN_LSTM_GATES], of_hidden[NN_LSTM_GATES];
    nn_lstm_sums(&op->of_input, input, unit, of_input);
    nn_lstm_sums(&op->of_hidden, hidden, unit, of_hidden);
    for (int gate = 0; gate < NN_LSTM_GATES; ++gate) {
        gates[gate] = clamp_s16(of_input[gate] + of_hidden[gate]);
        if (gate == NN_LSTM_CELL) {
            gates[gate] = nn_lstm_tanh(&op->gate_to_sigmoid, gates[gate]);
        } else {
            nn_logistic_s16(&op->gate_to_sigmoid, &gates[gate], &gates[gate]);
        }
    }
}

static int16_t next_cell(const struct nn_lstm_s8 *op, const int16_t *gates, int16_t cell) {
    const int32_t old = gates[NN_LSTM_FORGET] * cell;
    const int32_t new = gates[NN_LSTM_INPUT] * gates[NN_LSTM_CELL];
    const int16_t kept = clamp_s16(nn_requantize(old, op->forget_multiplier, op->forget_shift));
    const int16_t entered = clamp_s16(nn_requantize(new, op->input_multiplier, op->input_shift));
    const int16_t sum = clamp_s16(kept + entered);
    return op->cell_clip > 0 ? (int16_t)nn_clamp(sum, -op->cell_clip, op->cell_clip) : sum;
}

/* The gates read the hidden state of all units before the step: the new one waits in the output. */
static void nn_lstm_step(const struct nn_lstm_s8 *op, const int8_t *input, int8_t *hidden, int16_t *cell,
                         int8_t *output) {
    for (int32_t unit = 0; unit < op->units; ++unit) {
        int16_t gates[NN_LSTM_GATES];
        nn_lstm_gates(op, input, hidden, unit, gates);
        cell[unit] = next_cell(op, gates, cell[unit]);
        const int32_t product = nn_lstm_tanh(&op->cell_to_tanh, cell[unit]) * gates[NN_LSTM_OUTPUT];
        const int32_t scaled = nn_requantize(product, op->output_multiplier, op->output_shift);
        output[unit] = (int8_t)nn_clamp(scaled + op->output_zero_point, INT8_MIN, INT8_MAX);
    }
    memcpy(hidden, output, (size_t)op->units);
}

void nn_lstm_s8(const struct nn_lstm_s8 *op, const int8_t *input, int8_t *hidden_state, int16_t *cell_state,
                int8_t *output) {
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t i = 0; i < op->steps; ++i) {
            const ptrdiff_t from = (ptrdiff_t)batch * op->input_batch_stride + (ptrdiff_t)i * op->input_step_stride;
            const ptrdiff_t to = (ptrdiff_t)batch * op->output_batch_stride + (ptrdiff_t)i * op->output_step_stride;
            nn_lstm_step(op, input + from, hidden_state, cell_state, output + to);
        }
        hidden_state += op->units;
        cell_state += op->units;
    }
}
