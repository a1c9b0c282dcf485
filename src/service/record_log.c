#include "service/record_text.h"

#include "core/verdict.h"
#include "io/clock.h"

enum {
    VALUE = 200,    /* bytes of one value that a line shows: a Call-ID of a carrier has some 80 */
    SENTENCE = 500, /* and of what is said of no call */
};

/* A line as it grows. */
struct line {
    struct stir_writer *w;
    const struct stir_mask *mask;
    bool json;
};

static void put_name(const struct line *line, const char *name)
{
    stir_put_text(line->w, line->json ? ",\"" : " ");
    stir_put_text(line->w, name);
    stir_put_text(line->w, line->json ? "\":" : "=");
}

static void put(const struct line *line, const char *name, struct stir_slice value)
{
    char cut[VALUE + 4];
    if (!value.n)
        return;
    if (value.n > VALUE) {
        struct stir_writer w = stir_writer_of(cut, sizeof(cut));
        stir_put_slice(&w, stir_slice_upto(value, VALUE));
        stir_put_text(&w, "...");
        value = stir_slice_of(cut, w.need);
    }
    put_name(line, name);
    if (line->json)
        stir_put_plain_string(line->w, value);
    else
        stir_put_plain_word(line->w, value);
}

static void put_text(const struct line *line, const char *name, const char *value)
{
    if (value)
        put(line, name, stir_slice_str(value));
}

static void put_int(const struct line *line, const char *name, int64_t value)
{
    put_name(line, name);
    stir_put_int(line->w, value);
}

static void put_letter(const struct line *line, const char *name, char letter)
{
    if (letter)
        put(line, name, stir_slice_of(&letter, 1));
}

/* Cut before it is masked, so that a number of a thousand digits is no thousand digits of a line; what is cut off is no part of any number that is shown. */
static void put_masked(const struct line *line, const char *name, struct stir_slice value,
                       void (*show)(struct stir_writer *w, const struct stir_mask *mask, struct stir_slice value))
{
    char shown[VALUE * 8]; /* each five digits may become a hash of 18 */
    struct stir_writer w = stir_writer_of(shown, sizeof(shown));
    if (!value.n)
        return;
    show(&w, line->mask, stir_slice_upto(value, value.n < VALUE ? value.n : VALUE));
    put(line, name, w.need <= w.cap ? stir_slice_of(shown, w.need) : stir_slice_str("?"));
}

static void put_party(const struct line *line, const char *name, struct stir_slice party)
{
    put_masked(line, name, party, stir_put_masked_party);
}

static void put_sentence(const struct line *line, const char *name, const char *text)
{
    if (text)
        put_masked(line, name, stir_slice_str(text), stir_put_masked_text);
}

/* What came of a stranger and should be a UUID. */
static void put_origid(const struct line *line, struct stir_slice origid)
{
    if (stir_is_uuid(origid))
        put(line, "origid", origid);
    else
        put_masked(line, "origid", origid, stir_put_masked_text);
}

static const char *level_text(int level)
{
    static const char *const texts[] = {"error", "warning", "notice", "info", "debug"};
    return level < STIR_LOG_ERROR ? texts[0] : level > STIR_LOG_DEBUG ? texts[STIR_LOG_DEBUG] : texts[level];
}

static void begin(const struct line *line, int64_t unix_ms, int level, const char *event)
{
    if (line->json)
        stir_put_text(line->w, "{\"ts\":\"");
    stir_put_utc(line->w, unix_ms);
    if (line->json)
        stir_put_format(line->w, "\",\"level\":\"%s\"", level_text(level));
    else
        stir_put_format(line->w, " %s ", level_text(level));
    if (line->json)
        put_text(line, "event", event);
    else
        stir_put_plain_word(line->w, stir_slice_str(event));
}

static void end(const struct line *line)
{
    stir_put_text(line->w, line->json ? "}\n" : "\n");
}

