/* Attestation: which a call gets, by which rule and on what ground (ATIS-1000074 §5.2.3). Whoever is in doubt says less. */
#include "service/as_book.h"

#include "core/bytes.h"

#include <stdlib.h>

/* ---- Made ---- */

void stir_as_rules_make(struct stir_as_making *m)
{
    const struct stir_conf *conf = m->book->conf;
    m->book->rules = calloc(conf->n_rules + 1, sizeof(*m->book->rules));
    if (!m->book->rules) {
        m->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < conf->n_rules; i++) {
        struct stir_as_rule *rule = &m->book->rules[i];
        rule->conf = &conf->rules[i];
        stir_as_places(m, &rule->trunks, &rule->conf->trunks, false, "rule");
        stir_as_places(m, &rule->tenants, &rule->conf->tenants, true, "rule");
        stir_as_sets(m, &rule->sets, &rule->conf->number_sets, "rule");
        stir_as_patterns(m, &rule->numbers, &rule->conf->numbers, (uint32_t)i, "rule");
        m->out_of_memory = m->out_of_memory || stir_ranges_sort(&rule->numbers) != STIR_OK;
    }
}

void stir_as_rules_free(struct stir_as_book *book)
{
    for (size_t i = 0; book->rules && i < book->conf->n_rules; i++) {
        free(book->rules[i].trunks.bits);
        free(book->rules[i].tenants.bits);
        free(book->rules[i].sets.at);
        stir_ranges_free(&book->rules[i].numbers);
    }
    free(book->rules);
}

/* ---- Asked ---- */

bool stir_as_sets_have(const struct stir_as_book *book, const struct stir_sets *sets, const struct stir_number *number, struct stir_slice customer, int64_t now,
                       struct stir_number_hit *hit, const char **name)
{
    for (size_t i = 0; i < sets->n; i++)
        if (stir_number_set_has(book->sets[sets->at[i]], number, customer, now, hit)) {
            if (name)
                *name = book->conf->numbers[sets->at[i]].name;
            return true;
        }
    return false;
}

static bool has_number(const struct stir_ranges *numbers, uint64_t number)
{
    struct stir_ranges_walk walk;
    if (numbers->n == 0)
        return true;
    stir_ranges_begin(&walk, numbers, number);
    return number && stir_ranges_next(&walk);
}

/* What a rule's lists say. */
struct ground {
    struct stir_number_hit hit;
    const char *list; /* NULL: no list was asked */
};

/* All that the rule names holds. */
static bool matches(const struct stir_as_book *book, const struct stir_as_rule *rule, const struct stir_as_question *q, struct ground *ground)
{
    const struct stir_conf_rule *conf = rule->conf;
    struct stir_slice anybody = {NULL, 0};
    if (!stir_place_is_in(&rule->trunks, q->trunk) || !stir_place_is_in(&rule->tenants, q->tenant) || !has_number(&rule->numbers, q->number.value))
        return false;
    if (conf->owned && !(q->customer.n && q->known))
        return false;
    if (conf->number_sets.n || conf->owned)
        return stir_as_sets_have(book, &rule->sets, &q->number, conf->owned ? q->customer : anybody, q->now, &ground->hit, &ground->list);
    return true;
}

/* Evidence of any list, that the toll-free number is this customer's. */
static bool toll_free_evidence(const struct stir_as_book *book, const struct stir_as_question *q, struct ground *ground)
{
    for (size_t i = 0; q->customer.n && i < book->conf->n_numbers; i++)
        if (book->conf->numbers[i].kind == STIR_NUMBERS_EVIDENCE && stir_number_set_has(book->sets[i], &q->number, q->customer, q->now, &ground->hit)) {
            ground->list = book->conf->numbers[i].name;
            return true;
        }
    return false;
}

/* The lower of two attestations; 0 is no opinion. */
static char lower(char a, char b)
{
    return b > a ? b : a;
}

static void put_ground(struct stir_writer *w, const struct ground *ground)
{
    char day[21];
    if (!ground->list)
        return;
    if (ground->hit.evidence && stir_time_write(day, ground->hit.until - 1) == STIR_OK) {
        stir_put_text(w, stir_evidence_text(ground->hit.evidence));
        stir_put_char(w, ' ');
        stir_put_text(w, ground->hit.reference);
        stir_put_text(w, " of customer ");
        stir_put_slice(w, ground->hit.customer);
        stir_put_text(w, " until ");
        stir_put(w, day, 10);
    } else {
        stir_put_text(w, "owned by customer ");
        stir_put(w, ground->hit.customer.p, ground->hit.customer.n < 60 ? ground->hit.customer.n : 60);
    }
    stir_put_text(w, " (numbers ");
    stir_put_text(w, ground->list);
    stir_put_text(w, ", line ");
    stir_put_int(w, (int64_t)ground->hit.line);
    stir_put_text(w, ")");
}

/* A sentence under construction: what was found, then what took something off it. */
static void put_reason(struct stir_writer *w, const char *text)
{
    stir_put_text(w, w->need ? "; " : "");
    stir_put_text(w, text);
}

