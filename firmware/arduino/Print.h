/* Text output: everything ends in write(). Functions return the number of bytes written.
 *
 * As in Arduino's own core there is no virtual destructor: nobody deletes a stream through its base, and one would
 * bring operator delete and the heap into every program. */
#ifndef Print_h
#define Print_h

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "Printable.h"
#include "WString.h"

enum { BIN = 2, OCT = 8, DEC = 10, HEX = 16 };

class Print {
  public:
    virtual size_t write(uint8_t value) = 0;
    virtual size_t write(const uint8_t *data, size_t size);
    size_t write(const char *text);
    size_t write(const char *data, size_t size);
    virtual int availableForWrite();
    virtual void flush();

    int getWriteError() const {
        return write_error;
    }
    void clearWriteError() {
        write_error = 0;
    }

    size_t print(const __FlashStringHelper *text);
    size_t print(const String &text);
    size_t print(const char *text);
    size_t print(char value);
    size_t print(unsigned char value, int base = DEC);
    size_t print(int value, int base = DEC);
    size_t print(unsigned int value, int base = DEC);
    size_t print(long value, int base = DEC);
    size_t print(unsigned long value, int base = DEC);
    size_t print(long long value, int base = DEC);
    size_t print(unsigned long long value, int base = DEC);
    size_t print(double value, int digits = 2);
    size_t print(const Printable &value);

    size_t println();

    template <class T> size_t println(const T &value) {
        size_t count = print(value);
        return count + println();
    }

    template <class T> size_t println(const T &value, int format) {
        size_t count = print(value, format);
        return count + println();
    }

    size_t printf(const char *format, ...) __attribute__((format(printf, 2, 3)));

  protected:
    void setWriteError(int error = 1) {
        write_error = error;
    }

  private:
    int write_error = 0;
};

#endif
