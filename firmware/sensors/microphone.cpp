// The board's microphone through the core's PDM library, which brings samples in interrupts.

#include <PDM.h>

#include "app_loop.h"

namespace {

constexpr size_t kMostSamples = 256; // the library's buffer has 512 bytes

void receive() {
    static int16_t samples[kMostSamples];
    const size_t waiting = static_cast<size_t>(PDM.available());
    const int bytes = PDM.read(samples, waiting < sizeof samples ? waiting : sizeof samples);

    if (bytes > 0) {
        app_sensed(0, samples, static_cast<uint32_t>(bytes) / sizeof samples[0]);
    }
}

} // namespace

bool app_sensor_begin() {
    PDM.onReceive(receive);
    return PDM.begin(1, static_cast<int>(app_config.rate)) != 0;
}

void app_sensor_poll() {}
