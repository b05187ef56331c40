// What a sketch may replace: no sensor, so that samples come from elsewhere, and nothing more to do about decisions and
// faults.

#include "app_loop.h"

__attribute__((weak)) bool app_sensor_begin() {
    return true;
}

__attribute__((weak)) void app_sensor_poll() {}

__attribute__((weak)) void app_on_decision(const app_result *, const char *) {}

__attribute__((weak)) void app_on_fault(const app_note *) {}
