#include "mlperf.h"

#include <string.h>

#include "mlperf_model.h"

/* The runners know firmware by this name. */
static const char profile_name[] = "ULPMark for tinyML Firmware V0.0.1";

enum { TERMINATOR = '%', BYTES_PER_LINE = 8, DEFAULT_PRINT_BYTES = 16, DEFAULT_WARMUPS = 10 };

/* --- Words ---------------------------------------------------------------------------------------------------------
 */

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Cuts the next word off *rest: "" at the end. */
static const char *next_word(char **rest) {
    char *word = *rest;

    while (is_space(*word)) {
        word++;
    }
    char *end = word;
    while (*end != '\0' && !is_space(*end)) {
        end++;
    }
    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

/* Reads a decimal number of at most nine digits. */
static bool to_number(const char *word, uint32_t *number) {
    size_t count = 0;
    uint32_t value = 0;

    for (; word[count] >= '0' && word[count] <= '9' && count < 9; count++) {
        value = value * 10 + (uint32_t)(word[count] - '0');
    }
    *number = value;
    return count > 0 && word[count] == '\0';
}

/* The optional number that comes next: `otherwise` when there is none, false when it is not one. */
static bool next_number(char **rest, uint32_t otherwise, uint32_t *number) {
    const char *word = next_word(rest);

    *number = otherwise;
    return *word == '\0' || to_number(word, number);
}

/* 0 to 15, or -1. */
static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void say_quoted(struct mlperf *m, const char *before, const char *text, const char *after) {
    mlperf_put_text(&m->line, before);
    mlperf_put_text(&m->line, text);
    mlperf_say(&m->line, after);
}

/* --- Loading a sample ----------------------------------------------------------------------------------------------
 */

static void db_load(struct mlperf *m, char *rest) {
    const char *word = next_word(&rest);
    uint32_t bytes;

    if (*word == '\0') {
        mlperf_say(&m->line, "e-[Command 'db load' requires the # of bytes]");
    } else if (!to_number(word, &bytes) || bytes == 0) {
        mlperf_say(&m->line, "e-[Command 'db load' must be >0 bytes]");
    } else if (bytes > m->config->dataset_bytes) {
        mlperf_put_text(&m->line, "e-[Supplied buffer size ");
        mlperf_put_u32(&m->line, bytes);
        mlperf_put_text(&m->line, " exceeds maximum of ");
        mlperf_put_u32(&m->line, (uint32_t)m->config->dataset_bytes);
        mlperf_say(&m->line, "]");
    } else {
        m->load_bytes = bytes;
        m->loaded_bytes = 0;
        m->has_result = false;
        mlperf_put_text(&m->line, "m-[Expecting ");
        mlperf_put_u32(&m->line, bytes);
        mlperf_say(&m->line, " bytes]");
    }
}

/* Checks the digits before any byte is stored, so that a damaged line can be sent again. */
static bool are_hex_pairs(struct mlperf *m, const char *digits) {
    char bad[2] = {0};

    if (strlen(digits) % 2 != 0) {
        mlperf_say(&m->line, "e-[Insufficent number of hex digits]");
        return false;
    }
    for (; *digits != '\0'; digits++) {
        if (hex_digit(*digits) < 0) {
            bad[0] = *digits;
            say_quoted(m, "e-[Invalid hex digit '", bad, "']");
            return false;
        }
    }
    return true;
}

static void db_store(struct mlperf *m, const char *digits) {
    if (!are_hex_pairs(m, digits)) {
        return;
    }
    if (m->loaded_bytes == m->load_bytes) {
        mlperf_say(&m->line, "e-[No bytes are expected: use 'db load' first]");
        return;
    }
    for (; *digits != '\0' && m->loaded_bytes < m->load_bytes; digits += 2) {
        m->config->dataset[m->loaded_bytes++] = (uint8_t)(hex_digit(digits[0]) << 4 | hex_digit(digits[1]));
    }
    if (m->loaded_bytes == m->load_bytes) {
        mlperf_say(&m->line, "m-load-done");
    }
}

static void db_print(struct mlperf *m, char *rest) {
    uint32_t count;
    uint32_t offset;

    if (!next_number(&rest, DEFAULT_PRINT_BYTES, &count) || !next_number(&rest, 0, &offset)) {
        mlperf_say(&m->line, "e-[Command 'db print' takes a number of bytes and an offset]");
        return;
    }
    const size_t first = offset < m->loaded_bytes ? offset : m->loaded_bytes;
    const size_t last = count < m->loaded_bytes - first ? first + count : m->loaded_bytes;
    for (size_t i = first; i < last; i++) {
        const bool ends_line = (i - first) % BYTES_PER_LINE == BYTES_PER_LINE - 1 || i + 1 == last;
        mlperf_put_text(&m->line, (i - first) % BYTES_PER_LINE == 0 ? "m-buffer-" : "-");
        mlperf_put_hex(&m->line, m->config->dataset[i]);
        if (ends_line) {
            mlperf_end_line(&m->line);
        }
    }
}

static void run_db(struct mlperf *m, char *rest) {
    const char *word = next_word(&rest);

    if (*word == '\0') {
        mlperf_say(&m->line, "e-[Command 'db' requires a subcommand]");
    } else if (strcmp(word, "load") == 0) {
        db_load(m, rest);
    } else if (strcmp(word, "print") == 0) {
        db_print(m, rest);
    } else {
        db_store(m, word);
    }
}

/* --- The other commands --------------------------------------------------------------------------------------------
 */

static void run_timestamp(struct mlperf *m, char *rest) {
    (void)rest;
    mlperf_say_u32(&m->line, "m-lap-us-", m->config->micros(m->config->context));
}

/* 0, or a negative model_error after a line that tells it. */
static int infer_times(struct mlperf *m, uint32_t times) {
    int error = 0;

    for (uint32_t i = 0; i < times && error == 0; i++) {
        error = mlperf_infer(m);
    }
    if (error != 0) {
        mlperf_put_text(&m->line, "e-[Inference failed: error -");
        mlperf_put_u32(&m->line, (uint32_t)-error);
        mlperf_say(&m->line, "]");
    }
    return error;
}

static void run_infer(struct mlperf *m, char *rest) {
    uint32_t times;
    uint32_t warmups;

    if (!next_number(&rest, 1, &times) || times == 0) {
        mlperf_say(&m->line, "e-[Inference iterations must be >0]");
        return;
    }
    if (!next_number(&rest, DEFAULT_WARMUPS, &warmups)) {
        mlperf_say(&m->line, "e-[Inference warmup must be >=0]");
        return;
    }
    m->has_result = false;
    if (!mlperf_stage(m)) {
        return;
    }
    mlperf_say_u32(&m->line, "m-warmup-start-", warmups);
    if (infer_times(m, warmups) != 0) {
        return;
    }
    mlperf_say(&m->line, "m-warmup-done");
    mlperf_say_u32(&m->line, "m-infer-start-", times);
    run_timestamp(m, rest);
    if (infer_times(m, times) != 0) {
        return;
    }
    run_timestamp(m, rest);
    mlperf_say(&m->line, "m-infer-done");
    m->has_result = true;
    mlperf_results(m);
}

static void run_results(struct mlperf *m, char *rest) {
    (void)rest;
    mlperf_results(m);
}

static void run_name(struct mlperf *m, char *rest) {
    (void)rest;
    mlperf_say(&m->line, "m-name-dut-[boardproof]");
}

static void run_profile(struct mlperf *m, char *rest) {
    (void)rest;
    say_quoted(m, "m-profile-[", profile_name, "]");
    say_quoted(m, "m-model-[", m->config->model_name, "]");
}

static void run_help(struct mlperf *m, char *rest) {
    static const char *const lines[] = {
        profile_name,
        "",
        "help                 : this text",
        "name                 : what this device is called",
        "profile              : the benchmark's name and the model's",
        "timestamp            : microseconds since the start",
        "db load N            : expect a sample of N bytes",
        "db HH[HH]*           : the next bytes of it, in hexadecimal",
        "db print [N=16] [O=0]: N of its bytes, from offset O",
        "infer N [W=10]       : W inferences untimed, then N timed",
        "results              : the last inference's output",
    };

    (void)rest;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        mlperf_say(&m->line, lines[i]);
    }
}

