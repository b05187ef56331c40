#include "mlperf_line.h"

#include <math.h>

static const char digits[] = "0123456789abcdef";

static void flush(struct mlperf_line *line) {
    if (line->bytes > 0) {
        line->write(line->context, line->text, line->bytes);
        line->bytes = 0;
    }
}

static void put_char(struct mlperf_line *line, char c) {
    if (line->bytes == sizeof line->text) {
        flush(line);
    }
    line->text[line->bytes++] = c;
}

void mlperf_line_init(struct mlperf_line *line, mlperf_write write, void *context) {
    line->write = write;
    line->context = context;
    line->bytes = 0;
}

void mlperf_put_text(struct mlperf_line *line, const char *text) {
    for (; *text != '\0'; text++) {
        put_char(line, *text);
    }
}

/* At least min_digits decimal digits. */
static void put_decimal(struct mlperf_line *line, uint64_t value, int min_digits) {
    char text[20];
    int count = 0;

    do {
        text[count++] = digits[value % 10];
        value /= 10;
    } while (value > 0 || count < min_digits);
    while (count > 0) {
        put_char(line, text[--count]);
    }
}

void mlperf_put_u32(struct mlperf_line *line, uint32_t value) {
    put_decimal(line, value, 1);
}

void mlperf_put_hex(struct mlperf_line *line, uint8_t value) {
    put_char(line, digits[value >> 4]);
    put_char(line, digits[value & 0xF]);
}

void mlperf_put_real(struct mlperf_line *line, float value) {
    static const double limit = 1e15;

    if (isnan(value)) {
        mlperf_put_text(line, "nan");
        return;
    }
    if (signbit(value)) {
        put_char(line, '-');
    }
    if (fabs((double)value) > limit) {
        mlperf_put_text(line, "inf");
        return;
    }
    /* A float times 1000 is exact in a double, so this rounds once, as printf does. */
    const uint64_t thousandths = (uint64_t)llrint(fabs((double)value) * 1000.0);
    put_decimal(line, thousandths / 1000, 1);
    put_char(line, '.');
    put_decimal(line, thousandths % 1000, 3);
}

void mlperf_end_line(struct mlperf_line *line) {
    mlperf_put_text(line, "\r\n");
    flush(line);
}

void mlperf_say(struct mlperf_line *line, const char *text) {
    mlperf_put_text(line, text);
    mlperf_end_line(line);
}

void mlperf_say_u32(struct mlperf_line *line, const char *text, uint32_t value) {
    mlperf_put_text(line, text);
    mlperf_put_u32(line, value);
    mlperf_end_line(line);
}
