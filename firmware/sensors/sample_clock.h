/* When a sensor's samples were ready, as far as polling tells: how many were lost because nobody fetched them in time.
 *
 * The sensor has a clock of its own, a few percent off, and keeps its last sample only. A sample that is fetched less
 * than a period late is not lost. `ready` is when the last one was, by this; it follows samples that come early at
 * once, and ones that come late by an eighth of that, so that neither the sensor's clock nor one long wait adds up. */
#ifndef BOARDPROOF_SAMPLE_CLOCK_H
#define BOARDPROOF_SAMPLE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct sample_clock {
    uint32_t ready; /* microseconds, modulo 2^32 */
    bool runs;      /* a sample has come */
};

/* How many samples are missing before the one that is fetched `now`, at a period in microseconds of at least 1. */
static inline uint32_t samples_missed(struct sample_clock *clock, uint32_t now, uint32_t period) {
    const uint32_t passed = now - clock->ready;

    if (!clock->runs || passed <= period) {
        clock->runs = true;
        clock->ready = now;
        return 0;
    }
    const uint32_t missed = passed / period - 1;
    clock->ready += (missed + 1) * period;
    clock->ready += (now - clock->ready) / 8;
    return missed;
}

#endif
