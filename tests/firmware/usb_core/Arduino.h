// As much of Arduino's Mbed core as the sketch sees on a Nano 33 BLE: Serial is a UART by type, with a USB port behind
// it. tests/firmware/test_arduino_core.py compiles the sketch against the real one.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SERIAL_CDC 1

unsigned long millis();
void yield();

namespace arduino {

class UART {
  public:
    void begin(unsigned long) {}
    int available();
    int read();
    // The USB port's waits as long as nobody reads.
    size_t write(const uint8_t *, size_t) {
        __builtin_trap();
    }
};

} // namespace arduino

extern arduino::UART _UART_USB_;
#define Serial _UART_USB_

void setup();
void loop();
