// The motion sensor BMI270, by Arduino's library for it.

#include <Arduino_BMI270_BMM150.h>

#include "imu.h"

namespace {

bool begin() {
    return IMU_BMI270_BMM150.begin() != 0;
}

float rate() {
    return IMU_BMI270_BMM150.accelerationSampleRate();
}

bool read(float *values, bool with_rotation) {
    if (IMU_BMI270_BMM150.accelerationAvailable() == 0 ||
        (with_rotation && IMU_BMI270_BMM150.gyroscopeAvailable() == 0)) {
        return false;
    }
    IMU_BMI270_BMM150.readAcceleration(values[0], values[1], values[2]);
    if (with_rotation) {
        IMU_BMI270_BMM150.readGyroscope(values[3], values[4], values[5]);
    }
    return true;
}

} // namespace

const app_imu_functions app_imu_bmi270 = {begin, rate, read};
