/* Records of calls as lines: whatever a call says, a line of the log is one line and strict JSON, evidence too, and a number is not shown whole where it is
 * masked. */
#include <stdlib.h>

#include "core/json.h"
#include "service/record_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

/* The next piece of the input: up to the next 0xfe. */
static struct stir_slice piece(struct stir_slice *left)
{
    const size_t n = stir_slice_find(*left, (char)0xfe);
    const struct stir_slice head = stir_slice_upto(*left, n);
    *left = stir_slice_from(*left, n < left->n ? n + 1 : n);
    return head;
}

/* No byte of it ends the line, moves a cursor or rings a bell. */
static void check_plain(struct stir_slice line)
{
    for (size_t i = 0; i < line.n; i++)
        check((unsigned char)line.p[i] >= 0x20 && line.p[i] != 0x7f);
    check(stir_utf8_valid(line));
}

static void check_json(struct stir_slice text)
{
    struct stir_json json;
    check(stir_json_parse(&json, text, NULL, NULL) == STIR_OK && json.type == STIR_JSON_OBJECT);
}

static void check_log(const struct stir_record *record, const struct stir_mask *mask)
{
    static char line[STIR_LOG_LINE];
    for (int json = 0; json < 2; json++) {
        struct stir_writer w = stir_writer_of(line, sizeof(line));
        stir_put_log_call(&w, record, json, mask);
        check(w.need > 1 && w.need <= w.cap && line[w.need - 1] == '\n');
        const struct stir_slice text = stir_slice_of(line, w.need - 1);
        check_plain(text);
        if (json)
            check_json(text);
    }
}

static void check_evidence(const struct stir_record *record)
{
    static char text[STIR_EVIDENCE_RECORD];
    for (int in_short = 0; in_short < 2; in_short++) {
        struct stir_writer w = stir_writer_of(text, sizeof(text));
        stir_put_evidence(&w, record, "run-1", in_short);
        check(w.need <= (in_short ? 65536 : w.cap));
        check_plain(stir_slice_of(text, w.need));
        check_json(stir_slice_of(text, w.need));
    }
}

/* Digits alone, five or more, are never shown as they are. */
static void check_number(struct stir_slice party, const struct stir_mask *mask)
{
    char shown[4096];
    struct stir_writer w = stir_writer_of(shown, sizeof(shown));
    size_t digits = 0;
    for (size_t i = 0; i < party.n; i++)
        digits += stir_is_digit(party.p[i]);
    if (digits < 5 || digits != party.n || party.n > 100)
        return;
    stir_put_masked_party(&w, mask, party);
    check(w.need <= w.cap && !stir_slice_eq(stir_slice_of(shown, w.need), party));
    w = stir_writer_of(shown, sizeof(shown));
    stir_put_masked_text(&w, mask, party);
    check(digits < 7 || !stir_slice_eq(stir_slice_of(shown, w.need), party));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char why[1024];
    const struct stir_mask masks[] = {{.how = STIR_NUMBERS_MASKED}, {.how = STIR_NUMBERS_HASHED, .secret = {{1, 2}}}, {.how = STIR_NUMBERS_FULL}};
    struct stir_slice left = stir_slice_of(data, size), identities[2];
    struct stir_source source = {.address = "192.0.2.1:5060"};
    if (size > 65535)
        return 0;
    struct stir_record record = {
        .kind = size % 2 ? STIR_RECORD_SIGN : STIR_RECORD_VERIFY, .way = STIR_WAY_SIP_UDP, .source = &source, .result = STIR_SIGN_UNSIGNED};
    record.orig = piece(&left);
    record.dest = piece(&left);
    const struct stir_slice text = piece(&left);
    const size_t n = text.n < sizeof(why) - 1 ? text.n : sizeof(why) - 1;
    for (size_t i = 0; i < n; i++)
        why[i] = text.p[i] ? text.p[i] : ' ';
    why[n] = '\0';
    record.why = record.proof = why;
    record.call_id = piece(&left);
    record.request_id = piece(&left);
    record.origid = piece(&left);
    record.ruri = piece(&left);
    record.date = piece(&left);
    identities[0] = piece(&left);
    identities[1] = left;
    record.identities = identities;
    record.n_identities = 2;
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
        check_log(&record, &masks[i]);
    check_evidence(&record);
    check_number(record.orig, &masks[0]);
    check_number(record.orig, &masks[1]);
    return 0;
}
