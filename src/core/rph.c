/* The priority of a call: rph against Resource-Priority (RFC 8443 §4.2), sph against Priority (RFC 9027 §4). Judged over all tokens together, because each
 * authority signs for its own namespaces. */
#include "core/verify.h"

/* What the message asks for: the r-values of all its Resource-Priority headers. */
struct asked {
    struct stir_slice value[STIR_MAX_PRIORITIES];
    size_t n;
    bool too_many;
};

static void read_header(struct asked *asked, struct stir_slice list)
{
    while (list.n) {
        size_t comma = stir_slice_find(list, ',');
        struct stir_slice value = stir_slice_trim(stir_slice_upto(list, comma));
        list = stir_slice_from(list, comma < list.n ? comma + 1 : comma);
        if (value.n == 0)
            continue;
        if (asked->n == STIR_MAX_PRIORITIES) {
            asked->too_many = true;
            return;
        }
        asked->value[asked->n++] = value;
    }
}

/* RFC 4412 §3.1: namespaces and priorities are the same in any case. */
static bool stands_in(const struct stir_slice *list, size_t n, struct stir_slice value)
{
    for (size_t i = 0; i < n; i++)
        if (stir_slice_ieq(list[i], value))
            return true;
    return false;
}

bool stir_is_rph(const struct stir_judgement *j)
{
    return (j->passport ? j->passport->ppt : stir_ppt_of(j->identity.ppt)) == STIR_PPT_RPH;
}

static bool is_signed(const struct stir_judgement *tokens, size_t n, struct stir_slice value)
{
    for (size_t i = 0; i < n; i++)
        if (tokens[i].passport && stir_is_rph(&tokens[i]) && stands_in(tokens[i].passport->rph, tokens[i].passport->n_rph, value))
            return true;
    return false;
}

/* All that is signed is asked for, and all that is asked for is signed by one or another. */
static void judge_values(struct stir_judgement *j, const struct stir_judgement *tokens, size_t n, const struct asked *asked)
{
    const struct stir_passport *p = j->passport;
    if (asked->too_many)
        stir_judge_say(j, STIR_R_RPH_MISMATCH, "Resource-Priority has more than %d values", STIR_MAX_PRIORITIES);
    for (size_t i = 0; i < p->n_rph; i++)
        if (!stands_in(asked->value, asked->n, p->rph[i]))
            stir_judge_say(j, STIR_R_RPH_MISMATCH, "%.*s is signed, and Resource-Priority does not say it", STIR_SHOW(p->rph[i]));
    for (size_t i = 0; i < asked->n; i++)
        if (!is_signed(tokens, n, asked->value[i]))
            stir_judge_say(j, STIR_R_RPH_MISMATCH, "Resource-Priority says %.*s, and nobody signed it", STIR_SHOW(asked->value[i]));
}

/*= RFC8443-4.2 */
void stir_judge_priority(struct stir_judgement *tokens, size_t n, const struct stir_call *call)
{
    struct asked asked = {.n = 0};
    for (size_t i = 0; i < call->n_resource_priority && !asked.too_many; i++)
        read_header(&asked, call->resource_priority[i]);
    for (size_t i = 0; i < n; i++) {
        struct stir_judgement *j = &tokens[i];
        if (!j->passport || !stir_is_rph(j) || j->passport->n_rph == 0)
            continue;
        judge_values(j, tokens, n, &asked);
        /*= RFC9027-4 */
        if (j->passport->sph.p && !stir_slice_ieq(j->passport->sph, stir_slice_trim(call->priority)))
            stir_judge_say(j, STIR_R_SPH_MISMATCH, "Priority is \"%.*s\"", STIR_SHOW(stir_slice_trim(call->priority)));
        stir_judge_pass(j, STIR_CHECK_RPH);
    }
}
