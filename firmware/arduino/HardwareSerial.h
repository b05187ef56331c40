/* `Serial`: the machine's byte stream. STREAMS.md says when it waits. */
#ifndef HardwareSerial_h
#define HardwareSerial_h

#include "Stream.h"

class HardwareSerial : public Stream {
  public:
    /* Any speed will do, as on USB. */
    void begin(unsigned long baud) {
        (void)baud;
    }
    void begin(unsigned long baud, uint16_t config) {
        (void)baud, (void)config;
    }
    void end() {}
    explicit operator bool() const {
        return true;
    }

    int available() override;
    int read() override;
    int peek() override;
    /* Up to `size` bytes that are already there; never waits. */
    size_t read(uint8_t *buffer, size_t size);

    using Print::write;
    size_t write(uint8_t value) override;
    size_t write(const uint8_t *data, size_t size) override;
    int availableForWrite() override;

  private:
    /* Fills the empty buffer: the first call in a row does not wait for the host, later ones do. */
    void refill();

    static uint8_t buffer[1024]; /* not in the object: with its initialised members it would take flash */
    size_t first = 0;
    size_t end_ = 0;
    bool asked = false; /* the last call found nothing, and nothing was written since */
};

extern HardwareSerial Serial;

#endif
