// The USB port behind Serial, whose host can stop reading.
#pragma once

#include <Arduino.h>

namespace arduino {

class USBSerial {
  public:
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

extern arduino::USBSerial _SerialUSB;
