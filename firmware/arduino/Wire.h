/* I2C with nothing on the bus: every transmission is refused, every read is empty. */
#ifndef Wire_h
#define Wire_h

#include "Stream.h"

class TwoWire : public Stream {
  public:
    void begin() {}
    void begin(uint8_t address) {
        (void)address;
    }
    void end() {}
    void setClock(uint32_t hertz) {
        (void)hertz;
    }

    void beginTransmission(int address) {
        (void)address;
    }
    /* 2: the address was not acknowledged. */
    uint8_t endTransmission(bool stop = true) {
        (void)stop;
        return 2;
    }
    size_t requestFrom(int address, size_t size, bool stop = true) {
        (void)address, (void)size, (void)stop;
        return 0;
    }

    using Print::write;
    size_t write(uint8_t value) override {
        (void)value;
        return 1;
    }
    int available() override {
        return 0;
    }
    int read() override {
        return -1;
    }
    int peek() override {
        return -1;
    }
};

extern TwoWire Wire;

#endif
