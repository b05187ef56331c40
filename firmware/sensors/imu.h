// What imu.cpp needs of a motion sensor; the libraries' headers do not go together in one file.
#ifndef BOARDPROOF_IMU_H
#define BOARDPROOF_IMU_H

#include "app_names.h"

struct app_imu_functions {
    bool (*begin)();
    float (*rate)();
    // The next sample: acceleration in g, then rotation in degrees a second; false if there is none yet.
    bool (*read)(float *values, bool with_rotation);
};

extern const app_imu_functions app_imu_lsm9ds1, app_imu_bmi270;

#endif
