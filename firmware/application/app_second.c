#include "app_second.h"

#include "app_stage.h"

/* The position of the decision that started it, of the last hop, and whether it is to run on that. */
static uint32_t woken_at, hop_position;
static bool awake, due;

int app_second_reset(void) {
    awake = due = false;
    return app_config.second == NULL ? 0 : app_stage_reset(app_config.second);
}

void app_second_begin_anew(void) {
    if (app_config.second != NULL) {
        app_stage_begin_anew(app_config.second);
    }
}

void app_second_look_at(const struct app_result *result) {
    if (app_config.second == NULL) {
        return;
    }
    app_stage_forget_old(app_config.second, result->position);
    if ((result->flags & APP_DECIDED) && app_config.wakes[result->label]) {
        awake = true;
        woken_at = result->position;
        app_stage_begin_anew(app_config.second);
    }
    const uint32_t since = result->position - woken_at;
    awake = awake && since < app_config.wait + app_config.span;
    due = awake && since >= app_config.wait && app_stage_is_due(app_config.second);
    hop_position = result->position;
}

bool app_second_is_due(void) {
    return due;
}

int app_second_run(struct app_result *result) {
    due = false;
    result->flags |= APP_SECOND;
    result->position = hop_position;
    return app_stage_run(app_config.second, result);
}
