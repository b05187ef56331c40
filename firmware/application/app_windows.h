/* Windows out of the ring: of its samples, or of what the resampler makes of them. */
#ifndef BOARDPROOF_APP_WINDOWS_H
#define BOARDPROOF_APP_WINDOWS_H

#include "app.h"

/* As at a stream's beginning. */
void app_windows_begin_anew(void);

/* Whether there is a window: as many samples, or as many outputs of the resampler, as the front end takes. */
bool app_windows_ready(void);

/* The first sample behind the window; of the resampler's outputs, the sample at the place of the first one behind. */
uint32_t app_windows_behind(void);

/* The window's samples, which stay. */
void app_windows_copy(uint8_t *samples);

/* A hop's samples are done with. */
void app_windows_drop_hop(void);

/* What the resampler took since this was asked last. */
uint32_t app_windows_take_ticks(void);

#endif
