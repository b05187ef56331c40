/* Long short-term memory layers, int8 activations and weights, an int16 cell state. */
#ifndef NN_LSTM_H
#define NN_LSTM_H

#include "nn_unary.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The gates, in the order in which their weights, biases and factors lie side by side. */
enum { NN_LSTM_INPUT, NN_LSTM_FORGET, NN_LSTM_CELL, NN_LSTM_OUTPUT, NN_LSTM_GATES };

/* What the gates make of the input, or of the hidden state, of `size` elements: weights [units, size, gates],
 * bias [units, gates], which includes -(zero point) * (sum of the weights), and the factors, as in nn_requant, that
 * bring the sums to 12 fractional bits. Sums fit in int32. */
struct nn_lstm_weights {
    int32_t size;
    const int8_t *weights;
    const int32_t *bias;
    int32_t multiplier[NN_LSTM_GATES], shift[NN_LSTM_GATES];
};

/* input [batches, steps, size], output [batches, steps, units]; a step of a batch begins at
 * batch * batch_stride + step * step_stride elements, so that time may come first as well. hidden_state and
 * cell_state [batches, units] keep their values from one call to the next.
 *
 * For each step: cell = forget gate * cell + input gate * cell gate, hidden = output gate * tanh(cell), which is the
 * output. All four gates are of the input and of the hidden state before the step; the cell gate is a tanh, the others
 * are logistic functions. Factors are as in nn_requant: forget of the first product, input of the second, output of the
 * third. A cell_clip above 0 limits the cell's magnitude. cell_to_tanh brings the cell to the unit that tanh takes, as
 * in nn_sigmoid_s16, with its count 1; so does gate_to_sigmoid for 12 fractional bits. */
struct nn_lstm_s8 {
    int32_t batches, steps, units;
    int32_t input_batch_stride, input_step_stride;
    int32_t output_batch_stride, output_step_stride;
    int32_t output_zero_point;
    int32_t cell_clip;
    int32_t forget_multiplier, forget_shift;
    int32_t input_multiplier, input_shift;
    int32_t output_multiplier, output_shift;
    struct nn_lstm_weights of_input, of_hidden;
    struct nn_sigmoid_s16 gate_to_sigmoid, cell_to_tanh;
};

void nn_lstm_s8(const struct nn_lstm_s8 *op, const int8_t *input, int8_t *hidden_state, int16_t *cell_state,
                int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
