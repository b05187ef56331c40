// Runs the sketch: argument 1 is the request in hexadecimal, argument 2 the bytes the host takes in all. Prints what
// was sent in hexadecimal, and the milliseconds that passed.
#include <Arduino.h>

#include <stdio.h>
#include <stdlib.h>

#include "board.h"

arduino::USBSerial Serial;

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
        Serial.received[Serial.received_bytes++] = static_cast<uint8_t>(strtoul(byte, nullptr, 16));
    }
    Serial.room = static_cast<uint32_t>(strtoul(arguments[2], nullptr, 10));
    setup();
    for (int i = 0; i < 10; i++) {
        loop();
    }
    for (size_t i = 0; i < Serial.sent_bytes; i++) {
        printf("%02x", Serial.sent[i]);
    }
    printf(" %lu\n", now);
}
