// The board's LED lights up for half a second at each decision.

#include <Arduino.h>

#include "app_led.h"

namespace {

constexpr unsigned long kLitMillis = 500;
unsigned long lit_since;
bool lit;

} // namespace

void app_led_begin() {
    pinMode(LED_BUILTIN, OUTPUT);
}

void app_led_poll() {
    if (lit && millis() - lit_since >= kLitMillis) {
        digitalWrite(LED_BUILTIN, LOW);
        lit = false;
    }
}

void app_led_act(const app_result &, const char *) {
    digitalWrite(LED_BUILTIN, HIGH);
    lit_since = millis();
    lit = true;
}
