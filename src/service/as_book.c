/* What the authentication service knows: made once from a conf and the files that it names, every fault told, then never changed. */
#include "service/as_book.h"

#include "core/bytes.h"
#include "core/uuid.h"
#include "io/clock.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Telling ---- */

void stir_as_tell(struct stir_as_making *m, bool fatal, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    m->fatal = m->fatal || fatal;
    if (m->say && m->say->say)
        m->say->say(m->say->arg, fatal, text);
}

/* ---- Names into places ---- */

static const char *name_at(const struct stir_conf *conf, bool tenants, size_t i)
{
    return tenants ? conf->tenants[i].name : conf->trunks[i].name;
}

void stir_as_places(struct stir_as_making *m, struct stir_places *out, const struct stir_conf_list *names, bool tenants, const char *section)
{
    const struct stir_conf *conf = m->book->conf;
    size_t n = tenants ? conf->n_tenants : conf->n_trunks;
    if (names->n == 0)
        return;
    out->bits = calloc(n / 64 + 1, sizeof(*out->bits));
    if (!out->bits) {
        m->out_of_memory = true;
        return;
    }
    for (size_t k = 0; k < names->n; k++) {
        size_t i = 0;
        while (i < n && strcmp(name_at(conf, tenants, i), names->items[k]) != 0)
            i++;
        if (i < n)
            out->bits[i / 64] |= UINT64_C(1) << (i % 64);
        else
            stir_as_tell(m, true, "%s: there is no %s %s", section, tenants ? "tenant" : "trunk", names->items[k]);
    }
}

void stir_as_sets(struct stir_as_making *m, struct stir_sets *out, const struct stir_conf_list *names, const char *section)
{
    const struct stir_conf *conf = m->book->conf;
    out->at = names->n ? calloc(names->n, sizeof(*out->at)) : NULL;
    if (names->n && !out->at) {
        m->out_of_memory = true;
        return;
    }
    for (size_t k = 0; k < names->n; k++) {
        size_t i = 0;
        while (i < conf->n_numbers && strcmp(conf->numbers[i].name, names->items[k]) != 0)
            i++;
        if (i == conf->n_numbers)
            stir_as_tell(m, true, "%s: there are no numbers %s", section, names->items[k]);
        else
            out->at[out->n++] = (uint32_t)i;
    }
}

void stir_as_patterns(struct stir_as_making *m, struct stir_ranges *out, const struct stir_conf_list *patterns, uint32_t tag, const char *section)
{
    for (size_t i = 0; i < patterns->n; i++) {
        enum stir_err err = stir_ranges_add_pattern(out, stir_slice_str(patterns->items[i]), tag);
        if (err == STIR_ENOMEM)
            m->out_of_memory = true;
        else if (err != STIR_OK)
            stir_as_tell(m, true, "%s: \"%s\" is no number, prefix or range: 12155551212, 1215555* or 12155550000-12155559999", section, patterns->items[i]);
    }
}

/* ---- Lists ---- */

static void read_list(struct stir_as_making *m, size_t i)
{
    const struct stir_conf_numbers *conf = &m->book->conf->numbers[i];
    struct stir_diag diag = {0};
    int64_t begun = stir_clock_monotonic_ms();
    enum stir_err err = stir_number_set_new(&m->book->sets[i], conf, &diag);
    m->book->load_ms[i] = stir_clock_monotonic_ms() - begun;
    if (err == STIR_ENOMEM) {
        m->out_of_memory = true;
        return;
    }
    if (err != STIR_OK) {
        stir_as_tell(m, true, "numbers %s: %s: %s", conf->name, conf->file, diag.text[0] ? diag.text : stir_err_text(err));
        return;
    }
    size_t over = stir_number_set_over(m->book->sets[i], m->now);
    if (over)
        stir_as_tell(m, false, "numbers %s: of %zu entries the evidence of %zu is over", conf->name, stir_number_set_lines(m->book->sets[i]), over);
    if (stir_number_set_holds_toll_free(m->book->sets[i]))
        stir_as_tell(m, false, "numbers %s: toll-free numbers are in no owned range: give them in a list of kind = evidence", conf->name);
}

static void read_lists(struct stir_as_making *m)
{
    size_t n = m->book->conf->n_numbers;
    m->book->sets = calloc(n + 1, sizeof(*m->book->sets));
    m->book->load_ms = calloc(n + 1, sizeof(*m->book->load_ms));
    m->out_of_memory = !m->book->sets || !m->book->load_ms;
    for (size_t i = 0; i < n && !m->out_of_memory; i++)
        read_list(m, i);
}

bool stir_as_numbers_at(const struct stir_as_book *book, size_t index, struct stir_as_numbers_state *out)
{
    if (index >= book->conf->n_numbers)
        return false;
    const struct stir_conf_numbers *conf = &book->conf->numbers[index];
    *out = (struct stir_as_numbers_state){conf->name, conf->file, stir_number_set_lines(book->sets[index]), stir_number_set_bytes(book->sets[index]),
                                          book->load_ms[index]};
    return true;
}

/* ---- Trunks ---- */

