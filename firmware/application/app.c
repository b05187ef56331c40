#include "app.h"

#include <string.h>

#include "app_notes.h"
#include "app_ring.h"
#include "app_rows.h"
#include "app_second.h"
#include "app_stage.h"
#include "app_windows.h"

/* What the sensor gave and could not give, while it was listened to. */
static uint32_t sensed;
static volatile int listening;

/* Windows, rows and sums from the beginning. */
static void begin_anew(void) {
    app_windows_begin_anew();
    app_rows_begin_anew();
    app_stage_begin_anew(app_config.first);
    app_second_begin_anew();
}

int app_reset(void) {
    sensed = 0;
    app_ring_reset();
    app_notes_reset();
    int error = app_config.front_end == NULL ? 0 : app_config.front_end->init();
    if (error == 0) {
        error = app_stage_reset(app_config.first);
    }
    if (error == 0) {
        error = app_second_reset();
    }
    begin_anew();
    return error;
}

void app_listen(int on) {
    listening = on;
}

void app_sensed(uint32_t missing, const void *samples, uint32_t count) {
    if (listening) {
        app_push(sensed + missing, samples, count, 1);
        sensed += missing + count;
    }
}

/* Whether there is a window, behind a gap if there is none before it. The gap is looked for first: once it is there,
 * nothing more comes before it. */
static bool next_window(struct app_result *result) {
    const bool before_gap = app_ring.break_pending;

    if (app_windows_ready()) {
        return true;
    }
    if (!before_gap) {
        return false;
    }
    app_ring_cross_break();
    begin_anew();
    result->flags |= APP_RESTARTED;
    return app_windows_ready();
}

int app_step(struct app_result *result) {
    memset(result, 0, sizeof *result);
    if (app_second_is_due()) {
        return app_second_run(result);
    }
    if (!next_window(result)) {
        return 0;
    }
    result->flags |= APP_HOP;
    result->position = app_windows_behind();
    int error = app_rows_compute(result);
    app_stage_forget_old(app_config.first, result->position);
    if (error == 0 && app_stage_is_due(app_config.first)) {
        error = app_stage_run(app_config.first, result);
    }
    if (error == 0) {
        app_second_look_at(result);
    }
    return error;
}
