// The motion sensor LSM9DS1, by Arduino's library for it.

#include <Arduino_LSM9DS1.h>

#include "imu.h"

namespace {

bool begin() {
    return IMU_LSM9DS1.begin() != 0;
}

float rate() {
    return IMU_LSM9DS1.accelerationSampleRate();
}

bool read(float *values, bool with_rotation) {
    if (IMU_LSM9DS1.accelerationAvailable() == 0 || (with_rotation && IMU_LSM9DS1.gyroscopeAvailable() == 0)) {
        return false;
    }
    IMU_LSM9DS1.readAcceleration(values[0], values[1], values[2]);
    if (with_rotation) {
        IMU_LSM9DS1.readGyroscope(values[3], values[4], values[5]);
    }
    return true;
}

} // namespace

const app_imu_functions app_imu_lsm9ds1 = {begin, rate, read};