/* A trunk's own prefixes, and its plan, else that of [sign]. */
static struct stir_tn_options options_of(const struct stir_conf *conf, const struct stir_conf_trunk *trunk)
{
    struct stir_tn_options tn = trunk->tn;
    if (*trunk->dial_plan)
        return tn;
    tn = conf->sign.tn;
    tn.technical_prefixes = trunk->tn.technical_prefixes;
    tn.portability_prefixes = trunk->tn.portability_prefixes;
    return tn;
}

/* A UUID that is always the same for a name, and tells it to nobody who has not the secret. */
static void make_origid(const struct stir_as_book *book, char out[37], const char *kind, const char *name)
{
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};
    unsigned char text[STIR_SHA256 + 256];
    memcpy(text, book->secret, STIR_SHA256);
    int n = snprintf((char *)text + STIR_SHA256, sizeof(text) - STIR_SHA256, "%s:%s", kind, name);
    if (n < 0 || EVP_Digest(text, STIR_SHA256 + ((size_t)n < 255 ? (size_t)n : 255), digest, NULL, EVP_sha256(), NULL) != 1)
        return; /* then each call gets one of its own */
    stir_uuid_write(out, digest);
}

static void take_origid(const struct stir_as_book *book, char out[37], const char *given, const char *kind, const char *name)
{
    if (*given)
        snprintf(out, 37, "%s", given);
    else
        make_origid(book, out, kind, name);
}

static void make_trunks(struct stir_as_making *m)
{
    struct stir_as_book *book = m->book;
    const struct stir_conf *conf = book->conf;
    book->tn = calloc(conf->n_trunks + 1, sizeof(*book->tn));
    book->trunk_origids = calloc(conf->n_trunks + 1, sizeof(*book->trunk_origids));
    book->customer_origids = calloc(conf->n_trunks + 1, sizeof(*book->customer_origids));
    book->tenant_origids = calloc(conf->n_tenants + 1, sizeof(*book->tenant_origids));
    if (!book->tn || !book->trunk_origids || !book->customer_origids || !book->tenant_origids) {
        m->out_of_memory = true;
        return;
    }
    book->tn[conf->n_trunks] = conf->sign.tn;
    for (size_t i = 0; i < conf->n_trunks; i++) {
        const struct stir_conf_trunk *trunk = &conf->trunks[i];
        book->tn[i] = options_of(conf, trunk);
        take_origid(book, book->trunk_origids[i], trunk->origid_value, "trunk", trunk->name);
        if (*trunk->customer)
            take_origid(book, book->customer_origids[i], trunk->origid_value, "customer", trunk->customer);
    }
    for (size_t i = 0; i < conf->n_tenants; i++)
        take_origid(book, book->tenant_origids[i], conf->tenants[i].origid_value, "tenant", conf->tenants[i].name);
}

/* ---- The book ---- */

/* Strangers' calls that a rule lifts above the lowest. */
static void judge_strangers(struct stir_as_making *m)
{
    const struct stir_conf *conf = m->book->conf;
    bool open = false;
    for (size_t i = 0; i < conf->n_sip; i++)
        open = open || (conf->sip[i].role == STIR_ROLE_AS && conf->sip[i].any_source);
    for (size_t i = 0; i < conf->n_http; i++)
        open = open || (conf->http[i].open && (conf->http[i].apis & (STIR_API_SIGNING | STIR_API_NATIVE | STIR_API_SECSIPIDX)));
    for (size_t i = 0; open && i < conf->n_rules; i++) {
        const struct stir_conf_rule *rule = &conf->rules[i];
        if ((rule->attest == STIR_DECIDE_A || rule->attest == STIR_DECIDE_B) && !rule->trunks.n && !rule->tenants.n && !rule->owned)
            stir_as_tell(m, false, "rule %s: gives %c to calls of unknown source too, and a listener takes those: name trunks or tenants", rule->name,
                         rule->attest == STIR_DECIDE_A ? 'A' : 'B');
    }
}

enum stir_err stir_as_book_new(struct stir_as_book **out, const struct stir_conf *conf, int64_t now, const struct stir_as_say *say)
{
    STIR_OSSL_QUIET;
    struct stir_as_making m = {.book = calloc(1, sizeof(*m.book)), .say = say, .now = now};
    if (!m.book)
        return STIR_ENOMEM;
    m.book->conf = conf;
    read_lists(&m);
    if (!m.out_of_memory)
        stir_as_signers_make(&m);
    if (!m.out_of_memory)
        stir_as_rules_make(&m);
    if (!m.out_of_memory)
        make_trunks(&m);
    judge_strangers(&m);
    if (!m.out_of_memory && !m.fatal)
        stir_as_customers_look(&m);
    if (m.out_of_memory || m.fatal) {
        stir_as_book_free(m.book);
        return m.out_of_memory ? STIR_ENOMEM : STIR_EVALUE;
    }
    *out = m.book;
    return STIR_OK;
}

void stir_as_book_free(struct stir_as_book *book)
{
    if (!book)
        return;
    stir_as_rules_free(book);
    stir_as_signers_free(book);
    for (size_t i = 0; book->sets && i < book->conf->n_numbers; i++)
        stir_number_set_free(book->sets[i]);
    free(book->sets);
    free(book->load_ms);
    free(book->tn);
    free(book->trunk_origids);
    free(book->customer_origids);
    free(book->tenant_origids);
    free(book);
}
