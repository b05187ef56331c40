// The sketch for MLPerf Tiny's runners: connects the board's serial stream to their text protocol.

#include <Arduino.h>

#include "board.h"
#include "mlperf.h"
#include "mlperf_config.h"

#ifndef BOARDPROOF_SERIAL
#define BOARDPROOF_SERIAL Serial
#endif
#ifndef BOARDPROOF_BAUD
#define BOARDPROOF_BAUD 115200
#endif

namespace {

alignas(4) uint8_t dataset[MLPERF_DATASET_BYTES];
#if MLPERF_STAGED_BYTES > 0
uint8_t staged[MLPERF_STAGED_BYTES];
#else
uint8_t *const staged = nullptr;
#endif

void write_stream(void *, const char *text, size_t bytes) {
    BOARDPROOF_SERIAL.write(reinterpret_cast<const uint8_t *>(text), bytes);
}

uint32_t read_micros(void *) {
    return static_cast<uint32_t>(micros());
}

const mlperf_config config = {
    MLPERF_MODEL, MLPERF_INPUT,        MLPERF_RESULT, dataset,      MLPERF_DATASET_BYTES,
    staged,       MLPERF_STAGED_BYTES, read_micros,   write_stream, nullptr,
};
mlperf state;

} // namespace

void setup() {
    BOARDPROOF_SERIAL.begin(BOARDPROOF_BAUD);
    board_init();
    mlperf_start(&state, &config);
}

void loop() {
    while (BOARDPROOF_SERIAL.available() > 0) {
        const int byte = BOARDPROOF_SERIAL.read();
        if (byte >= 0) {
            const uint8_t data = static_cast<uint8_t>(byte);
            mlperf_take(&state, &data, 1);
        }
    }
}
