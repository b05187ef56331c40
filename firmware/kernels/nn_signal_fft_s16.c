#include "nn_signal_fft.h"

/* Sums and differences lose the bits that do not fit in int16; products are rounded, halves up. */
typedef int16_t real;

struct complex {
    int16_t r, i;
};

static int16_t rounded(int32_t x) {
    return (int16_t)((x + (1 << 14)) >> 15);
}

static int16_t product(int16_t a, int16_t b) {
    return rounded((int32_t)a * b);
}

static int16_t scaled(int16_t x, int32_t divisor) {
    return rounded(x * (INT16_MAX / divisor));
}

static struct complex times(struct complex a, struct complex b) {
    const struct complex result = {rounded(a.r * b.r - a.i * b.i), rounded(a.r * b.i + a.i * b.r)};
    return result;
}

static int16_t half(int16_t x) {
    return (int16_t)(x >> 1);
}

static int16_t plus(int16_t a, int16_t b) {
    return (int16_t)(a + b);
}

static int16_t minus(int16_t a, int16_t b) {
    return (int16_t)(a - b);
}

static int16_t negative(int16_t a) {
    return (int16_t)-a;
}

static int16_t sum3(int16_t a, int16_t b, int16_t c) {
    return (int16_t)(a + b + c);
}

static int16_t total3(int16_t a, int16_t b, int16_t c) {
    return (int16_t)(a + b + c);
}

static int16_t half_sum(int16_t a, int16_t b) {
    return (int16_t)((a + b) >> 1);
}

static int16_t half_difference(int16_t a, int16_t b) {
    return (int16_t)((a - b) >> 1);
}

#include "nn_signal_fft_stages.h"

void nn_signal_rfft_s16(const struct nn_signal_fft *op, const int16_t *input, int16_t *output) {
    forward(op, input, output);
}

void nn_signal_irfft_s16(const struct nn_signal_fft *op, const int16_t *input, int16_t *output, void *scratch) {
    backward(op, input, output, scratch);
}