enum stir_log_level stir_record_level(const struct stir_record *record)
{
    if (record->unanswered)
        return STIR_LOG_NOTICE;
    if (record->kind == STIR_RECORD_SIGN)
        return record->result == STIR_SIGNED || record->result == STIR_SIGN_PASSED_ON ? STIR_LOG_INFO : STIR_LOG_NOTICE;
    if (!record->verdict)
        return STIR_LOG_WARNING;
    return record->verdict->verstat == STIR_VERSTAT_FAILED || record->act != STIR_ACT_PASS ? STIR_LOG_NOTICE : STIR_LOG_INFO;
}

static void put_source(const struct line *line, const struct stir_record *record)
{
    const struct stir_source *source = record->source;
    if (!source)
        return;
    put_text(line, "trunk", source->trunk ? source->trunk->name : NULL);
    put_text(line, "tenant", source->tenant ? source->tenant->name : NULL);
    put_text(line, "source", source->address);
}

static void put_sign(const struct line *line, const struct stir_record *record)
{
    put_text(line, "result", stir_sign_result_text(record->result));
    put_letter(line, "attest", record->attest);
    put_text(line, "ppt", stir_ppt_text(record->ppt));
    put_text(line, "rule", record->rule);
    put_text(line, "signer", record->signer);
    put_origid(line, record->origid);
    put_sentence(line, "why", record->why);
    if (record->over_1300)
        put_text(line, "over_1300", "yes");
}

static void put_token(const struct line *line, const struct stir_token_verdict *token)
{
    put_letter(line, "attest", token->attest);
    put(line, "ppt", token->ppt_text);
    put(line, "spc", token->spc);
    put_origid(line, token->origid);
    put(line, "x5u", token->x5u);
    for (size_t i = 0; i < token->n_checks; i++)
        if (token->checks[i].outcome == STIR_FAIL) {
            put_sentence(line, "detail", token->checks[i].detail);
            return;
        }
}

static void put_verify(const struct line *line, const struct stir_record *record)
{
    const struct stir_verdict *v = record->verdict;
    const struct stir_token_verdict *token = stir_verdict_decider(v);
    if (v) {
        put_text(line, "verstat", stir_verstat_text(v->verstat));
        if (v->reason != STIR_R_NONE)
            put_text(line, "reason", stir_reason_name(v->reason));
    }
    if (token)
        put_token(line, token);
    put_text(line, "action", record->unanswered ? NULL : stir_act_text(record->act));
    if (record->emergency)
        put_text(line, "emergency", "yes");
    put_sentence(line, "why", record->why);
}

void stir_put_log_call(struct stir_writer *w, const struct stir_record *record, bool json, const struct stir_mask *mask)
{
    const struct line line = {w, mask, json};
    const bool sign = record->kind == STIR_RECORD_SIGN;
    begin(&line, record->unix_ms, stir_record_level(record), sign ? "sign" : "verify");
    put(&line, "call_id", record->call_id);
    put(&line, "request_id", record->request_id);
    put_source(&line, record);
    put_party(&line, "orig", record->orig);
    put_party(&line, "dest", record->dest);
    if (sign)
        put_sign(&line, record);
    else
        put_verify(&line, record);
    if (record->sip_code)
        put_int(&line, "sip", record->sip_code);
    if (record->http_code)
        put_int(&line, "http", record->http_code);
    put_int(&line, "took_us", record->took_us);
    if (record->waited_us)
        put_int(&line, "waited_us", record->waited_us);
    end(&line);
}

void stir_put_log_say(struct stir_writer *w, int64_t unix_ms, int level, const char *event, struct stir_slice text, bool json, const struct stir_mask *mask)
{
    char shown[SENTENCE * 8];
    struct stir_writer masked = stir_writer_of(shown, sizeof(shown));
    const struct line line = {w, mask, json};
    begin(&line, unix_ms, level, event);
    stir_put_masked_text(&masked, mask, stir_slice_upto(text, text.n < SENTENCE ? text.n : SENTENCE));
    put_name(&line, "text");
    stir_put_plain_string(w, masked.need <= masked.cap ? stir_slice_of(shown, masked.need) : stir_slice_str("?"));
    end(&line);
}
