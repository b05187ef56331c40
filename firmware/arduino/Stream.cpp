#include "Stream.h"

#include "Arduino.h"

int Stream::timedRead() {
    int value = timedPeek();
    return value < 0 ? value : read();
}

int Stream::timedPeek() {
    unsigned long start = millis();
    do {
        int value = peek();
        if (value >= 0) {
            return value;
        }
    } while (millis() - start < timeout_ms);
    return -1;
}

size_t Stream::readBytes(uint8_t *buffer, size_t size) {
    size_t count = 0;
    for (; count < size; ++count) {
        int value = timedRead();
        if (value < 0) {
            break;
        }
        buffer[count] = static_cast<uint8_t>(value);
    }
    return count;
}

size_t Stream::readBytesUntil(char terminator, char *buffer, size_t size) {
    size_t count = 0;
    while (count < size) {
        int value = timedRead();
        if (value < 0 || static_cast<char>(value) == terminator) {
            break;
        }
        buffer[count++] = static_cast<char>(value);
    }
    return count;
}

String Stream::readString() {
    String text;
    for (int value = timedRead(); value >= 0; value = timedRead()) {
        text += static_cast<char>(value);
    }
    return text;
}

String Stream::readStringUntil(char terminator) {
    String text;
    for (int value = timedRead(); value >= 0 && static_cast<char>(value) != terminator; value = timedRead()) {
        text += static_cast<char>(value);
    }
    return text;
}

long Stream::parseInt() {
    int value = timedPeek();
    while (value >= 0 && value != '-' && (value < '0' || value > '9')) {
        (void)read();
        value = timedPeek();
    }
    bool negative = value == '-';
    if (negative) {
        (void)read();
        value = timedPeek();
    }
    unsigned long number = 0; /* wraps, as on Arduino's boards */
    for (; value >= '0' && value <= '9'; value = timedPeek()) {
        number = number * 10 + static_cast<unsigned long>(value - '0');
        (void)read();
    }
    return static_cast<long>(negative ? 0 - number : number);
}

namespace {

/* The most bytes, fewer than `matched`, that the target begins with and its first `matched` bytes end with. */
size_t begun_anew(const char *target, size_t matched) {
    size_t bytes = matched - 1;
    while (memcmp(target, target + matched - bytes, bytes) != 0) {
        --bytes;
    }
    return bytes;
}

} // namespace

bool Stream::find(const char *target) {
    size_t matched = 0;
    while (target[matched] != '\0') {
        int value = timedRead();
        if (value < 0) {
            return false;
        }
        const char letter = static_cast<char>(value);
        while (matched > 0 && target[matched] != letter) {
            matched = begun_anew(target, matched);
        }
        if (target[matched] == letter) {
            ++matched;
        }
    }
    return true;
}
