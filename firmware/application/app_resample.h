/* Samples of one rate out of those of another: a polyphase filter in integers. What it computes is defined here for the
 * board, and in boardproof/model/resampling.py for the host; tests hold the two together. */
#ifndef BOARDPROOF_APP_RESAMPLE_H
#define BOARDPROOF_APP_RESAMPLE_H

#include <stdint.h>

#include "app_names.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { APP_COEFFICIENT_BITS = 15 };

/* Output sample n stands at input sample n * down / up, and takes `taps` input samples, half of them behind that place.
 * Each filter adds up to 1, and its magnitudes to less than 2. taps is even and at least 2, up and down at least 1. */
struct app_resampler {
    uint32_t up, down, taps;
    const int16_t *coefficients; /* up filters of taps */
};

/* One output sample of all channels by the filter `phase`. Its inputs are `zeros` zeros, `first_count` samples at
 * `first`, and the others, if there are any, at `rest`; all of int16, channels side by side, at any address. */
void app_resample(const struct app_resampler *resampler, uint32_t phase, uint32_t channels, uint32_t zeros,
                  const void *first, uint32_t first_count, const void *rest, void *output);

#ifdef __cplusplus
}
#endif

#endif
