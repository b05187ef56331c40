#include "nn_f32.h"

#include "nn_expm1.h"

/* exp(x) - 1 = 2^k * (exp(r) - 1) + (2^k - 1) for a whole k and |r| <= log(2) / 2, kept as r and what it lacks. */
static const float LOG2_HIGH = 6.9313812256e-01F; /* its low bits are zeros: multiples up to 2^7 are exact */
static const float LOG2_LOW = 9.0580006145e-06F;
static const float PER_LOG2 = 1.4426950216F;

static const float OVERFLOWS_ABOVE = 0x1.62e42ep6F;
static const float MINUS_ONE_FROM = 18.714973F; /* 27 * log(2), downwards */
static const float ITSELF_BELOW = 0x1p-25F;
static const float HALF_LOG2 = 0x1.62e430p-2F;
static const float ONE_AND_A_HALF_LOG2 = 0x1.0a2b24p0F;

/* x times 2^k, for results that are ordinary numbers. */
static float scaled(float x, int32_t k) {
    return nn_from_bits_f32(nn_bits_f32(x) + ((uint32_t)k << 23));
}

static float power_of_two(int32_t k) {
    return nn_from_bits_f32((uint32_t)(127 + k) << 23);
}

/* How many times log(2) is taken off x, at most half of it remaining. */
static int32_t multiples(float x, float magnitude) {
    if (!(magnitude > HALF_LOG2)) {
        return 0;
    }
    if (magnitude < ONE_AND_A_HALF_LOG2) {
        return x < 0.0F ? -1 : 1;
    }
    return (int32_t)(PER_LOG2 * x + (x < 0.0F ? -0.5F : 0.5F));
}

/* 2^k * (1 + r - e) - 1, in the order that loses least. */
static float composed(float r, float e, int32_t k) {
    if (k == -1) {
        return 0.5F * (r - e) - 0.5F;
    }
    if (k == 1) {
        return r < -0.25F ? -2.0F * (e - (r + 0.5F)) : 1.0F + 2.0F * (r - e);
    }
    if (k <= -2 || k > 56) {
        const float y = 1.0F - (e - r);
        return k == 128 ? y * 2.0F * 0x1p127F - 1.0F : scaled(y, k) - 1.0F;
    }
    if (k < 23) {
        return scaled(1.0F - power_of_two(-k) - (e - r), k);
    }
    return scaled(r - (e + power_of_two(-k)) + 1.0F, k);
}

float nn_expm1_f32_of(float x) {
    const float magnitude = nn_with_sign_f32(x, 0);
    if (x != x || magnitude < ITSELF_BELOW) {
        return x;
    }
    if (x > OVERFLOWS_ABOVE) {
        return nn_from_bits_f32(UINT32_C(0x7f800000));
    }
    if (x <= -MINUS_ONE_FROM) {
        return -1.0F;
    }
    const int32_t k = multiples(x, magnitude);
    const float high = x - (float)k * LOG2_HIGH;
    const float low = (float)k * LOG2_LOW;
    const float r = high - low;
    const float lacking = high - r - low;
    const float half = 0.5F * r;
    const float squared = r * half;
    const float series =
        1.0F +
        squared *
            (-3.3333335072e-02F +
             squared * (1.5873016091e-03F +
                        squared * (-7.9365076090e-05F + squared * (4.0082177293e-06F + squared * -2.0109921195e-07F))));
    const float t = 3.0F - series * half;
    const float e = squared * ((series - t) / (6.0F - r * t));
    if (k == 0) {
        return r - (r * e - squared);
    }
    return composed(r, r * (e - lacking) - lacking - squared, k);
}
