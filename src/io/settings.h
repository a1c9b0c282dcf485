/* A settings file: "key = value", one a line; a line that begins with '#' is a comment. Keys are small letters, digits and '-'; a value is the rest of its line
 * without the blanks around it: no quotes, no escapes, no comment behind it, no lines that go on; "[kind NAME]" begins a section where a file has any. A reader
 * of our own, because libinih 55 leaves to whoever built it whether a wrong line is told by its number, where a line is cut (200 bytes), whether it may go on
 * in the next and whether ';' ends it. */
#ifndef STIR_IO_SETTINGS_H
#define STIR_IO_SETTINGS_H

#include <stir/slice.h>

enum {
    STIR_SETTINGS_MAX = 65536, /* bytes of a file: some thousand lines */
    STIR_SETTINGS_LINE = 2048, /* bytes of a line: the longest URL and some air */
};

/* A line that says something. */
struct stir_setting {
    struct stir_slice key, value;
    struct stir_slice section; /* what stands between the brackets, when it begins a section; else absent */
    struct stir_slice text;    /* the whole line, without the blanks around it */
    size_t line;               /* from 1 */
    const char *fault;         /* what is wrong with the line, in words; NULL: nothing, and key and value are there */
};

/* Reading, from `rest` on. */
struct stir_settings {
    struct stir_slice rest;
    size_t line;
    bool sections;   /* the file may have some */
    size_t max_line; /* bytes of a line */
};

static inline struct stir_settings stir_settings_of(struct stir_slice text)
{
    struct stir_settings settings = {text, 0, false, STIR_SETTINGS_LINE};
    return settings;
}

/* The next line that says something, or is wrong. False at the end. */
bool stir_settings_next(struct stir_settings *settings, struct stir_setting *out);

/* A span of time, "90s", "30m", "72h", "7d": seconds. False when it is none, or longer than `max`. */
bool stir_settings_span(int64_t *out, struct stir_slice value, int64_t max);
/* Digits alone. */
bool stir_settings_number(int64_t *out, struct stir_slice value, int64_t max);

#endif
