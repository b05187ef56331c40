// As much of Arduino's Mbed core as the sketch sees on a Nano 33 BLE: a USB port whose host can stop reading.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SERIAL_CDC 1

unsigned long millis();
void yield();

namespace arduino {

class USBSerial {
  public:
    void begin(unsigned long) {}
    int available() {
        return static_cast<int>(received_bytes - taken);
    }
    int read() {
        return taken < received_bytes ? received[taken++] : -1;
    }
    // The real one waits as long as nobody reads.
    size_t write(const uint8_t *, size_t) {
        __builtin_trap();
    }

    void send_nb(uint8_t *buffer, uint32_t size, uint32_t *actual, bool = true) {
        *actual = size < room ? size : room;
        memcpy(sent + sent_bytes, buffer, *actual);
        sent_bytes += *actual;
        room -= *actual;
    }

    uint8_t received[256];
    size_t received_bytes = 0, taken = 0;
    uint8_t sent[4096];
    size_t sent_bytes = 0;
    uint32_t room = 0;
};

} // namespace arduino

extern arduino::USBSerial Serial;
void setup();
void loop();
