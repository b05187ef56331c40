#include "nn_f32.h"

#include "nn_unary.h"

/* log(x) = k * log(2) + log(c) + log(z / c) for z in [0.7, 1.4] and a c near it, all in doubles: 1 / c and log(c) from
 * a table, the last from a polynomial of degree 3. */
enum { STEP_BITS = 4, STEPS = 1 << STEP_BITS };

struct step {
    double reciprocal, logarithm;
};

static const struct step TABLE[STEPS] = {
    {0x1.661ec79f8f3bep+0, -0x1.57bf7808caadep-2}, {0x1.571ed4aaf883dp+0, -0x1.2bef0a7c06ddbp-2},
    {0x1.49539f0f010bp+0, -0x1.01eae7f513a67p-2},  {0x1.3c995b0b80385p+0, -0x1.b31d8a68224e9p-3},
    {0x1.30d190c8864a5p+0, -0x1.6574f0ac07758p-3}, {0x1.25e227b0b8eap+0, -0x1.1aa2bc79c81p-3},
    {0x1.1bb4a4a1a343fp+0, -0x1.a4e76ce8c0e5ep-4}, {0x1.12358f08ae5bap+0, -0x1.1973c5a611cccp-4},
    {0x1.0953f419900a7p+0, -0x1.252f438e10c1ep-5}, {1.0, 0.0},
    {0x1.e608cfd9a47acp-1, 0x1.aa5aa5df25984p-5},  {0x1.ca4b31f026aap-1, 0x1.c5e53aa362eb4p-4},
    {0x1.b2036576afce6p-1, 0x1.526e57720db08p-3},  {0x1.9c2d163a1aa2dp-1, 0x1.bc2860d22477p-3},
    {0x1.886e6037841edp-1, 0x1.1058bc8a07ee1p-2},  {0x1.767dcf5534862p-1, 0x1.4043057b6ee09p-2},
};

static const uint32_t LEAST_Z = UINT32_C(0x3f330000); /* the bits of 0.699 */
static const uint32_t INFINITE = UINT32_C(0x7f800000);
static const uint32_t SMALLEST_NORMAL = UINT32_C(0x00800000);

static float logarithm(float x) {
    uint32_t bits = nn_bits_f32(x);
    if (x != x || bits == INFINITE) {
        return x;
    }
    if (x == 0.0F) {
        return -nn_from_bits_f32(INFINITE);
    }
    if (x < 0.0F) {
        return (x - x) / (x - x);
    }
    if (bits < SMALLEST_NORMAL) {
        bits = nn_bits_f32(x * 0x1p23F) - (UINT32_C(23) << 23);
    }
    const uint32_t above = bits - LEAST_Z;
    const struct step *step = &TABLE[above >> (23 - STEP_BITS) & (STEPS - 1)];
    const double k = (double)((int32_t)above >> 23);
    const double z = (double)nn_from_bits_f32(bits - (above & UINT32_C(0xff800000)));
    const double r = z * step->reciprocal - 1.0;
    const double low = step->logarithm + k * 0x1.62e42fefa39efp-1;
    const double squared = r * r;
    const double high = 0x1.5575b0be00b6ap-2 * r - 0x1.ffffef20a4123p-2;
    return (float)((-0x1.00ea348b88334p-2 * squared + high) * squared + (low + r));
}

void nn_log_f32(const struct nn_unary *op, const float *input, float *output) {
    for (int32_t i = 0; i < op->count; ++i) {
        output[i] = logarithm(input[i]);
    }
}
