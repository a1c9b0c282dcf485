#include "service/numbers.h"

#include "core/bytes.h"
#include "core/spc_table.h"
#include "io/file.h"
#include "service/ranges.h"
#include "service/secret.h"

#include <stir/call.h>

#include <stdlib.h>

enum { DAY = 86400 };

struct entry {
    uint32_t line;
    uint32_t customer, reference; /* where their texts begin, NUL behind them */
    enum stir_evidence evidence;
    int64_t until;
};

struct stir_number_set {
    enum stir_conf_numbers_kind kind;
    struct stir_spc_table *owned;
    struct stir_ranges ranges; /* of evidence; the tag is the entry's place */
    struct entry *entries;
    size_t n, room;
    char *text;
    size_t used, text_room;
};

static const char *const evidences[] = {"", "resporg", "loa", "delegate"};

const char *stir_evidence_text(enum stir_evidence evidence)
{
    return evidences[evidence];
}

/* ---- Numbers ---- */

struct stir_number stir_number_of(struct stir_slice canonical)
{
    static const unsigned free_codes[] = {800, 833, 844, 855, 866, 877, 888};
    struct stir_number number = {.text = canonical};
    if (!stir_number_read(&number.value, canonical))
        number.value = 0;
    for (size_t i = 0; i < sizeof(free_codes) / sizeof(free_codes[0]) && canonical.n == 11; i++)
        number.toll_free = number.toll_free || number.value / 10000000 == 1000 + free_codes[i];
    return number;
}

/* ---- Evidence, read ---- */

static struct stir_slice next_word(struct stir_slice *rest)
{
    size_t from = 0, n = 0;
    while (from < rest->n && (stir_is_space(rest->p[from]) || rest->p[from] == '\r'))
        from++;
    while (from + n < rest->n && !stir_is_space(rest->p[from + n]) && rest->p[from + n] != '\r')
        n++;
    struct stir_slice word = stir_slice_of(rest->p + from, n);
    *rest = stir_slice_from(*rest, from + n);
    return word;
}

static enum stir_err keep_text(struct stir_number_set *set, uint32_t *at, struct stir_slice word)
{
    if (set->text_room - set->used <= word.n) {
        size_t room = set->text_room * 2 + 4096;
        char *text = room <= UINT32_MAX ? realloc(set->text, room) : NULL;
        if (!text)
            return STIR_ENOMEM;
        set->text = text;
        set->text_room = room;
    }
    *at = (uint32_t)set->used;
    memcpy(set->text + set->used, word.p, word.n);
    set->text[set->used + word.n] = '\0';
    set->used += word.n + 1;
    return STIR_OK;
}

/* What a reference and a customer are made of: both stand in proofs, in logs and in evidence. */
static bool is_plain(struct stir_slice word, size_t most)
{
    for (size_t i = 0; i < word.n; i++)
        if (word.p[i] <= ' ' || word.p[i] >= 0x7f || word.p[i] == '"' || word.p[i] == '\\')
            return false;
    return word.n > 0 && word.n <= most;
}

/* The day itself still counts. */
static bool read_day(int64_t *until, struct stir_slice word)
{
    char text[24];
    int64_t at;
    if (word.n != 10)
        return false;
    memcpy(text, word.p, 10);
    memcpy(text + 10, "T00:00:00Z", 10);
    if (stir_time_parse(&at, stir_slice_of(text, 20)) != STIR_OK)
        return false;
    *until = at + DAY;
    return true;
}

static enum stir_evidence evidence_of(struct stir_slice word)
{
    for (unsigned i = STIR_EVIDENCE_RESPORG; i <= STIR_EVIDENCE_DELEGATE; i++)
        if (stir_slice_is(word, evidences[i]))
            return (enum stir_evidence)i;
    return 0;
}

static enum stir_err add_entry(struct stir_number_set *set, struct entry entry, uint64_t first, uint64_t last)
{
    if (set->n == set->room) {
        size_t room = set->room * 2 + 64;
        struct entry *entries = realloc(set->entries, room * sizeof(*entries));
        if (!entries)
            return STIR_ENOMEM;
        set->entries = entries;
        set->room = room;
    }
    TRY(stir_ranges_add(&set->ranges, first, last, (uint32_t)set->n));
    set->entries[set->n++] = entry;
    return STIR_OK;
}