/* --- Commands ------------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    void (*run)(struct mlperf *m, char *rest);
} commands[] = {
    {"name", run_name}, {"timestamp", run_timestamp}, {"profile", run_profile}, {"help", run_help},
    {"db", run_db},     {"infer", run_infer},         {"results", run_results},
};

static void run_command(struct mlperf *m) {
    char *rest = m->command;
    const char *word = next_word(&rest);

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(word, commands[i].name) == 0) {
            commands[i].run(m, rest);
            return;
        }
    }
    /* Nothing before the '%': the runner clears the line that way. */
    if (*word != '\0') {
        say_quoted(m, "e-[Unknown command: ", word, "]");
    }
}

static void end_command(struct mlperf *m) {
    m->command[m->command_bytes] = '\0';
    if (m->command_is_too_long) {
        mlperf_say(&m->line, "e-[Command too long]");
    } else {
        run_command(m);
    }
    m->command_bytes = 0;
    m->command_is_too_long = false;
    mlperf_say(&m->line, "m-ready");
}

void mlperf_start(struct mlperf *m, const struct mlperf_config *config) {
    memset(m, 0, sizeof *m);
    m->config = config;
    mlperf_line_init(&m->line, config->write, config->context);
    mlperf_say(&m->line, "m-timestamp-mode-performance");
    run_timestamp(m, m->command);
    mlperf_say(&m->line, "m-init-done");
    mlperf_say(&m->line, "m-ready");
}

/* Commands are echoed in complaints, which are text: a 0 would end one early, and other bytes may mean anything. */
static char printable(char c) {
    return is_space(c) || (c > ' ' && c <= '~') ? c : '?';
}

void mlperf_take(struct mlperf *m, const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        if (data[i] == TERMINATOR) {
            end_command(m);
        } else if (m->command_bytes < MLPERF_COMMAND_MAX) {
            m->command[m->command_bytes++] = printable((char)data[i]);
        } else {
            m->command_is_too_long = true;
        }
    }
}
