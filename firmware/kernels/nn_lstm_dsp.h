/* Long short-term memory layers for cores with the DSP extension: the results of nn_lstm_s8. */
#ifndef NN_LSTM_DSP_H
#define NN_LSTM_DSP_H

#include "nn_lstm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A factor below a half: twice a number, times `multiplier` / 2^32 rounded, then divided by 2^shift rounded, shift at
 * least 1. */
struct nn_lstm_factor_dsp {
    int32_t multiplier, shift;
};

/* The four gates of each unit are four outputs of a dense layer: a stream of nn_fully_connected_dsp.h, with the biases
 * of nn_lstm.h; each gate has a factor, as above, or one of a half or more, with a shift of 0 to -7: then the sum is
 * times 2^-shift before, and nothing is divided. Sums are below 2^23 in magnitude. */
struct nn_lstm_gates_dsp {
    int32_t size;
    const uint32_t *stream;
    int32_t multiplier[NN_LSTM_GATES], shift[NN_LSTM_GATES];
};

/* Otherwise as struct nn_lstm_s8. The tanh of the cell: times tanh_multiplier, then divided by 2^tanh_shift, rounded.
 *
 * Scratch, 4-aligned: 40 * units bytes, and 8 for each four of the larger size, rounded up. */
struct nn_lstm_s8_dsp {
    int32_t batches, steps, units;
    int32_t input_batch_stride, input_step_stride;
    int32_t output_batch_stride, output_step_stride;
    int32_t output_zero_point;
    int32_t cell_clip;
    struct nn_lstm_factor_dsp forget, input, output;
    struct nn_lstm_gates_dsp of_input, of_hidden;
    int32_t tanh_multiplier, tanh_shift;
    const uint16_t *sigmoid;
};

void nn_lstm_s8_dsp(const struct nn_lstm_s8_dsp *op, const int8_t *input, int8_t *hidden_state, int16_t *cell_state,
                    int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif
