/* Time, pins that are not there, and main(). */
#include "Arduino.h"
#include "Wire.h"
#include "machine.h"

TwoWire Wire;

namespace {
uint32_t random_state = 1;
}

extern "C" {

/* machine_micros() / 1000 in 32 bits, without the 64-bit division that takes 700 bytes of flash. */
unsigned long millis(void) {
    constexpr uint32_t whole = 4294967, rest = 296; /* 2^32 = 1000 whole + rest */
    const uint64_t now = machine_micros();
    const uint32_t low = static_cast<uint32_t>(now), high = static_cast<uint32_t>(now >> 32);
    return high * whole + low / 1000 + (high * rest + low % 1000) / 1000;
}

unsigned long micros(void) {
    return static_cast<unsigned long>(static_cast<uint32_t>(machine_micros()));
}

void delay(unsigned long milliseconds) {
    uint64_t end = machine_micros() + 1000ULL * milliseconds;
    while (machine_micros() < end) {
    }
}

void delayMicroseconds(unsigned int microseconds) {
    uint64_t end = machine_micros() + microseconds;
    while (machine_micros() < end) {
    }
}

__attribute__((weak)) void yield(void) {}

void pinMode(pin_size_t, PinMode) {}

void digitalWrite(pin_size_t, PinStatus) {}

PinStatus digitalRead(pin_size_t) {
    return LOW;
}

int analogRead(pin_size_t) {
    return 0;
}

void analogWrite(pin_size_t, int) {}

} // extern "C"

long map(long value, long from_low, long from_high, long to_low, long to_high) {
    return (value - from_low) * (to_high - to_low) / (from_high - from_low) + to_low;
}

void randomSeed(unsigned long seed) {
    random_state = seed == 0 ? 1U : static_cast<uint32_t>(seed);
}

/* xorshift32 (Marsaglia, "Xorshift RNGs", 2003): the same numbers on every board. */
long random(long end) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return end <= 0 ? 0 : static_cast<long>(random_state % static_cast<uint32_t>(end));
}

long random(long start, long end) {
    return start >= end ? start : start + random(end - start);
}

int main() {
    machine_start();
    setup();
    for (;;) {
        loop();
    }
}
