// A sketch that does what a line of text asks, for the tests of the platform and its core.
#include <Arduino.h>
#include <Wire.h>

#include "board.h"

extern "C" void __cxa_pure_virtual(void);

namespace {

// Set by a constructor before main(): shows that static constructors ran, and in order.
struct Constructed {
    int value;
    explicit Constructed(int v) : value(v) {}
};
Constructed first(41);
Constructed second(first.value + 1);
uint8_t ram_words[64];

#ifdef __arm__
// 2 n + 1 instructions, the return included.
__attribute__((naked, noinline)) void burn(uint32_t) {
    __asm__ volatile("1: subs r0, r0, #1\n\tbne 1b\n\tbx lr");
}
#else
void burn(uint32_t n) {
    for (volatile uint32_t i = 0; i < n; i = i + 1) {
    }
}
#endif

__attribute__((noinline)) uint32_t use_stack(uint32_t bytes) {
    volatile uint8_t *block = static_cast<volatile uint8_t *>(__builtin_alloca(bytes));
    for (uint32_t i = 0; i < bytes; ++i) {
        block[i] = static_cast<uint8_t>(i + 1);
    }
    return block[bytes / 2];
}

__attribute__((noinline)) uint32_t recurse(uint32_t depth) {
    volatile uint32_t here[16] = {depth};
    return recurse(depth + 1) + here[0];
}

void report(const char *text) {
    Serial.print("reported: ");
    Serial.println(text);
}

void echo(size_t count) {
    static uint8_t bytes[8192];
    count = Serial.readBytes(bytes, count < sizeof bytes ? count : sizeof bytes);
    Serial.write(bytes, count);
}

void print_samples() {
    Serial.print(-42);
    Serial.print(' ');
    Serial.print(255, HEX);
    Serial.print(' ');
    Serial.print(5u, BIN);
    Serial.print(' ');
    Serial.print(-1L, HEX);
    Serial.print(' ');
    Serial.print(3.14159, 3);
    Serial.print(' ');
    Serial.print(-0.005);
    Serial.print(' ');
    Serial.print(1e10);
    Serial.print(' ');
    Serial.print(F("flash"));
    Serial.print(' ');
    Serial.print(String("str") + String(12) + '!');
    Serial.print(' ');
    Serial.print(9223372036854775807LL);
    Serial.print(' ');
    Serial.printf("%d-%s", 7, "x");
    Serial.print(' ');
    Serial.println(second.value);
}

void fault(const String &kind) {
    if (kind == "abort") {
        abort();
#ifdef __arm__
    } else if (kind == "virtual") {
        __cxa_pure_virtual(); // by name: a compiler that sees the call through a vtable removes it as undefined
#endif
    } else if (kind == "stack") {
        Serial.println(recurse(0));
    } else if (kind == "heap") {
        char *volatile block = new char[1 << 24];
        Serial.println(block != nullptr);
#ifdef __arm__
    } else if (kind == "undefined") {
        __asm__ volatile("udf #0");
    } else if (kind == "data") {
        reinterpret_cast<void (*)()>(reinterpret_cast<uintptr_t>(ram_words) | 1u)();
    } else if (kind == "arm") {
        reinterpret_cast<void (*)()>(reinterpret_cast<uintptr_t>(&burn) & ~uintptr_t{1})();
    } else if (kind == "call") {
        __asm__ volatile("svc #0");
#endif
    }
}

uint32_t heap_bytes() {
    uint32_t total = 0;
    while (malloc(1000) != nullptr) {
        total += 1000;
    }
    return total;
}

void obey(const String &command, const String &argument) {
    const auto number = static_cast<uint32_t>(strtoul(argument.c_str(), nullptr, 0));
    if (command == "echo") {
        echo(number);
    } else if (command == "burn") {
        const uint32_t start = board_ticks();
        burn(number);
        Serial.println(board_ticks() - start);
    } else if (command == "ticks") {
        const uint32_t start = board_ticks();
        Serial.println(board_ticks() - start);
    } else if (command == "stack") {
        board_stack_repaint();
        const uint32_t before = board_stack_peak();
        (void)use_stack(number);
        Serial.println(board_stack_peak() - before);
    } else if (command == "size") {
        Serial.println(board_stack_size());
    } else if (command == "heap") {
        Serial.println(heap_bytes());
    } else if (command == "print") {
        print_samples();
    } else if (command == "delay") {
        const unsigned long start = micros();
        delay(number);
        Serial.println(micros() - start);
    } else if (command == "peek") {
        Serial.println(*reinterpret_cast<volatile uint32_t *>(static_cast<uintptr_t>(number)));
    } else if (command == "poke") {
        *reinterpret_cast<volatile uint32_t *>(static_cast<uintptr_t>(number)) = 1;
    } else if (command == "fault") {
        fault(argument);
        Serial.println("survived");
    } else if (command == "exit") {
        exit(static_cast<int>(number));
    }
}

} // namespace

void setup() {
    Serial.begin(9600);
    Wire.begin();
    board_init();
    board_set_fault_report(report);
}

void loop() {
    while (Serial.available() > 0) {
        const String line = Serial.readStringUntil('\n');
        const int space = line.indexOf(' ');
        const size_t end = space < 0 ? line.length() : static_cast<size_t>(space);
        obey(line.substring(0, end), line.substring(end + 1));
    }
}