static enum stir_err read_entry(struct stir_number_set *set, struct stir_slice text, size_t line, struct stir_diag *diag)
{
    struct entry entry = {.line = (uint32_t)line};
    uint64_t first, last;
    text = stir_slice_upto(text, stir_slice_find(text, '#'));
    struct stir_slice numbers = next_word(&text), customer = next_word(&text), evidence = next_word(&text), reference = next_word(&text),
                      day = next_word(&text);
    if (numbers.n == 0)
        return STIR_OK;
    const char *fault = stir_number_range(&first, &last, numbers);
    if (fault)
        return stir_diag_set(diag, STIR_ESYNTAX, line, "line %zu: \"%.*s\": %s", line, STIR_SHOW(numbers), fault);
    if (!is_plain(customer, STIR_MAX_CUSTOMER))
        return stir_diag_set(diag, STIR_ESYNTAX, line, "line %zu: behind the numbers stands whose they are, 1 to %d characters", line, STIR_MAX_CUSTOMER);
    entry.evidence = evidence_of(evidence);
    if (!entry.evidence)
        return stir_diag_set(diag, STIR_EVALUE, line, "line %zu: \"%.*s\" is no evidence: resporg, loa or delegate", line, STIR_SHOW(evidence));
    if (!is_plain(reference, STIR_MAX_REFERENCE))
        return stir_diag_set(diag, STIR_ESYNTAX, line, "line %zu: behind the evidence stands its reference, 1 to %d characters", line, STIR_MAX_REFERENCE);
    if (!read_day(&entry.until, day) || next_word(&text).n)
        return stir_diag_set(diag, STIR_EVALUE, line, "line %zu: the line ends with the last day of the evidence, such as 2027-01-31", line);
    if (set->n == STIR_MAX_EVIDENCE)
        return stir_diag_set(diag, STIR_ELIMIT, line, "line %zu: more than %d entries", line, STIR_MAX_EVIDENCE);
    TRY(keep_text(set, &entry.customer, customer));
    TRY(keep_text(set, &entry.reference, reference));
    return add_entry(set, entry, first, last);
}

static enum stir_err read_entries(struct stir_number_set *set, struct stir_slice text, struct stir_diag *diag)
{
    if (text.n > STIR_MAX_SPC_TABLE)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "a list of numbers has at most %u bytes", STIR_MAX_SPC_TABLE);
    for (size_t line = 1; text.n; line++) {
        size_t n = stir_slice_find(text, '\n');
        TRY(read_entry(set, stir_slice_upto(text, n), line, diag));
        text = stir_slice_from(text, n < text.n ? n + 1 : n);
    }
    return stir_ranges_sort(&set->ranges);
}

/* ---- Lists ---- */

enum stir_err stir_number_set_parse(struct stir_number_set **out, enum stir_conf_numbers_kind kind, struct stir_slice text, struct stir_diag *diag)
{
    struct stir_number_set *set = calloc(1, sizeof(*set));
    if (!set)
        return STIR_ENOMEM;
    set->kind = kind;
    enum stir_err err = kind == STIR_NUMBERS_OWNED ? stir_spc_table_parse_lines(&set->owned, text, diag) : read_entries(set, text, diag);
    if (err == STIR_OK)
        *out = set;
    else
        stir_number_set_free(set);
    return err;
}

enum stir_err stir_number_set_new(struct stir_number_set **out, const struct stir_conf_numbers *conf, struct stir_diag *diag)
{
    struct stir_slice text = {NULL, 0};
    TRY(stir_secret_read(&text, conf->file, STIR_MAX_SPC_TABLE, false, diag));
    enum stir_err err = stir_number_set_parse(out, conf->kind, text, diag);
    stir_file_free(&text);
    return err;
}

void stir_number_set_free(struct stir_number_set *set)
{
    if (!set)
        return;
    stir_spc_table_free(set->owned);
    stir_ranges_free(&set->ranges);
    free(set->entries);
    free(set->text);
    free(set);
}

