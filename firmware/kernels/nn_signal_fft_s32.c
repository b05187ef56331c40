#include "nn_signal_fft.h"

/* Sums and differences lose the bits that do not fit in int32; products are rounded, halves up. */
typedef int32_t real;

struct complex {
    int32_t r, i;
};

static int32_t rounded(int64_t x) {
    return (int32_t)((x + (1 << 30)) >> 31);
}

static int32_t product(int32_t a, int32_t b) {
    return rounded((int64_t)a * b);
}

static int32_t scaled(int32_t x, int32_t divisor) {
    return rounded((int64_t)x * (INT32_MAX / divisor));
}

static struct complex times(struct complex a, struct complex b) {
    const struct complex result = {rounded((int64_t)a.r * b.r - (int64_t)a.i * b.i),
                                   rounded((int64_t)a.r * b.i + (int64_t)a.i * b.r)};
    return result;
}

static int32_t half(int32_t x) {
    return x >> 1;
}

static int32_t plus(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static int32_t minus(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

static int32_t negative(int32_t a) {
    return minus(0, a);
}

static int32_t sum3(int32_t a, int32_t b, int32_t c) {
    return plus(plus(a, b), c);
}

static int32_t total3(int32_t a, int32_t b, int32_t c) {
    return plus(a, plus(b, c));
}

static int32_t half_sum(int32_t a, int32_t b) {
    return half(plus(a, b));
}

static int32_t half_difference(int32_t a, int32_t b) {
    return half(minus(a, b));
}

#include "nn_signal_fft_stages.h"

void nn_signal_rfft_s32(const struct nn_signal_fft *op, const int32_t *input, int32_t *output) {
    forward(op, input, output);
}

void nn_signal_irfft_s32(const struct nn_signal_fft *op, const int32_t *input, int32_t *output, void *scratch) {
    backward(op, input, output, scratch);
}
