#include "HardwareSerial.h"

#include "machine.h"

HardwareSerial Serial;

uint8_t HardwareSerial::buffer[1024];

void HardwareSerial::refill() {
    if (first == end_) {
        first = 0;
        end_ = machine_read(buffer, sizeof buffer, asked ? 1 : 0);
        asked = end_ == 0;
    }
}

int HardwareSerial::available() {
    refill();
    return static_cast<int>(end_ - first);
}

int HardwareSerial::peek() {
    refill();
    return first == end_ ? -1 : buffer[first];
}

int HardwareSerial::read() {
    refill();
    return first == end_ ? -1 : buffer[first++];
}

size_t HardwareSerial::read(uint8_t *data, size_t size) {
    size_t count = end_ - first < size ? end_ - first : size;
    memcpy(data, buffer + first, count);
    first += count;
    return count;
}

size_t HardwareSerial::write(uint8_t value) {
    return write(&value, 1);
}

size_t HardwareSerial::write(const uint8_t *data, size_t size) {
    asked = false;
    machine_write(data, size);
    return size;
}

int HardwareSerial::availableForWrite() {
    return 64;
}
