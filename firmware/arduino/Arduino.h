/* A small Arduino core for boards that are emulated, and for the host. No pins, no interrupts, no radio: `Serial`,
 * time, and what libraries written for Arduino expect to find. */
#ifndef Arduino_h
#define Arduino_h

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef ARDUINO
#define ARDUINO 10819
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef uint8_t byte;
typedef uint16_t word;
typedef uint8_t pin_size_t;
typedef enum { LOW = 0, HIGH = 1 } PinStatus;
typedef enum { INPUT = 0, OUTPUT = 1, INPUT_PULLUP = 2, INPUT_PULLDOWN = 3 } PinMode;

enum { LED_BUILTIN = 13 };

void setup(void);
void loop(void);

unsigned long millis(void);
unsigned long micros(void);
void delay(unsigned long milliseconds);
void delayMicroseconds(unsigned int microseconds);
void yield(void);

/* There are no pins: writes go nowhere, reads give 0. */
void pinMode(pin_size_t pin, PinMode mode);
void digitalWrite(pin_size_t pin, PinStatus value);
PinStatus digitalRead(pin_size_t pin);
int analogRead(pin_size_t pin);
void analogWrite(pin_size_t pin, int value);

/* There are no interrupts to hold off. */
#define interrupts() ((void)0)
#define noInterrupts() ((void)0)

/* Constant data is in flash and is read like any other. */
#define PROGMEM
#define PSTR(text) (text)
#define pgm_read_byte(address) (*(const uint8_t *)(address))
#define pgm_read_word(address) (*(const uint16_t *)(address))
#define pgm_read_dword(address) (*(const uint32_t *)(address))
#define pgm_read_float(address) (*(const float *)(address))
#define pgm_read_ptr(address) (*(const void *const *)(address))
#define memcpy_P memcpy
#define strlen_P strlen
#define strcpy_P strcpy
#define strcmp_P strcmp

#define bit(position) (1UL << (position))
#define bitRead(value, position) (((value) >> (position)) & 1U)
#define bitSet(value, position) ((value) |= (1UL << (position)))
#define bitClear(value, position) ((value) &= ~(1UL << (position)))
#define bitWrite(value, position, state) ((state) ? bitSet(value, position) : bitClear(value, position))
#define lowByte(value) ((uint8_t)((value) & 0xFF))
#define highByte(value) ((uint8_t)((value) >> 8))

#ifndef PI
#define PI 3.1415926535897932384626433832795
#define HALF_PI 1.5707963267948966192313216916398
#define TWO_PI 6.283185307179586476925286766559
#define DEG_TO_RAD 0.017453292519943295769236907684886
#define RAD_TO_DEG 57.295779513082320876798154814105
#endif

#ifdef __cplusplus
}

#include "HardwareSerial.h"
#include "WString.h"

template <class A, class B> constexpr auto min(A a, B b) -> decltype(a < b ? a : b) {
    return a < b ? a : b;
}

template <class A, class B> constexpr auto max(A a, B b) -> decltype(a > b ? a : b) {
    return a > b ? a : b;
}

template <class T, class L, class H> constexpr T constrain(T value, L low, H high) {
    return value < low ? static_cast<T>(low) : value > high ? static_cast<T>(high) : value;
}

long map(long value, long from_low, long from_high, long to_low, long to_high);
long random(long end);
long random(long start, long end);
void randomSeed(unsigned long seed);

#endif

#endif
