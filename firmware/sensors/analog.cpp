// Analog pins, from A0 on, one for each channel. They are read in turn from loop(); a reading that comes too late is
// missing, and the stream says so.

#include <Arduino.h>

#include "app_loop.h"

namespace {

constexpr uint32_t kMostPins = 8;
const pin_size_t kPins[kMostPins] = {A0, A1, A2, A3, A4, A5, A6, A7};
uint32_t due;       // microseconds at which the next reading is, modulo 2^32
uint32_t remainder; // of a microsecond, in parts of 1 / rate

void one_on() {
    due += 1000000U / app_config.rate;
    remainder += 1000000U % app_config.rate;
    if (remainder >= app_config.rate) {
        remainder -= app_config.rate;
        ++due;
    }
}

bool is_due(uint32_t now) {
    return static_cast<int32_t>(now - due) >= 0;
}

} // namespace

bool app_sensor_begin() {
    due = micros();
    return app_config.sample_bytes <= kMostPins * sizeof(int16_t);
}

void app_sensor_poll() {
    const uint32_t now = micros();
    int16_t sample[kMostPins];
    uint32_t missing = 0;

    if (!is_due(now)) {
        return;
    }
    for (one_on(); is_due(now); one_on()) {
        ++missing;
    }
    for (uint32_t i = 0; i < app_config.sample_bytes / sizeof sample[0]; ++i) {
        sample[i] = static_cast<int16_t>(analogRead(kPins[i]));
    }
    app_sensed(missing, sample, 1);
}
