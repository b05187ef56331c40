// Runs the sketch: argument 1 is the request in hexadecimal, argument 2 the bytes the host takes in all. Prints what
// was sent in hexadecimal, and the milliseconds that passed.
#include <Arduino.h>
#include <USB/PluggableUSBSerial.h>

#include <stdio.h>
#include <stdlib.h>

#include "board.h"

arduino::UART _UART_USB_;
arduino::USBSerial _SerialUSB;

int arduino::UART::available() {
    return static_cast<int>(_SerialUSB.received_bytes - _SerialUSB.taken);
}

int arduino::UART::read() {
    return available() > 0 ? _SerialUSB.received[_SerialUSB.taken++] : -1;
}

static unsigned long now;

unsigned long millis() {
    return now;
}

void yield() {
    now++;
}

extern "C" {
const uint8_t board_tick_unit = BOARD_CYCLES;
const uint32_t board_tick_rate = 64000000;
void board_init(void) {}
uint32_t board_ticks(void) {
    return 0;
}
uint32_t board_stack_peak(void) {
    return 0;
}
uint32_t board_stack_size(void) {
    return 0;
}
void board_stack_repaint(void) {}
const char *board_fault(void) {
    return "";
}
void board_set_fault_report(void (*)(const char *)) {}
const char *fake_mode(void) {
    return "";
}
void fake_log(const char *) {}
void fake_crash(void) {}
void fake_hang(void) {}
}

int main(int, char **arguments) {
    char byte[3] = "";
    for (const char *hex = arguments[1]; *hex != '\0'; hex += 2) {
        memcpy(byte, hex, 2);
        _SerialUSB.received[_SerialUSB.received_bytes++] = static_cast<uint8_t>(strtoul(byte, nullptr, 16));
    }
    _SerialUSB.room = static_cast<uint32_t>(strtoul(arguments[2], nullptr, 10));
    setup();
    for (int i = 0; i < 10; i++) {
        loop();
    }
    for (size_t i = 0; i < _SerialUSB.sent_bytes; i++) {
        printf("%02x", _SerialUSB.sent[i]);
    }
    printf(" %lu\n", now);
}
