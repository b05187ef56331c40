/* Input with a timeout, in milliseconds. */
#ifndef Stream_h
#define Stream_h

#include "Print.h"

class Stream : public Print {
  public:
    virtual int available() = 0;
    virtual int read() = 0;
    virtual int peek() = 0;

    void setTimeout(unsigned long milliseconds) {
        timeout_ms = milliseconds;
    }
    unsigned long getTimeout() const {
        return timeout_ms;
    }

    /* At most `size` bytes; fewer when the timeout passes without one, or at the terminator, which is dropped. */
    size_t readBytes(uint8_t *buffer, size_t size);
    size_t readBytes(char *buffer, size_t size) {
        return readBytes(reinterpret_cast<uint8_t *>(buffer), size);
    }
    size_t readBytesUntil(char terminator, char *buffer, size_t size);
    String readString();
    String readStringUntil(char terminator);

    /* Skips to the next integer; 0 when none comes in time. */
    long parseInt();
    bool find(const char *target);

  protected:
    /* The next byte, or -1 after the timeout. */
    int timedRead();
    int timedPeek();

  private:
    unsigned long timeout_ms = 1000;
};

#endif
