#include "nn_convert.h"

/* A number of any of the types: a float, or an integer. */
struct number {
    int is_float;
    float real;
    int64_t whole;
};

static struct number load(int32_t type, const void *input, int32_t i) {
    struct number x = {type == NN_F32, 0.0F, 0};
    switch (type) {
    case NN_S8:
        x.whole = ((const int8_t *)input)[i];
        break;
    case NN_S16:
        x.whole = ((const int16_t *)input)[i];
        break;
    case NN_S32:
        x.whole = ((const int32_t *)input)[i];
        break;
    case NN_U32:
        x.whole = ((const uint32_t *)input)[i];
        break;
    case NN_BOOL:
        x.whole = ((const uint8_t *)input)[i] != 0;
        break;
    default:
        x.real = ((const float *)input)[i];
        break;
    }
    return x;
}

/* Without the fraction, at least low and at most high, which are whole numbers of 32 bits. */
static int64_t truncated(float x, int64_t low, int64_t high) {
    if (x != x) {
        return 0;
    }
    return x <= (float)low ? low : x >= (float)high ? high : (int64_t)x;
}

static int64_t truncated_to(int32_t type, float x) {
    switch (type) {
    case NN_S8:
        return truncated(x, INT8_MIN, INT8_MAX);
    case NN_S16:
        return truncated(x, INT16_MIN, INT16_MAX);
    case NN_U32:
        return truncated(x, 0, UINT32_MAX);
    default:
        return truncated(x, INT32_MIN, INT32_MAX);
    }
}

static void store(int32_t type, struct number x, void *output, int32_t i) {
    if (type == NN_F32) {
        ((float *)output)[i] = x.is_float ? x.real : (float)x.whole;
        return;
    }
    if (type == NN_BOOL) {
        ((uint8_t *)output)[i] = x.is_float ? x.real != 0.0F : x.whole != 0;
        return;
    }
    const int64_t whole = x.is_float ? truncated_to(type, x.real) : x.whole;
    switch (type) {
    case NN_S8:
        ((int8_t *)output)[i] = (int8_t)whole;
        break;
    case NN_S16:
        ((int16_t *)output)[i] = (int16_t)whole;
        break;
    default:
        ((uint32_t *)output)[i] = (uint32_t)whole;
        break;
    }
}

void nn_cast(const struct nn_cast *op, const void *input, void *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        store(op->to, load(op->from, input, i), output, i);
    }
}