static bool has_owned(const struct stir_number_set *set, const struct stir_number *number, struct stir_slice customer, struct stir_number_hit *hit)
{
    struct stir_slice holders = number->toll_free ? stir_slice_of(NULL, 0) : stir_spc_table_find(set->owned, number->text);
    if (!holders.p || (customer.p && stir_spc_table_holds(set->owned, customer, number->text) != 1))
        return false;
    *hit = (struct stir_number_hit){.line = stir_spc_table_line(set->owned, number->text), .customer = customer.p ? customer : holders};
    return true;
}

/* Of several entries that hold, the one that ends last. */
static bool has_evidence(const struct stir_number_set *set, const struct stir_number *number, struct stir_slice customer, int64_t now,
                         struct stir_number_hit *hit)
{
    struct stir_ranges_walk walk;
    const struct entry *best = NULL;
    stir_ranges_begin(&walk, &set->ranges, number->value);
    for (const struct stir_range *range = stir_ranges_next(&walk); range; range = stir_ranges_next(&walk)) {
        const struct entry *entry = &set->entries[range->tag];
        if (now >= entry->until || (customer.p && !stir_slice_ieq(stir_slice_str(set->text + entry->customer), customer)))
            continue;
        if (!best || entry->until > best->until || (entry->until == best->until && entry->line < best->line))
            best = entry;
    }
    if (best)
        *hit = (struct stir_number_hit){best->line, stir_slice_str(set->text + best->customer), best->evidence, set->text + best->reference, best->until};
    return best != NULL;
}

bool stir_number_set_has(const struct stir_number_set *set, const struct stir_number *number, struct stir_slice customer, int64_t now,
                         struct stir_number_hit *hit)
{
    struct stir_number_hit unseen;
    if (!number->value)
        return false;
    hit = hit ? hit : &unseen;
    return set->kind == STIR_NUMBERS_OWNED ? has_owned(set, number, customer, hit) : has_evidence(set, number, customer, now, hit);
}

size_t stir_number_set_lines(const struct stir_number_set *set)
{
    struct stir_spc_table_stats stats = STIR_SPC_TABLE_STATS_INIT;
    if (set->kind == STIR_NUMBERS_EVIDENCE)
        return set->n;
    return stir_spc_table_stats(set->owned, &stats) == STIR_OK ? stats.ranges : 0;
}

size_t stir_number_set_bytes(const struct stir_number_set *set)
{
    struct stir_spc_table_stats stats = STIR_SPC_TABLE_STATS_INIT;
    size_t owned = set->owned && stir_spc_table_stats(set->owned, &stats) == STIR_OK ? stats.bytes : 0;
    return sizeof(*set) + owned + set->ranges.room * sizeof(*set->ranges.items) + set->ranges.n * sizeof(*set->ranges.most) +
           set->room * sizeof(*set->entries) + set->text_room;
}

size_t stir_number_set_over(const struct stir_number_set *set, int64_t now)
{
    size_t over = 0;
    for (size_t i = 0; i < set->n; i++)
        over += now >= set->entries[i].until;
    return over;
}

bool stir_number_set_holds_toll_free(const struct stir_number_set *set)
{
    static const uint64_t codes[] = {1800, 1833, 1844, 1855, 1866, 1877, 1888};
    for (size_t i = 0; set->owned && i < sizeof(codes) / sizeof(codes[0]); i++)
        if (stir_spc_table_any(set->owned, codes[i] * 10000000, codes[i] * 10000000 + 9999999))
            return true;
    return false;
}

void stir_number_set_customers(const struct stir_number_set *set, void (*each)(void *arg, struct stir_slice customer), void *arg)
{
    if (set->owned)
        stir_spc_table_codes(set->owned, each, arg);
    for (size_t i = 0; i < set->n; i++) /* lines of one customer mostly stand together */
        if (i == 0 || strcmp(set->text + set->entries[i].customer, set->text + set->entries[i - 1].customer) != 0)
            each(arg, stir_slice_str(set->text + set->entries[i].customer));
}
