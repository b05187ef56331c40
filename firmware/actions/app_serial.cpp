// One line of JSON for each decision, fault and failure. Serial also carries the protocol's frames, which hosts tell
// apart.

#include <Arduino.h>

#include "app_serial.h"

#ifndef BOARDPROOF_SERIAL
#define BOARDPROOF_SERIAL Serial
#endif

namespace {

unsigned long milliseconds(uint32_t samples) {
    return static_cast<unsigned long>(static_cast<uint64_t>(samples) * 1000U / app_config.rate);
}

// Text in quotes; what JSON does not take as it is becomes a question mark.
void print_text(const char *text) {
    BOARDPROOF_SERIAL.print('"');
    for (; *text != '\0'; ++text) {
        const bool plain = static_cast<unsigned char>(*text) >= ' ' && *text != '"' && *text != '\\';
        BOARDPROOF_SERIAL.print(plain ? *text : '?');
    }
    BOARDPROOF_SERIAL.print('"');
}

} // namespace

void app_serial_begin() {}

void app_serial_poll() {}

void app_serial_act(const app_result &decision, const char *label) {
    BOARDPROOF_SERIAL.print("{\"ms\":");
    BOARDPROOF_SERIAL.print(milliseconds(decision.position));
    BOARDPROOF_SERIAL.print(",\"label\":");
    print_text(label);
    BOARDPROOF_SERIAL.print(",\"sum\":");
    BOARDPROOF_SERIAL.print(static_cast<long>(decision.sum));
    BOARDPROOF_SERIAL.println("}");
}

void app_serial_act_on_fault(const app_note &note) {
    static const char *const names[] = {"", "filled", "gap", "late", "overrun"};

    BOARDPROOF_SERIAL.print("{\"ms\":");
    BOARDPROOF_SERIAL.print(milliseconds(note.position));
    BOARDPROOF_SERIAL.print(",\"fault\":");
    print_text(names[note.fault]);
    BOARDPROOF_SERIAL.print(",\"samples\":");
    BOARDPROOF_SERIAL.print(static_cast<unsigned long>(note.samples));
    BOARDPROOF_SERIAL.println("}");
}

void app_serial_act_on_failure(const char *message) {
    BOARDPROOF_SERIAL.print("{\"failure\":");
    print_text(message);
    BOARDPROOF_SERIAL.println("}");
}
