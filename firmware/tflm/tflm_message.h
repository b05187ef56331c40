/* The last error as text, put together without printf. */
#ifndef BOARDPROOF_TFLM_MESSAGE_H
#define BOARDPROOF_TFLM_MESSAGE_H

#include <cstdint>

/* Starts a new message. What does not fit is cut off. */
void tflm_message_begin(const char *text);
void tflm_message_text(const char *text);
void tflm_message_number(uint32_t number);

const char *tflm_message(void);

/* What the library said since tflm_log_clear, lines joined by "; ". Always "" when its strings are compiled out. */
const char *tflm_log(void);
void tflm_log_clear(void);

#endif
