#include "app_ring.h"

#include <string.h>

#include "app_notes.h"

struct app_ring app_ring;

void app_ring_reset(void) {
    memset(&app_ring, 0, sizeof app_ring);
}

void app_get_status(struct app_status *status) {
    status->next = app_ring.in_origin + app_ring.in;
    status->waiting = app_ring.in - app_ring.out;
    status->high_water = app_ring.high_water;
    status->lost_notes = app_lost_notes();
}

/* --- In -----------------------------------------------------------------------------------------------------------
 */

static uint32_t room(void) {
    return app_config.capacity - (app_ring.in - app_ring.out);
}

static uint8_t *slot(uint32_t count) {
    return app_config.ring + (size_t)(count % app_config.capacity) * app_config.sample_bytes;
}

/* Hands over samples that are in their slots. */
static void hand_over(uint32_t count) {
    app_settle();
    app_ring.in += count;
    if (app_ring.in - app_ring.out > app_ring.high_water) {
        app_ring.high_water = app_ring.in - app_ring.out;
    }
}

/* Puts samples, or zeros for NULL, into the ring, which has room for them. */
static void put(const uint8_t *samples, uint32_t count) {
    const uint32_t until_end = app_config.capacity - app_ring.in % app_config.capacity;
    const uint32_t first = count < until_end ? count : until_end;
    const size_t first_bytes = (size_t)first * app_config.sample_bytes;
    const size_t rest_bytes = (size_t)(count - first) * app_config.sample_bytes;

    if (samples == NULL) {
        memset(slot(app_ring.in), 0, first_bytes);
        memset(app_config.ring, 0, rest_bytes);
    } else {
        memcpy(slot(app_ring.in), samples, first_bytes);
        memcpy(app_config.ring, samples + first_bytes, rest_bytes);
    }
    hand_over(count);
}

/* Accounts for samples that did not come; false if there is no room for that and for one sample behind them. */
static bool bridge(uint32_t missing) {
    if (missing <= app_config.fill) {
        if (missing >= room()) {
            return false;
        }
        app_add_note(APP_FILLED, app_ring.in_origin + app_ring.in, missing);
        put(NULL, missing);
        return true;
    }
    if (app_ring.break_pending || room() == 0) {
        return false;
    }
    app_add_note(APP_GAP, app_ring.in_origin + app_ring.in, missing);
    app_ring.in_origin += missing;
    app_ring.break_at = app_ring.in;
    app_ring.break_origin = app_ring.in_origin;
    app_settle();
    app_ring.break_pending = true;
    return true;
}

uint32_t app_push(uint32_t position, const void *samples, uint32_t count, int lossy) {
    const int32_t ahead = (int32_t)(position - (app_ring.in_origin + app_ring.in));
    uint32_t skipped = 0;

    if (ahead < 0) {
        const uint32_t behind = 0U - (uint32_t)ahead;
        skipped = behind < count ? behind : count;
        app_add_note(APP_LATE, position, skipped);
    }
    const uint32_t wanted = count - skipped;
    const bool bridged = wanted > 0 && (ahead <= 0 || bridge((uint32_t)ahead));
    const uint32_t taken = !bridged ? 0 : wanted < room() ? wanted : room();
    put((const uint8_t *)samples + (size_t)skipped * app_config.sample_bytes, taken);
    if (lossy && taken < wanted) {
        app_add_note(APP_OVERRUN, position + skipped + taken, wanted - taken);
    }
    return skipped + taken;
}

int app_push_part(uint32_t position, uint32_t offset, const void *bytes, uint32_t count) {
    if (position != app_ring.in_origin + app_ring.in || room() == 0 || offset > app_config.sample_bytes ||
        count > app_config.sample_bytes - offset) {
        return 0;
    }
    if (count > 0) {
        memcpy(slot(app_ring.in) + offset, bytes, count);
    }
    if (offset + count == app_config.sample_bytes) {
        hand_over(1);
    }
    return 1;
}

void *app_next_sample(void) {
    return slot(app_ring.in);
}

/* --- Out ----------------------------------------------------------------------------------------------------------
 */

void app_copy_round(uint8_t *samples, const uint8_t *buffer, uint32_t capacity, uint32_t begin, uint32_t count) {
    const uint32_t first = count < capacity - begin ? count : capacity - begin;
    const size_t first_bytes = (size_t)first * app_config.sample_bytes;

    memcpy(samples, buffer + (size_t)begin * app_config.sample_bytes, first_bytes);
    memcpy(samples + first_bytes, buffer, (size_t)(count - first) * app_config.sample_bytes);
}

void app_ring_copy(uint8_t *samples, uint32_t count) {
    app_copy_round(samples, app_config.ring, app_config.capacity, app_ring.out % app_config.capacity, count);
}

void app_ring_cross_break(void) {
    app_settle();
    app_ring.out = app_ring.break_at;
    app_ring.out_origin = app_ring.break_origin;
    app_settle();
    app_ring.break_pending = false;
}

uint32_t app_drain(uint32_t *position, void *samples, uint32_t count) {
    if (app_ring.break_pending && app_ring_connected() == 0) {
        app_ring_cross_break();
    }
    const uint32_t waiting = app_ring_connected(); /* once: it may grow at any time */
    const uint32_t taken = waiting < count ? waiting : count;
    *position = app_ring_position();
    app_ring_copy(samples, taken);
    app_ring_drop(taken);
    return taken;
}
