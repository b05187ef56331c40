// Analog pins, from A0 on, one for each channel. They are read in turn from loop(); a reading that comes too late is
// missing, and the stream says so.

#include <Arduino.h>

#include "app_loop.h"

namespace {

constexpr uint32_t kMostPins = 8;
const pin_size_t kPins[kMostPins] = {A0, A1, A2, A3, A4, A5, A6, A7};
unsigned long began;

} // namespace

bool app_sensor_begin() {
    began = micros();
    return app_config.sample_bytes <= kMostPins * sizeof(int16_t);
}

void app_sensor_poll() {
    static unsigned long since; // microseconds at which the last reading was due
    int16_t sample[kMostPins];
    const unsigned long period = 1000000UL / app_config.rate;
    const unsigned long late = micros() - began - since;

    if (late < period) {
        return;
    }
    since += late / period * period;
    for (uint32_t i = 0; i < app_config.sample_bytes / sizeof sample[0]; ++i) {
        sample[i] = static_cast<int16_t>(analogRead(kPins[i]));
    }
    app_sensed(static_cast<uint32_t>(late / period) - 1, sample, 1);
}
