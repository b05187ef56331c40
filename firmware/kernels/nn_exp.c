#include "nn_f32.h"

#include "nn_exp.h"

/* exp(x) = 2^(k / 32) * 2^(r / 32) for a whole k and |r| <= 1/2, all in doubles: the first factor from a table, the
 * second from a polynomial of degree 3. */
enum { STEPS = 32, STEP_BITS = 5 };

/* 2^(i / 32), rounded to nearest. */
static const double POWERS[STEPS] = {
    0x1.0000000000000p0, 0x1.059b0d3158574p0, 0x1.0b5586cf9890fp0, 0x1.11301d0125b51p0, 0x1.172b83c7d517bp0,
    0x1.1d4873168b9aap0, 0x1.2387a6e756238p0, 0x1.29e9df51fdee1p0, 0x1.306fe0a31b715p0, 0x1.371a7373aa9cbp0,
    0x1.3dea64c123422p0, 0x1.44e086061892dp0, 0x1.4bfdad5362a27p0, 0x1.5342b569d4f82p0, 0x1.5ab07dd485429p0,
    0x1.6247eb03a5585p0, 0x1.6a09e667f3bcdp0, 0x1.71f75e8ec5f74p0, 0x1.7a11473eb0187p0, 0x1.82589994cce13p0,
    0x1.8ace5422aa0dbp0, 0x1.93737b0cdc5e5p0, 0x1.9c49182a3f090p0, 0x1.a5503b23e255dp0, 0x1.ae89f995ad3adp0,
    0x1.b7f76f2fb5e47p0, 0x1.c199bdd85529cp0, 0x1.cb720dcef9069p0, 0x1.d5818dcfba487p0, 0x1.dfc97337b9b5fp0,
    0x1.ea4afa2a490dap0, 0x1.f50765b6e4540p0,
};

/* Its logarithm is that of the smallest float above all, and of half the smallest below which results round to 0. */
static const float OVERFLOWS_ABOVE = 0x1.62e42ep6F;
static const float ZERO_BELOW = -0x1.9fe368p6F;

/* Adding it rounds a double to a whole number and leaves that in the low bits. */
static const double ROUNDING = 0x1.8p52;

static uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double power_of_two(int32_t steps) {
    const uint64_t bits = bits_of(POWERS[steps & (STEPS - 1)]) + ((uint64_t)(steps >> STEP_BITS) << 52);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

float nn_exp_f32_of(float x) {
    if (x != x) {
        return x;
    }
    if (x > OVERFLOWS_ABOVE) {
        return nn_from_bits_f32(UINT32_C(0x7f800000));
    }
    if (x < ZERO_BELOW) {
        return 0.0F;
    }
    /* x * 32 / log(2) in two parts, the first one exact, for a rest as exact as a fused multiplication gives. */
    const double large = 0x1.7154765p5 * (double)x;
    const double small = 0x1.5c17fp-26 * (double)x;
    const double rounded = large + small + ROUNDING;
    const double r = large - (rounded - ROUNDING) + small;
    const double squared = r * r;
    const double cubic = 0x1.c6af84b912394p-5 / (double)STEPS / (double)STEPS / (double)STEPS * r +
                         0x1.ebfce50fac4f3p-3 / (double)STEPS / (double)STEPS;
    const double linear = 0x1.62e42ff0c52d6p-1 / (double)STEPS * r + 1.0;
    return (float)((cubic * squared + linear) * power_of_two((int32_t)(uint32_t)bits_of(rounded)));
}
