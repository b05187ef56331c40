#include <string.h>

#include "nn_lstm.h"
#include "nn_requant.h"

static int16_t clamp_s16(int32_t x) {
    return (int16_t)nn_clamp(x, INT16_MIN, INT16_MAX);
}

static int32_t dot(const int8_t *weights, const int8_t *values, int32_t zero_point, int32_t count) {
    int32_t acc = 0;
    for (int32_t i = 0; i < count; ++i) {
        acc += weights[i] * (values[i] - zero_point);
    }
    return acc;
}

/* A gate of one unit before its function, 12 fractional bits. */
static int16_t nn_lstm_sum(const struct nn_lstm_s8 *op, const struct nn_lstm_gate *gate, const int8_t *input,
                           const int8_t *hidden, int32_t unit) {
    const int8_t *recurrent_weights = gate->recurrent_weights + (ptrdiff_t)unit * op->units;
    const int8_t *input_weights = gate->input_weights + (ptrdiff_t)unit * op->input_size;
    const int32_t of_input = dot(input_weights, input, op->input_zero_point, op->input_size) + gate->bias[unit];
    const int32_t of_hidden = dot(recurrent_weights, hidden, op->hidden_zero_point, op->units);
    return clamp_s16(clamp_s16(nn_requantize(of_input, gate->input_multiplier, gate->input_shift)) +
                     clamp_s16(nn_requantize(of_hidden, gate->recurrent_multiplier, gate->recurrent_shift)));
}

static int16_t sigmoid(const struct nn_lstm_s8 *op, int16_t x) {
    nn_logistic_s16(&op->gate_to_sigmoid, &x, &x);
    return x;
}

static int16_t tanh_of(const struct nn_sigmoid_s16 *scaling, int16_t x) {
    nn_tanh_s16(scaling, &x, &x);
    return x;
}

/* The cell of one unit after a step. */
static int16_t next_cell(const struct nn_lstm_s8 *op, const int8_t *input, const int8_t *hidden, int16_t cell,
                         int32_t unit) {
    const int16_t forget = sigmoid(op, nn_lstm_sum(op, &op->forget_gate, input, hidden, unit));
    const int16_t enter = sigmoid(op, nn_lstm_sum(op, &op->input_gate, input, hidden, unit));
    const int16_t value = tanh_of(&op->gate_to_sigmoid, nn_lstm_sum(op, &op->cell_gate, input, hidden, unit));
    const int16_t kept = clamp_s16(nn_requantize(forget * cell, op->forget_multiplier, op->forget_shift));
    const int16_t entered = clamp_s16(nn_requantize(enter * value, op->input_multiplier, op->input_shift));
    const int16_t sum = clamp_s16(kept + entered);
    return op->cell_clip > 0 ? (int16_t)nn_clamp(sum, -op->cell_clip, op->cell_clip) : sum;
}

/* The gates read the hidden state of all units before the step: the new one waits in the output. */
static void step(const struct nn_lstm_s8 *op, const int8_t *input, int8_t *hidden, int16_t *cell, int8_t *output) {
    for (int32_t unit = 0; unit < op->units; ++unit) {
        cell[unit] = next_cell(op, input, hidden, cell[unit], unit);
        const int16_t leave = sigmoid(op, nn_lstm_sum(op, &op->output_gate, input, hidden, unit));
        const int32_t product = tanh_of(&op->cell_to_tanh, cell[unit]) * leave;
        const int32_t scaled = nn_requantize(product, op->output_multiplier, op->output_shift);
        output[unit] = (int8_t)nn_clamp(scaled + op->hidden_zero_point, INT8_MIN, INT8_MAX);
    }
    memcpy(hidden, output, (size_t)op->units);
}

void nn_lstm_s8(const struct nn_lstm_s8 *op, const int8_t *input, int8_t *hidden_state, int16_t *cell_state,
                int8_t *output) {
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t i = 0; i < op->steps; ++i) {
            step(op, input + (ptrdiff_t)batch * op->input_batch_stride + (ptrdiff_t)i * op->input_step_stride,
                 hidden_state, cell_state,
                 output + (ptrdiff_t)batch * op->output_batch_stride + (ptrdiff_t)i * op->output_step_stride);
        }
        hidden_state += op->units;
        cell_state += op->units;
    }
}
