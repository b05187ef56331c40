#include "app_windows.h"

#include "app_ring.h"
#include "nn_network_ticks.h"

/* Where the resampler is: zeros before the first sample that its next output takes, and which of its filters is next;
 * outputs that wait for a window, and where the first of them is; what they took since the last hop. */
static uint32_t zeros, phase, resampled, resampled_at, resampling_ticks;

void app_windows_begin_anew(void) {
    phase = resampled = resampled_at = resampling_ticks = 0;
    zeros = app_config.resampler == NULL ? 0 : app_config.resampler->taps / 2 - 1;
}

/* The resampler's next output, and on to the one behind it; false if not all of its samples have come. */
static bool resample_one(void) {
    const struct app_resampler *resampler = app_config.resampler;
    const uint32_t inputs = resampler->taps - zeros;

    if (app_ring_connected() < inputs) {
        return false;
    }
    const uint32_t oldest = app_ring.out % app_config.capacity;
    const uint32_t until_end = app_config.capacity - oldest;
    const uint32_t place = (resampled_at + resampled) % app_config.window;
    app_resample(resampler, phase, app_config.sample_bytes / (uint32_t)sizeof(int16_t), zeros,
                 app_config.ring + (size_t)oldest * app_config.sample_bytes, inputs < until_end ? inputs : until_end,
                 app_config.ring, app_config.resampled + (size_t)place * app_config.sample_bytes);
    ++resampled;
    phase += resampler->down;
    const uint32_t ahead = phase / resampler->up;
    phase %= resampler->up;
    const uint32_t fewer = ahead < zeros ? ahead : zeros;
    zeros -= fewer;
    app_ring_drop(ahead - fewer);
    return true;
}

bool app_windows_ready(void) {
    if (app_config.resampler == NULL) {
        return app_ring_connected() >= app_config.window;
    }
    /* The first window's are made while it fills: to a hop belong as many outputs as it drops. */
    while (resampled < app_config.window - app_config.hop && resample_one()) {
    }
    const uint32_t begin = nn_network_ticks();
    while (resampled < app_config.window && resample_one()) {
    }
    resampling_ticks += nn_network_ticks() - begin;
    return resampled == app_config.window;
}

uint32_t app_windows_take_ticks(void) {
    const uint32_t taken = resampling_ticks;
    resampling_ticks = 0;
    return taken;
}

uint32_t app_windows_behind(void) {
    return app_ring_position() +
           (app_config.resampler == NULL ? app_config.window : app_config.resampler->taps / 2 - 1 - zeros);
}

void app_windows_copy(uint8_t *samples) {
    if (app_config.resampler == NULL) {
        app_ring_copy(samples, app_config.window);
    } else {
        app_copy_round(samples, app_config.resampled, app_config.window, resampled_at, app_config.window);
    }
}

void app_windows_drop_hop(void) {
    if (app_config.resampler == NULL) {
        app_ring_drop(app_config.hop);
    } else {
        resampled -= app_config.hop;
        resampled_at = (resampled_at + app_config.hop) % app_config.window;
    }
}
