#include "nn_f32.h"

#include "nn_signal_fft.h"

typedef float real;

struct complex {
    float r, i;
};

static float product(float a, float b) {
    return a * b;
}

static float scaled(float x, int32_t divisor) {
    (void)divisor;
    return x;
}

static struct complex times(struct complex a, struct complex b) {
    const struct complex result = {a.r * b.r - a.i * b.i, a.r * b.i + a.i * b.r};
    return result;
}

static float half(float x) {
    return x * 0.5F;
}

static float plus(float a, float b) {
    return a + b;
}

static float minus(float a, float b) {
    return a - b;
}

static float negative(float a) {
    return -a;
}

static float sum3(float a, float b, float c) {
    return a + b + c;
}

static float total3(float a, float b, float c) {
    return a + (b + c);
}

static float half_sum(float a, float b) {
    return half(a + b);
}

static float half_difference(float a, float b) {
    return half(a - b);
}

#include "nn_signal_fft_stages.h"

void nn_signal_rfft_f32(const struct nn_signal_fft *op, const float *input, float *output) {
    forward(op, input, output);
}

void nn_signal_irfft_f32(const struct nn_signal_fft *op, const float *input, float *output, void *scratch) {
    backward(op, input, output, scratch);
    for (int32_t i = 0; i < op->rows * op->length; ++i) {
        output[i] /= (float)op->length;
    }
}
