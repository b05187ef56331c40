/* Which part of a window lies inside the image. */
#ifndef NN_WINDOW_H
#define NN_WINDOW_H

#include "nn_types.h"

/* A window's taps [begin, end) are at origin + tap * dilation; all of those lie inside the image. */
struct nn_span {
    int32_t origin, begin, end;
};

/* The taps of the window at output position `position`, along one axis of length `size`. */
static inline struct nn_span nn_window_span(int32_t position, int32_t stride, int32_t pad, int32_t dilation,
                                            int32_t kernel, int32_t size) {
    const int32_t origin = position * stride - pad;
    const int32_t begin = origin < 0 ? (dilation - 1 - origin) / dilation : 0;
    const int32_t inside = (size - origin + dilation - 1) / dilation;
    const struct nn_span span = {origin, begin, inside < kernel ? inside : kernel};
    return span;
}

static inline struct nn_span nn_window_rows(const struct nn_window *window, int32_t output_y) {
    return nn_window_span(output_y, window->stride_height, window->pad_top, window->dilation_height,
                          window->kernel_height, window->input_height);
}

static inline struct nn_span nn_window_columns(const struct nn_window *window, int32_t output_x) {
    return nn_window_span(output_x, window->stride_width, window->pad_left, window->dilation_width,
                          window->kernel_width, window->input_width);
}

#endif
