#include "core/history.h"

#include "core/bytes.h"
#include "core/sip.h"

/* hi-entry of RFC 7044 §5. */
struct entry {
    struct stir_party party;
    struct stir_slice index;
    struct stir_slice mapped_from; /* mp: index of the entry whose user sent the call here */
};

/* The entries of all headers, one after the other. */
struct entries {
    const struct stir_sip *sip;
    const struct stir_tn_options *tn;
    size_t header;
    struct stir_slice rest;
};

/* digits with dots between; absent when it is something else */
static struct stir_slice index_of(struct stir_slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!stir_is_digit(text.p[i]) && text.p[i] != '.')
            return stir_slice_of(NULL, 0);
    return text.n ? text : stir_slice_of(NULL, 0);
}

static struct entry read_entry(struct stir_slice text, const struct stir_tn_options *tn)
{
    struct entry entry = {.index = {NULL, 0}};
    size_t n = stir_sip_element(text, ';');
    if (stir_party_parse(&entry.party, stir_slice_upto(text, n), tn) != STIR_OK)
        entry.party = (struct stir_party){.kind = STIR_PARTY_NONE};
    while (n < text.n) {
        text = stir_slice_from(text, n + 1);
        n = stir_sip_element(text, ';');
        struct stir_slice param = stir_slice_upto(text, n);
        size_t equal = stir_slice_find(param, '=');
        struct stir_slice name = stir_slice_trim(stir_slice_upto(param, equal));
        struct stir_slice value = stir_slice_trim(stir_slice_from(param, equal < param.n ? equal + 1 : equal));
        if (stir_slice_ieq(name, stir_slice_str("index")))
            entry.index = index_of(value);
        else if (stir_slice_ieq(name, stir_slice_str("mp")))
            entry.mapped_from = index_of(value);
    }
    return entry;
}

static bool next_entry(struct entries *it, struct entry *out)
{
    for (;;) {
        while (it->rest.n == 0) {
            if (it->header == it->sip->histories_seen)
                return false;
            it->rest = it->sip->histories[it->header++];
        }
        size_t n = stir_sip_element(it->rest, ',');
        struct stir_slice one = stir_slice_trim(stir_slice_upto(it->rest, n));
        it->rest = stir_slice_from(it->rest, n < it->rest.n ? n + 1 : n);
        if (one.n == 0)
            continue;
        *out = read_entry(one, it->tn);
        return true;
    }
}

static void take(struct stir_diverter *out, const struct entry *entry)
{
    *out = (struct stir_diverter){entry->party, entry->index, "History-Info"};
}

/* The entry before those of the target. Entries change for less than a new target (RFC 8946 §1): parties are compared in canonical form. Where the target's
 * says from which it was mapped, that one. */
static void read_history(struct stir_diverter *out, const struct stir_sip *sip, const struct stir_party *target, const struct stir_tn_options *tn)
{
    struct entries it = {.sip = sip, .tn = tn};
    struct stir_slice mapped_from = {NULL, 0};
    struct entry entry;
    while (next_entry(&it, &entry)) {
        bool is_target = stir_party_eq(&entry.party, target);
        if (!is_target)
            take(out, &entry);
        if (!is_target || entry.mapped_from.p)
            mapped_from = is_target ? entry.mapped_from : stir_slice_of(NULL, 0);
    }
    if (!mapped_from.p)
        return;
    it = (struct entries){.sip = sip, .tn = tn};
    while (next_entry(&it, &entry))
        if (entry.index.p && stir_slice_eq(entry.index, mapped_from) && !stir_party_eq(&entry.party, target))
            take(out, &entry);
}

/* Diversion (RFC 5806): who was diverted last stands first. */
static void read_diversion(struct stir_diverter *out, struct stir_slice value, const struct stir_tn_options *tn)
{
    struct stir_slice topmost = stir_slice_upto(value, stir_sip_element(value, ','));
    *out = (struct stir_diverter){.source = "Diversion"};
    if (stir_party_parse(&out->party, topmost, tn) != STIR_OK)
        out->party = (struct stir_party){.kind = STIR_PARTY_NONE};
}

enum stir_err stir_diverter_read(struct stir_diverter *out, const struct stir_sip *sip, const struct stir_party *target, const struct stir_tn_options *tn)
{
    *out = (struct stir_diverter){.source = NULL};
    if (sip->histories_seen > STIR_MAX_HISTORY)
        return STIR_ELIMIT;
    read_history(out, sip, target, tn);
    if (!out->source && sip->diversion.p)
        read_diversion(out, sip->diversion, tn);
    return STIR_OK;
}