/* What the rule says, before what is taken off it. */
static char attest_of(const struct stir_as_question *q, const struct stir_conf_rule *rule, struct stir_writer *w)
{
    switch (rule->attest) {
    case STIR_DECIDE_A: return 'A';
    case STIR_DECIDE_B: return 'B';
    case STIR_DECIDE_ASKED:
        if (q->trusted && q->asked) {
            put_reason(w, "asked for by ");
            stir_put_text(w, q->asked_by);
            return q->asked;
        }
        put_reason(w, q->asked ? "asked for by a source that is not trusted: the lowest" : "nothing was asked for: the lowest");
        return 'C';
    default: return 'C';
    }
}

/* Toll-free numbers are assigned to nobody by range: without evidence that names this customer the number is not known to be his. A provider's own decision is
 * its own. */
static char judge_toll_free(const struct stir_as_book *book, const struct stir_as_question *q, char attest, struct ground *ground, struct stir_writer *w)
{
    if (attest != 'A' || !q->number.toll_free)
        return attest;
    if (ground->list && ground->hit.evidence && q->customer.n && stir_slice_ieq(ground->hit.customer, q->customer))
        return attest;
    ground->list = NULL;
    if (toll_free_evidence(book, q, ground))
        return attest;
    put_reason(w, "toll-free, and no evidence that it is this customer's");
    return q->known ? 'B' : 'C';
}

/* Never more than its source asks for, whoever it is: who says less of a call knows why. Nor more than its tenant may have. */
static char judge_limits(const struct stir_as_question *q, char attest, struct stir_writer *w)
{
    const struct stir_conf_tenant *tenant = q->source->tenant;
    if (q->asked && lower(attest, q->asked) != attest) {
        put_reason(w, "no more is asked for by ");
        stir_put_text(w, q->asked_by);
        attest = lower(attest, q->asked);
    }
    if (tenant && tenant->max_attest && lower(attest, tenant->max_attest) != attest) {
        put_reason(w, "the most that the tenant may have");
        attest = lower(attest, tenant->max_attest);
    }
    return attest;
}

static bool is_provider(const struct stir_as_question *q)
{
    return q->source->tenant && q->source->tenant->kind == STIR_TENANT_PROVIDER;
}

/* No rule: a provider that has proven who it is decides itself; of whom we know it is the lowest; who is nobody is not signed for. */
static void decide_without(const struct stir_as_question *q, struct stir_as_decision *out, struct stir_writer *w)
{
    bool own = is_provider(q) && q->trusted && q->asked;
    out->verdict = q->known ? STIR_AS_SIGN : STIR_AS_LEAVE;
    out->attest = own ? q->asked : 'C';
    if (!q->known) {
        put_reason(w, "no rule is for calls of unknown source");
    } else if (own) {
        put_reason(w, "the provider's own decision, by ");
        stir_put_text(w, q->asked_by);
    } else {
        put_reason(w, "no rule is for it: the lowest");
    }
}

static void decide_by(const struct stir_as_book *book, const struct stir_as_question *q, const struct stir_conf_rule *rule, struct ground *ground,
                      struct stir_as_decision *out, struct stir_writer *w)
{
    struct stir_writer ground_w;
    char text[160];
    out->rule = rule->name;
    out->verdict = rule->attest == STIR_DECIDE_NONE ? STIR_AS_LEAVE : rule->attest == STIR_DECIDE_REFUSE ? STIR_AS_REFUSE : STIR_AS_SIGN;
    if (out->verdict != STIR_AS_SIGN) {
        put_reason(w, out->verdict == STIR_AS_LEAVE ? "its calls are not signed" : "its calls are refused");
        return;
    }
    out->attest = attest_of(q, rule, w);
    out->attest = judge_toll_free(book, q, out->attest, ground, w);
    ground_w = stir_writer_of(text, sizeof(text));
    put_ground(&ground_w, ground);
    if (ground_w.need && stir_writer_close(&ground_w, NULL) == STIR_OK)
        put_reason(w, text);
    if (w->need == 0)
        put_reason(w, "as the rule has it");
}

void stir_as_decide(const struct stir_as_book *book, const struct stir_as_question *q, struct stir_as_decision *out)
{
    struct stir_writer w = stir_writer_of(out->proof, sizeof(out->proof));
    struct ground ground = {.list = NULL};
    size_t i = 0;
    out->verdict = STIR_AS_SIGN;
    out->attest = 0;
    out->rule = "";
    while (i < book->conf->n_rules && !matches(book, &book->rules[i], q, &ground)) {
        ground.list = NULL;
        i++;
    }
    if (i < book->conf->n_rules)
        decide_by(book, q, book->rules[i].conf, &ground, out, &w);
    else
        decide_without(q, out, &w);
    if (out->verdict == STIR_AS_SIGN)
        out->attest = judge_limits(q, out->attest, &w);
    if (stir_writer_close(&w, NULL) != STIR_OK) /* names of the conf are short: this cannot be, and says so if it is */
        memcpy(out->proof, "?", 2);
}
