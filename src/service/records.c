#include "service/records.h"

#include <openssl/rand.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "service/keeper.h"
#include "service/reporter.h"

enum { ON_STACK = 16384, SAID = 600 }; /* bytes of a record that most fit into: a verification of one token has some 4 KB */

struct stir_records {
    struct stir_metrics *metrics;
    struct stir_logbook *book;
    struct stir_keeper *keeper;
    struct stir_reporter *reporter;
    char run[17]; /* tells records of this run from those of others */
    _Atomic uint64_t number;
};

/* ---- A call ---- */

static void hand_out(struct stir_records *r, struct stir_slice line, bool keep, bool report)
{
    if (keep)
        stir_keeper_put(r->keeper, line);
    if (report)
        stir_reporter_put(r->reporter, stir_slice_upto(line, line.n - 1)); /* without its end */
}

/* The record as a line. @return bytes that it takes, whether they fit or not. */
static size_t write_record(char *buf, size_t cap, const struct stir_record *record, const char *id, bool in_short)
{
    struct stir_writer w = stir_writer_of(buf, cap);
    stir_put_evidence(&w, record, id, in_short);
    stir_put_char(&w, '\n');
    return w.need;
}

static void put_evidence(struct stir_records *r, const struct stir_record *record, bool report)
{
    char line[ON_STACK], id[STIR_EVIDENCE_ID];
    const bool keep = stir_keeper_is_on(r->keeper);
    snprintf(id, sizeof(id), "%s-%llu", r->run, (unsigned long long)atomic_fetch_add(&r->number, 1));
    size_t n = write_record(line, sizeof(line), record, id, false);
    if (n <= sizeof(line)) {
        hand_out(r, stir_slice_of(line, n), keep, report);
        return;
    }
    const bool in_short = n > STIR_EVIDENCE_RECORD;
    const size_t cap = in_short ? STIR_EVIDENCE_RECORD : n;
    char *longer = malloc(cap);
    n = longer ? write_record(longer, cap, record, id, in_short) : 0;
    if (longer && n <= cap)
        hand_out(r, stir_slice_of(longer, n), keep, report);
    else if (keep)
        stir_keeper_lose(r->keeper);
    free(longer);
}

void stir_records_put(struct stir_records *r, const struct stir_record *record)
{
    const bool report = stir_reporter_wants(r->reporter, record);
    stir_metrics_call(r->metrics, record);
    stir_logbook_call(r->book, record);
    if (report || stir_keeper_is_on(r->keeper))
        put_evidence(r, record, report);
}

bool stir_records_may_sign(struct stir_records *r)
{
    return stir_keeper_may_sign(r->keeper);
}

void stir_records_say(struct stir_records *r, int level, const char *event, const char *format, ...)
{
    char text[SAID];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n >= 0 && r)
        stir_logbook_say(r->book, level, event, text);
    else if (n >= 0)
        fprintf(stderr, "stir serve: %s: %s\n", event, text);
}

void stir_records_fault(struct stir_records *r, char *buf, size_t cap)
{
    stir_keeper_fault(r->keeper, buf, cap);
}

/* ---- Begin, reload, end ---- */

static bool name_run(struct stir_records *r)
{
    unsigned char random[8];
    if (RAND_bytes(random, sizeof(random)) != 1)
        return false;
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(r->run + i * 2, 3, "%02x", random[i]);
    return true;
}

static enum stir_err begin(struct stir_records *r, const struct stir_conf *conf, struct stir_diag *diag)
{
    if (!name_run(r))
        return STIR_ECRYPTO;
    TRY(stir_metrics_conf(r->metrics, conf));
    TRY(stir_logbook_new(&r->book, &conf->log, r->metrics, diag));
    TRY(stir_keeper_new(&r->keeper, &conf->evidence, r->book, r->metrics, diag));
    return stir_reporter_new(&r->reporter, &conf->webhook, r->book, r->metrics, diag);
}

enum stir_err stir_records_new(struct stir_records **out, const struct stir_conf *conf, struct stir_metrics *metrics, struct stir_diag *diag)
{
    struct stir_records *r = calloc(1, sizeof(*r));
    if (!r)
        return STIR_ENOMEM;
    r->metrics = metrics;
    const enum stir_err err = begin(r, conf, diag);
    if (err != STIR_OK) {
        stir_records_free(r);
        return err;
    }
    *out = r;
    return STIR_OK;
}

/* What is opened for a reload; all of it, before anything changes. */
struct opened {
    int log;
    struct stir_evidence *evidence;
    struct stir_webhook *webhook;
};

static enum stir_err open_all(struct opened *o, struct stir_records *r, const struct stir_conf *conf, struct stir_diag *diag)
{
    TRY(stir_logbook_open(&o->log, &conf->log, diag));
    TRY(stir_reporter_open(&o->webhook, &conf->webhook, diag));
    TRY(stir_keeper_open(&o->evidence, r->keeper, &conf->evidence, diag));
    return stir_metrics_conf(r->metrics, conf);
}

enum stir_err stir_records_reload(struct stir_records *r, const struct stir_conf *conf, struct stir_diag *diag)
{
    struct opened o = {.log = -1};
    const enum stir_err err = open_all(&o, r, conf, diag);
    if (err != STIR_OK) {
        if (o.log >= 0)
            close(o.log);
        stir_webhook_free(o.webhook);
        stir_evidence_close(o.evidence);
        return err;
    }
    stir_logbook_take(r->book, &conf->log, o.log);
    stir_keeper_take(r->keeper, &conf->evidence, o.evidence);
    stir_reporter_take(r->reporter, &conf->webhook, o.webhook);
    return STIR_OK;
}

void stir_records_free(struct stir_records *r)
{
    if (!r)
        return;
    stir_reporter_free(r->reporter);
    stir_keeper_free(r->keeper);
    stir_logbook_free(r->book);
    free(r);
}
