#include "tflm_message.h"

#include <cstddef>

namespace {

#ifdef TF_LITE_STRIP_ERROR_STRINGS
constexpr size_t kCapacity = 128;
#else
constexpr size_t kCapacity = 512; /* the library's own messages, which come before ours */
#endif

char message[kCapacity];
size_t length;

} // namespace

void tflm_message_begin(const char *text) {
    length = 0;
    message[0] = '\0';
    tflm_message_text(text);
}

void tflm_message_text(const char *text) {
    while (*text != '\0' && length + 1 < kCapacity) {
        message[length++] = *text++;
    }
    message[length] = '\0';
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
    return message;
}

/* Where the library's debug messages go, when it has any: not to Serial, which carries frames. The library's header is
 * not included because its versions disagree about further parameters; only this one is used. */
extern "C" void DebugLog(const char *text);

extern "C" __attribute__((weak)) void DebugLog(const char *text) {
    tflm_message_text(text);
}
