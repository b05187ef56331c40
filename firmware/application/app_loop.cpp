#include "app_loop.h"

#include "app_actions.h"

namespace {

bool runs;          // all began well, and no network failed
bool driven;        // the host takes the steps
bool sensed = true; // the sensor is listened to

void fail(const char *message) {
    runs = false;
    app_act_on_failure(message);
}

} // namespace

void app_setup() {
    app_actions_begin();
    runs = true;
    if (app_reset() != 0) {
        fail("a network does not start");
    } else if (!app_sensor_begin()) {
        fail("the sensor does not start, or gives something else");
    }
    app_listen(1);
}

void app_lend(bool host_takes_steps, bool sensor_gives_samples) {
    driven = host_takes_steps;
    sensed = !host_takes_steps || sensor_gives_samples;
    app_listen(sensed);
}

void app_loop() {
    app_actions_poll();
    if (!runs || !sensed) {
        return;
    }
    app_sensor_poll();
    if (driven) {
        return;
    }
    app_result result;
    if (app_step(&result) != 0) {
        fail("a network fails");
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
