/* Rich call data: the first line is rcd, the second rcdi, each further line what a URL gives. Whatever the order in which contents come, each digest ends in
 * the same state, and none is left waiting. */
#include <stdlib.h>

#include "core/passport.h"
#include "core/rcd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODIES = 16 };

static void check(bool good)
{
    if (!good)
        abort();
}

struct input {
    struct stir_slice rcd, rcdi, body[BODIES];
    size_t n;
};

static struct stir_slice line(struct stir_slice *rest)
{
    struct stir_slice one = stir_slice_upto(*rest, stir_slice_find(*rest, '\n'));
    *rest = stir_slice_from(*rest, one.n < rest->n ? one.n + 1 : one.n);
    return one;
}

/* The same URL gives the same body; some give none. */
static void answer(struct stir_rcd *rcd, size_t i, const struct input *in)
{
    size_t sum = 0;
    for (size_t k = 0; k < rcd->contents[i].url.n; k++)
        sum += (unsigned char)rcd->contents[i].url.p[k];
    size_t which = sum % (in->n + 1);
    if (which == in->n)
        stir_rcd_miss(rcd, i, "missed");
    else
        check(stir_rcd_supply(rcd, i, in->body[which]) == STIR_OK);
    check(rcd->contents[i].settled);
}

static void settle_all(struct stir_rcd *rcd, struct stir_arena *arena, const struct input *in, bool backwards)
{
    check(stir_rcd_read(rcd, arena, in->rcd, in->rcdi, false) == STIR_OK);
    for (bool open = true; open;) {
        size_t n = rcd->n_contents;
        open = false;
        for (size_t k = 0; k < n; k++) {
            size_t i = backwards ? n - 1 - k : k;
            if (rcd->contents[i].settled)
                continue;
            answer(rcd, i, in);
            open = true;
        }
        check(rcd->n_contents <= STIR_MAX_CONTENTS);
    }
    for (size_t i = 0; i < rcd->n_digests; i++) {
        const struct stir_rcd_digest *d = &rcd->digests[i];
        check(d->state != STIR_RCD_WAITS && (d->state == STIR_RCD_HOLDS) == (d->why == NULL));
    }
}

/* Claims whose form is bad never come so far. */
static bool has_form(struct input *in, struct stir_arena *arena)
{
    struct stir_json rcd, rcdi;
    struct stir_slice apn;
    bool good, legacy;
    if (stir_json_parse(&rcd, in->rcd, NULL, NULL) != STIR_OK || stir_rcd_form(&good, &apn, arena, rcd) != STIR_OK || !good)
        return false;
    in->rcd = rcd.text;
    if (stir_json_parse(&rcdi, in->rcdi, NULL, NULL) != STIR_OK || stir_rcdi_form(&good, &legacy, arena, rcdi, rcd) != STIR_OK || !good)
        rcdi.text = stir_slice_of(NULL, 0);
    in->rcdi = rcdi.text;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_slice rest = stir_slice_of(data, size);
    struct stir_arena arena = {0};
    struct stir_rcd forth, back;
    struct input in = {.rcd = line(&rest)};
    in.rcdi = line(&rest);
    while (in.n < BODIES && rest.n)
        in.body[in.n++] = line(&rest);
    if (has_form(&in, &arena)) {
        settle_all(&forth, &arena, &in, false);
        settle_all(&back, &arena, &in, true);
        check(forth.n_digests == back.n_digests && forth.n_contents == back.n_contents && stir_slice_eq(forth.bare, back.bare));
        for (size_t i = 0; i < forth.n_digests; i++)
            check(forth.digests[i].state == back.digests[i].state && (!forth.digests[i].why || strcmp(forth.digests[i].why, back.digests[i].why) == 0));
    }
    stir_arena_clear(&arena);
    return 0;
}
