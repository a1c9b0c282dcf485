#include "service/metrics_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/bytes.h"

enum { FIRST_CAP = 16384 };

static bool has_room(struct stir_metrics_text *text, size_t n)
{
    if (text->failed)
        return false;
    if (n < text->cap - text->n)
        return true;
    size_t cap = text->cap ? text->cap : FIRST_CAP;
    while (cap - text->n <= n)
        cap *= 2;
    char *bigger = realloc(text->p, cap);
    if (!bigger) {
        text->failed = true;
        return false;
    }
    text->p = bigger;
    text->cap = cap;
    return true;
}

static void put(struct stir_metrics_text *text, const char *p, size_t n)
{
    if (!has_room(text, n))
        return;
    memcpy(text->p + text->n, p, n);
    text->n += n;
}

static void put_text(struct stir_metrics_text *text, const char *p)
{
    put(text, p, strlen(p));
}

/* In HELP lines and in label values: a line stays one, a quoted value ends where it ends. */
static void put_escaped(struct stir_writer *w, const char *p)
{
    for (; *p; p++) {
        if (*p == '\n')
            stir_put_text(w, "\\n");
        else if (*p == '\\' || *p == '"')
            stir_put(w, (const char[]){'\\', *p}, 2);
        else
            stir_put_char(w, *p);
    }
}

void stir_metrics_family(struct stir_metrics_text *text, const char *name, const char *type, const char *help)
{
    put_text(text, "# HELP ");
    put_text(text, name);
    put_text(text, " ");
    for (; *help; help++) /* HELP has no quotes to be escaped */
        put_text(text, *help == '\n' ? "\\n" : *help == '\\' ? "\\\\" : (const char[]){*help, '\0'});
    put_text(text, "\n# TYPE ");
    put_text(text, name);
    put_text(text, " ");
    put_text(text, type);
    put_text(text, "\n");
}

static void put_sample(struct stir_metrics_text *text, const char *name, const char *labels, const char *value)
{
    put_text(text, name);
    if (labels[0]) {
        put_text(text, "{");
        put_text(text, labels);
        put_text(text, "}");
    }
    put_text(text, " ");
    put_text(text, value);
    put_text(text, "\n");
}

void stir_metrics_value(struct stir_metrics_text *text, const char *name, const char *labels, double value)
{
    char number[40];
    if (isnan(value))
        snprintf(number, sizeof(number), "NaN");
    else if (isinf(value))
        snprintf(number, sizeof(number), value > 0 ? "+Inf" : "-Inf");
    else
        snprintf(number, sizeof(number), "%.15g", value);
    put_sample(text, name, labels, number);
}

void stir_metrics_count(struct stir_metrics_text *text, const char *name, const char *labels, uint64_t value)
{
    char number[24];
    snprintf(number, sizeof(number), "%llu", (unsigned long long)value);
    put_sample(text, name, labels, number);
}

void stir_metrics_labels(char *buf, size_t cap, ...)
{
    struct stir_writer w = stir_writer_of(buf, cap);
    va_list args;
    va_start(args, cap);
    for (const char *name; (name = va_arg(args, const char *));) {
        const char *value = va_arg(args, const char *);
        if (!value)
            break;
        if (w.need)
            stir_put_char(&w, ',');
        stir_put_text(&w, name);
        stir_put_text(&w, "=\"");
        put_escaped(&w, value);
        stir_put_char(&w, '"');
    }
    va_end(args);
    if (stir_writer_close(&w, NULL) != STIR_OK && cap)
        buf[0] = '\0';
}

char *stir_metrics_text_take(struct stir_metrics_text *text, size_t *n)
{
    char *page = NULL;
    if (has_room(text, 1)) {
        text->p[text->n] = '\0';
        *n = text->n;
        page = text->p;
    } else {
        free(text->p);
    }
    memset(text, 0, sizeof(*text));
    return page;
}
