#include "nn_f32.h"

#include "nn_exp.h"

/* exp(x) = 2^(k / 32) * 2^(r / 32) for a whole k and |r| <= 1/2: the first factor from a table, the second from a
 * polynomial. In doubles, of degree 3, that defines the result. Cores without doubles take a thousand instructions for
 * it, so first the same is done in integers, of degree 4, within 2^-33 of exp(x). The result in doubles is within
 * 2^-33, too. Where the one in integers is further than 2^-31 from where rounding to float changes, both round to the
 * same: in all but one case of 128. */
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

/* exp(x) for any x. */
static float in_doubles(float x) {
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

/* log2(e), whole bits and fraction: 30 fractional bits, and 32 more; log(2), 31 fractional bits. */
static const uint32_t LOG2_E = 0x5C551D94;
static const uint32_t LOG2_E_MORE = 0xAE0BF85E;
static const int32_t LOG_2 = 0x58B90BFC;

/* Fractional bits of x * log2(e), of which `int32_t` has those of r / 32, and of a table's entry. */
enum { FRACTION = 37, ENTRY_FRACTION = 52, FLOAT_FRACTION = 23, SPARE = ENTRY_FRACTION - FLOAT_FRACTION };

/* The high half of a product. */
static inline int32_t high(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b) >> 32);
}

/* x * log2(e) with FRACTION fractional bits, |x| < 128. */
static int64_t binary_logarithm(float x) {
    const uint32_t bits = nn_bits_f32(x);
    const uint32_t mantissa = (bits & ((UINT32_C(1) << FLOAT_FRACTION) - 1)) | UINT32_C(1) << FLOAT_FRACTION;
    const uint32_t shift = 127 + FLOAT_FRACTION + 30 - FRACTION - ((bits >> FLOAT_FRACTION) & 0xFF);
    const uint64_t product = (uint64_t)mantissa * LOG2_E + (uint32_t)(((uint64_t)mantissa * LOG2_E_MORE) >> 32);
    const int64_t magnitude = shift > 63 ? 0 : (int64_t)(product >> shift);
    return x < 0.0F ? -magnitude : magnitude;
}

/* 2^(r / 32) - 1 with 36 fractional bits, r / 32 with FRACTION. */
static int32_t power_less_one(int32_t r) {
    const int32_t w = high(r, LOG_2); /* 36 fractional bits; its powers 40, 44 and 48 */
    const int32_t squared = high(w, w);
    const int32_t cubed = high(squared, w);
    const int32_t fourth = high(cubed, w);
    return w + (squared >> 5) + (high(cubed, 0x2AAAAAAB) >> 8) + (high(fourth, 0x0AAAAAAB) >> 12);
}

float nn_exp_f32_of(float x) {
    if (!(x > -87.0F && x < 88.0F)) {
        return in_doubles(x);
    }
    const int64_t logarithm = binary_logarithm(x);
    const int32_t r = (int32_t)(uint32_t)(uint64_t)logarithm;
    const int32_t steps = (int32_t)((logarithm - r) >> 32);
    const uint64_t one = UINT64_C(1) << ENTRY_FRACTION;
    const uint64_t entry = (bits_of(POWERS[steps & (STEPS - 1)]) & (one - 1)) | one;
    const int64_t change = (int64_t)power_less_one(r) * (int64_t)(entry >> 21); /* 36 + 31 fractional bits */
    uint64_t power = entry + (uint64_t)(change >> (36 + 31 - ENTRY_FRACTION));
    int32_t exponent = steps >> STEP_BITS;
    if (power < one) {
        power *= 2;
        --exponent;
    }
    const uint32_t half = UINT32_C(1) << (SPARE - 1);
    const uint32_t margin = UINT32_C(1) << (ENTRY_FRACTION - 31);
    if (((uint32_t)power & (2 * half - 1)) - (half - margin) < 2 * margin) {
        return in_doubles(x);
    }
    const uint32_t mantissa = (uint32_t)((power + half) >> SPARE);
    return nn_from_bits_f32(((uint32_t)(exponent + 126) << FLOAT_FRACTION) + mantissa);
}
