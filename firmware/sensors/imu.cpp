// Acceleration, and rotation where six numbers are wanted, of either sensor that the Nano 33 BLE Sense came with:
// LSM9DS1 on the first revision, BMI270 on the second. The one that answers is used; it has one rate, which must be the
// wanted. Samples that are lost while a network runs are counted.

#include <Arduino.h>

#include "app_loop.h"
#include "imu.h"
#include "sample_clock.h"

namespace {

const app_imu_functions *const kKnown[] = {&app_imu_lsm9ds1, &app_imu_bmi270};
const app_imu_functions *found;

int16_t units(float value) {
    const float scaled = value * app_config.scale;
    const float rounded = scaled + (scaled < 0 ? -0.5F : 0.5F);
    return rounded >= 32767.0F ? 32767 : rounded <= -32768.0F ? -32768 : static_cast<int16_t>(rounded);
}

sample_clock sampled;

} // namespace

bool app_sensor_begin() {
    for (const app_imu_functions *one : kKnown) {
        if (one->begin()) {
            found = one;
            const float difference = one->rate() - static_cast<float>(app_config.rate);
            return difference < 1.0F && difference > -1.0F;
        }
    }
    return false;
}

void app_sensor_poll() {
    float values[6];
    int16_t sample[6];
    const uint32_t numbers = app_config.sample_bytes / sizeof sample[0];

    if (numbers > 6 || !found->read(values, numbers > 3)) {
        return;
    }
    for (uint32_t i = 0; i < numbers; ++i) {
        sample[i] = units(values[i]);
    }
    app_sensed(samples_missed(&sampled, micros(), 1000000U / app_config.rate), sample, 1);
}
