#include "Print.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

namespace {

size_t print_unsigned(Print &to, unsigned long long value, int base) {
    char digits[8 * sizeof value];
    char *first = digits + sizeof digits;
    unsigned radix = base < 2 ? 10U : static_cast<unsigned>(base);
    do {
        unsigned digit = static_cast<unsigned>(value % radix);
        *--first = static_cast<char>(digit < 10 ? '0' + digit : 'A' + digit - 10);
        value /= radix;
    } while (value != 0);
    return to.write(first, static_cast<size_t>(digits + sizeof digits - first));
}

/* As Arduino does: a sign only in base 10; any other base shows the value's bits. */
template <class Signed, class Unsigned> size_t print_signed(Print &to, Signed value, int base) {
    if (base == DEC && value < 0) {
        size_t count = to.write(static_cast<uint8_t>('-'));
        return count + print_unsigned(to, 0ULL - static_cast<unsigned long long>(value), base);
    }
    return print_unsigned(to, static_cast<Unsigned>(value), base);
}

} // namespace

size_t Print::write(const uint8_t *data, size_t size) {
    size_t count = 0;
    while (count < size && write(data[count]) == 1) {
        ++count;
    }
    return count;
}

size_t Print::write(const char *text) {
    return text == nullptr ? 0 : write(reinterpret_cast<const uint8_t *>(text), strlen(text));
}

size_t Print::write(const char *data, size_t size) {
    return write(reinterpret_cast<const uint8_t *>(data), size);
}

int Print::availableForWrite() {
    return 0;
}

void Print::flush() {}

size_t Print::print(const __FlashStringHelper *text) {
    return write(reinterpret_cast<const char *>(text));
}

size_t Print::print(const String &text) {
    return write(text.c_str(), text.length());
}

size_t Print::print(const char *text) {
    return write(text);
}

size_t Print::print(char value) {
    return write(static_cast<uint8_t>(value));
}

size_t Print::print(unsigned char value, int base) {
    return print_unsigned(*this, value, base);
}

size_t Print::print(int value, int base) {
    return print_signed<int, unsigned int>(*this, value, base);
}

size_t Print::print(unsigned int value, int base) {
    return print_unsigned(*this, value, base);
}

size_t Print::print(long value, int base) {
    return print_signed<long, unsigned long>(*this, value, base);
}

size_t Print::print(unsigned long value, int base) {
    return print_unsigned(*this, value, base);
}

size_t Print::print(long long value, int base) {
    return print_signed<long long, unsigned long long>(*this, value, base);
}

size_t Print::print(unsigned long long value, int base) {
    return print_unsigned(*this, value, base);
}

/* Without printf, whose floating point newlib-nano leaves out. Arduino's limits: 32 bits before the point. */
size_t Print::print(double value, int digits) {
    constexpr double limit = 4294967040.0;
    if (isnan(value)) {
        return print("nan");
    }
    if (isinf(value)) {
        return print(value < 0 ? "-inf" : "inf");
    }
    if (value > limit || value < -limit) {
        return print("ovf");
    }
    size_t count = 0;
    if (value < 0) {
        count += print('-');
        value = -value;
    }
    double rounding = 0.5;
    for (int i = 0; i < digits; ++i) {
        rounding /= 10.0;
    }
    value += rounding;
    auto whole = static_cast<unsigned long>(value);
    double rest = value - static_cast<double>(whole);
    count += print(whole);
    if (digits > 0) {
        count += print('.');
    }
    for (int i = 0; i < digits; ++i) {
        rest *= 10.0;
        auto digit = static_cast<unsigned>(rest);
        count += print(digit);
        rest -= digit;
    }
    return count;
}

size_t Print::print(const Printable &value) {
    return value.printTo(*this);
}

size_t Print::println() {
    return write("\r\n", 2);
}

size_t Print::printf(const char *format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size < 0) {
        return 0;
    }
    size_t count = static_cast<size_t>(size);
    return write(text, count < sizeof text ? count : sizeof text - 1);
}
