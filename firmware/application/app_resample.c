#include "app_resample.h"

#include <string.h>

#ifdef __ARM_FEATURE_DSP
/* Two samples side by side, at any address. */
static uint32_t pair(const void *at) {
    uint32_t both;
    memcpy(&both, at, sizeof both);
    return both;
}

/* Both products added to the sum. Not by arm_acle.h, whose older versions have no such function. */
static int32_t smlad(uint32_t samples, uint32_t filter, int32_t sum) {
    int32_t result;
    __asm__("smlad %0, %1, %2, %3" : "=r"(result) : "r"(samples), "r"(filter), "r"(sum));
    return result;
}
#endif

/* The sum of products of one channel's samples, which are `stride` bytes apart. */
static int32_t products(const int16_t *coefficients, const uint8_t *samples, uint32_t count, uint32_t stride) {
    int32_t sum = 0;

#ifdef __ARM_FEATURE_DSP
    /* Samples side by side, two at a time: the same sum, for it stays within int32 in any order. */
    for (; stride == sizeof(int16_t) && count >= 4; count -= 4, samples += 8, coefficients += 4) {
        sum = smlad(pair(samples), pair(coefficients), sum);
        sum = smlad(pair(samples + 4), pair(coefficients + 2), sum);
    }
#endif
    for (; count > 0; --count) {
        int16_t sample;
        memcpy(&sample, samples, sizeof sample);
        sum += *coefficients++ * sample;
        samples += stride;
    }
    return sum;
}

void app_resample(const struct app_resampler *resampler, uint32_t phase, uint32_t channels, uint32_t zeros,
                  const void *first, uint32_t first_count, const void *rest, void *output) {
    const int16_t *filter = resampler->coefficients + (size_t)phase * resampler->taps + zeros;
    const uint32_t rest_count = resampler->taps - zeros - first_count;
    const uint32_t stride = channels * (uint32_t)sizeof(int16_t);

    for (uint32_t channel = 0; channel < channels; ++channel) {
        const size_t offset = channel * sizeof(int16_t);
        int32_t sum = 1 << (APP_COEFFICIENT_BITS - 1);
        sum += products(filter, (const uint8_t *)first + offset, first_count, stride);
        sum += products(filter + first_count, (const uint8_t *)rest + offset, rest_count, stride);
        sum >>= APP_COEFFICIENT_BITS;
        const int16_t sample = (int16_t)(sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum);
        memcpy((uint8_t *)output + offset, &sample, sizeof sample);
    }
}
