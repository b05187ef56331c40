#include "app_loop.h"

#include "app_actions.h"
#include "app_requests.h"

namespace {

bool sensor_runs;

} // namespace

void app_setup() {
    app_actions_begin();
    sensor_runs = app_reset() == 0 && app_sensor_begin();
    app_listen(1);
}

void app_loop() {
    app_actions_poll();
    if (!sensor_runs || !app_is_sensed()) {
        return;
    }
    app_sensor_poll();
    if (app_is_driven()) {
        return;
    }
    app_result result;
    if (app_step(&result) != 0) {
        sensor_runs = false;
        app_act_on_failure(model_error_message());
        return;
    }
    if ((result.flags & APP_DECIDED) != 0) {
        const char *label = app_config.label_names[result.label];
        app_act(result, label);
        app_on_decision(&result, label);
    }
    app_note note;
    while (app_take_note(&note) != 0) {
        app_act_on_fault(note);
        app_on_fault(&note);
    }
}
