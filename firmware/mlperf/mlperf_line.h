/* Lines of text to the host, in pieces of at most 64 bytes: what one USB packet takes. No printf: its floats would cost
 * ten kilobytes. */
#ifndef BOARDPROOF_MLPERF_LINE_H
#define BOARDPROOF_MLPERF_LINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MLPERF_LINE_BYTES = 64 };

/* Sends all of text. */
typedef void (*mlperf_write)(void *context, const char *text, size_t bytes);

struct mlperf_line {
    mlperf_write write;
    void *context;
    char text[MLPERF_LINE_BYTES];
    size_t bytes;
};

void mlperf_line_init(struct mlperf_line *line, mlperf_write write, void *context);

void mlperf_put_text(struct mlperf_line *line, const char *text);
void mlperf_put_u32(struct mlperf_line *line, uint32_t value);
void mlperf_put_hex(struct mlperf_line *line, uint8_t value);

/* Three decimals, rounded half to even, as "%0.3f" would; "nan", "inf" and "-inf". Beyond 10^15, infinity. */
void mlperf_put_real(struct mlperf_line *line, float value);

/* Ends the line with CR and LF, and sends what is left of it. */
void mlperf_end_line(struct mlperf_line *line);

/* A whole line, and one with a number at its end. */
void mlperf_say(struct mlperf_line *line, const char *text);
void mlperf_say_u32(struct mlperf_line *line, const char *text, uint32_t value);

#ifdef __cplusplus
}
#endif

#endif
