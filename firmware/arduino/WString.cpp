#include "WString.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "Print.h"

namespace {

char empty[1] = {'\0'};

/* Collects what Print writes. */
class Collector : public Print {
  public:
    explicit Collector(String &into) : text(into) {}
    using Print::write;
    size_t write(uint8_t value) override {
        return text.concat(static_cast<char>(value)) ? 1 : 0;
    }

  private:
    String &text;
};

} // namespace

String::String(const char *other) : text(empty), size(0), capacity(0) {
    concat(other);
}

String::String(const __FlashStringHelper *other) : String(reinterpret_cast<const char *>(other)) {}

String::String(const String &other) : text(empty), size(0), capacity(0) {
    concat(other);
}

String::String(String &&other) noexcept : text(other.text), size(other.size), capacity(other.capacity) {
    other.text = empty;
    other.size = other.capacity = 0;
}

String::String(char value) : text(empty), size(0), capacity(0) {
    concat(value);
}

String::String(int value, int base) : String("") {
    Collector(*this).print(value, base);
}

String::String(unsigned int value, int base) : String("") {
    Collector(*this).print(value, base);
}

String::String(long value, int base) : String("") {
    Collector(*this).print(value, base);
}

String::String(unsigned long value, int base) : String("") {
    Collector(*this).print(value, base);
}

String::String(double value, int digits) : String("") {
    Collector(*this).print(value, digits);
}

String::~String() {
    if (text != empty) {
        free(text);
    }
}

String &String::operator=(const String &other) {
    if (this != &other) {
        size = 0;
        concat(other);
    }
    return *this;
}

String &String::operator=(String &&other) noexcept {
    if (this != &other) {
        if (text != empty) {
            free(text);
        }
        text = other.text;
        size = other.size;
        capacity = other.capacity;
        other.text = empty;
        other.size = other.capacity = 0;
    }
    return *this;
}

bool String::reserve(size_t bytes) {
    if (bytes <= capacity) {
        return true;
    }
    char *larger = static_cast<char *>(realloc(text == empty ? nullptr : text, bytes + 1));
    if (larger == nullptr) {
        return false;
    }
    larger[size] = '\0';
    text = larger;
    capacity = bytes;
    return true;
}

bool String::concat(const char *other, size_t bytes) {
    if (bytes == 0) {
        text[size] = '\0';
        return true;
    }
    const size_t offset = reinterpret_cast<uintptr_t>(other) - reinterpret_cast<uintptr_t>(text);
    const bool own = offset <= size; /* a part of this very text, which moves when it grows */
    if (!reserve(size + bytes)) {
        return false;
    }
    memmove(text + size, own ? text + offset : other, bytes);
    size += bytes;
    text[size] = '\0';
    return true;
}

bool String::concat(const char *other) {
    return other == nullptr || concat(other, strlen(other));
}

int String::compareTo(const String &other) const {
    return strcmp(text, other.text);
}

bool String::startsWith(const String &prefix) const {
    return size >= prefix.size && strncmp(text, prefix.text, prefix.size) == 0;
}

bool String::endsWith(const String &suffix) const {
    return size >= suffix.size && strcmp(text + size - suffix.size, suffix.text) == 0;
}

int String::indexOf(char value, size_t from) const {
    const char *found = from < size ? strchr(text + from, value) : nullptr;
    return found == nullptr ? -1 : static_cast<int>(found - text);
}

int String::indexOf(const String &other, size_t from) const {
    const char *found = from < size ? strstr(text + from, other.text) : nullptr;
    return found == nullptr ? -1 : static_cast<int>(found - text);
}

String String::substring(size_t from, size_t to) const {
    String part;
    to = to < size ? to : size;
    if (from < to) {
        part.concat(text + from, to - from);
    }
    return part;
}

void String::trim() {
    size_t from = 0;
    while (from < size && isspace(static_cast<unsigned char>(text[from])) != 0) {
        ++from;
    }
    while (size > from && isspace(static_cast<unsigned char>(text[size - 1])) != 0) {
        --size;
    }
    size -= from;
    memmove(text, text + from, size);
    text[size] = '\0';
}

void String::toLowerCase() {
    for (size_t i = 0; i < size; ++i) {
        text[i] = static_cast<char>(tolower(static_cast<unsigned char>(text[i])));
    }
}

void String::toUpperCase() {
    for (size_t i = 0; i < size; ++i) {
        text[i] = static_cast<char>(toupper(static_cast<unsigned char>(text[i])));
    }
}

long String::toInt() const {
    return strtol(text, nullptr, 10);
}

float String::toFloat() const {
    return strtof(text, nullptr);
}

double String::toDouble() const {
    return strtod(text, nullptr);
}

String operator+(const String &left, const String &right) {
    String sum(left);
    sum.concat(right);
    return sum;
}
