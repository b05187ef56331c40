/* The part of a depthwise window that is inside the image, for kernels that compute four outputs of a pixel by it. */
#ifndef NN_DEPTHWISE_TAPS_H
#define NN_DEPTHWISE_TAPS_H

#include "nn_window.h"

/* Distances are in bytes: `step` from one column of the input to the next, `next_row` from behind a row's last column
 * to the next row's first, `left_out` over the weights outside between two rows, `to_first` from where the four
 * outputs' constants begin to the first weights inside, `to_tail` from behind the last row's weights to what follows
 * them all. */
struct nn_depthwise_taps {
    int32_t rows, columns;
    int32_t step, next_row, left_out, to_first, to_tail;
    int32_t positive; /* whether what is below 0 becomes 0 */
};

/* All but `positive`, of weights with `tap_bytes` for each place of the window that begin after `head_bytes`. */
static inline void nn_depthwise_fit(const struct nn_window *window, int32_t pixel_bytes, int32_t tap_bytes,
                                    int32_t head_bytes, struct nn_span rows, struct nn_span columns,
                                    struct nn_depthwise_taps *taps) {
    const int32_t begin = rows.begin * window->kernel_width + columns.begin;
    taps->columns = columns.end - columns.begin;
    taps->rows = taps->columns > 0 && rows.end > rows.begin ? rows.end - rows.begin : 0;
    taps->step = window->dilation_width * pixel_bytes;
    taps->next_row = window->dilation_height * window->input_width * pixel_bytes - taps->columns * taps->step;
    taps->left_out = (window->kernel_width - taps->columns) * tap_bytes;
    taps->to_first = head_bytes + begin * tap_bytes;
    taps->to_tail = ((window->kernel_height - taps->rows) * window->kernel_width - begin) * tap_bytes;
}

#endif
