// The camera OV7675 by Arduino's library, 160x120 and grey. readFrame waits for a whole picture with interrupts off,
// some tenths of a second: app_sensor_waited_ms counts that.

#include <Arduino.h>
#include <Arduino_OV767X.h>

#include "app_loop.h"

unsigned long app_sensor_waited_ms;

bool app_sensor_begin() {
    if (!Camera.begin(QQVGA, GRAYSCALE, static_cast<int>(app_config.rate), OV7675)) {
        return false;
    }
    const int bytes = Camera.width() * Camera.height() * Camera.bytesPerPixel();
    return app_config.sample_bytes == static_cast<uint32_t>(bytes);
}

void app_sensor_poll() {
    struct app_status status;
    app_get_status(&status);
    if (status.waiting >= app_config.capacity) {
        return;
    }
    const unsigned long begin = millis();
    Camera.readFrame(app_next_sample());
    app_sensor_waited_ms += millis() - begin;
    app_push_part(status.next, app_config.sample_bytes, nullptr, 0);
}
