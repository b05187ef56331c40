#include "tflm_message.h"

#include <cstddef>

namespace {

/* A text that grows until it is full. */
template <size_t kCapacity> struct Text {
    char chars[kCapacity];
    size_t length;

    void clear() {
        length = 0;
        chars[0] = '\0';
    }

    void append(char letter) {
        if (length + 1 < kCapacity) {
            chars[length++] = letter;
            chars[length] = '\0';
        }
    }
};

#ifdef TF_LITE_STRIP_ERROR_STRINGS
Text<128> message;
Text<16> log_text; /* the library says nothing */
#else
Text<384> message;
Text<256> log_text;
#endif

} // namespace

void tflm_message_begin(const char *text) {
    message.clear();
    tflm_message_text(text);
}

void tflm_message_text(const char *text) {
    while (*text != '\0') {
        message.append(*text++);
    }
}

void tflm_message_number(uint32_t number) {
    char digits[11];
    size_t first = sizeof digits - 1;
    digits[first] = '\0';
    do {
        digits[--first] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    tflm_message_text(&digits[first]);
}

const char *tflm_message(void) {
    return message.chars;
}

const char *tflm_log(void) {
    return log_text.chars;
}

void tflm_log_clear(void) {
    log_text.clear();
}

/* Where the library's debug messages go, when it has any: not to Serial, which carries frames. The library's header is
 * not included because its versions disagree about further parameters; only this one is used. */
extern "C" void DebugLog(const char *text);

extern "C" __attribute__((weak)) void DebugLog(const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            log_text.append(';');
            log_text.append(' ');
        } else if (*text != '\r') {
            log_text.append(*text);
        }
    }
}
