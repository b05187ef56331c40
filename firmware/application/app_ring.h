/* Samples that wait, between a sensor, which may interrupt, and the windows. What goes in is in app.h; this is what
 * comes out. */
#ifndef BOARDPROOF_APP_RING_H
#define BOARDPROOF_APP_RING_H

#include "app.h"
#include "app_settle.h"

/* Counts of samples that went in and out, modulo 2^32. The producer, which may be an interrupt, writes `in`,
 * `in_origin` and the break; the consumer writes the others and takes the break back. A position is a count and an
 * origin. The break is a gap: what comes from `break_at` on has another origin. */
struct app_ring {
    volatile uint32_t in, out;
    uint32_t in_origin, out_origin;
    volatile bool break_pending;
    uint32_t break_at, break_origin;
    uint32_t high_water;
};

extern struct app_ring app_ring;

void app_ring_reset(void);

/* Samples before a gap, or all that wait. `in` is read first: an interrupt in between may bring a gap and samples
 * behind it, which do not belong to those before. */
static inline uint32_t app_ring_connected(void) {
    const uint32_t all = app_ring.in;
    const bool broken = app_ring.break_pending;

    app_settle();
    return (broken ? app_ring.break_at : all) - app_ring.out;
}

/* Of the oldest sample that waits. */
static inline uint32_t app_ring_position(void) {
    return app_ring.out_origin + app_ring.out;
}

/* The oldest samples leave. */
static inline void app_ring_drop(uint32_t count) {
    app_settle();
    app_ring.out += count;
}

/* Goes on behind the gap, which there must be. */
void app_ring_cross_break(void);

/* The oldest samples, which stay. */
void app_ring_copy(uint8_t *samples, uint32_t count);

/* Samples out of a buffer of `capacity` samples, which goes on at its beginning. */
void app_copy_round(uint8_t *samples, const uint8_t *buffer, uint32_t capacity, uint32_t begin, uint32_t count);

#endif
