/* Rich call data against its digests (RFC 9795 §6, §8.2). What stands in the token is settled at once, what stands behind URLs when it comes. Nothing is
 * fetched here: `contents` says what would have to be. */
#ifndef STIR_CORE_RCD_H
#define STIR_CORE_RCD_H

#include "core/json.h"

enum stir_rcd_state {
    STIR_RCD_WAITS = 0, /* for the content behind a URL */
    STIR_RCD_HOLDS = 1,
    STIR_RCD_DIFFERS = 2,
    STIR_RCD_UNVERIFIED = 3, /* nobody can say */
};

/* One member of rcdi. */
struct stir_rcd_digest {
    struct stir_slice pointer, sum; /* "/icn", "sha256-..." */
    enum stir_rcd_state state;
    const char *why; /* when it does not hold */
    size_t content;  /* while it waits: for which */
    bool inside;     /* it is of something inside the jCard behind jcl, and waits for that */
    bool is_image;   /* what it is of is to be shown: icn, photo, logo */
};

struct stir_rcd_content {
    struct stir_slice url;
    bool settled;
};

struct stir_rcd {
    struct stir_arena *arena;
    bool any_url;
    struct stir_json rcd;
    struct stir_rcd_digest *digests;
    size_t n_digests;
    struct stir_rcd_content contents[STIR_MAX_CONTENTS];
    size_t n_contents;
    size_t of_card; /* from here on, what the jCard behind jcl names; 0 until it is open */
    char *scratch;  /* one for all values */
    size_t room;
    struct stir_slice bare; /* a URL whose content should have a digest and has none; absent when there is none */
    const char *unfit;      /* why an image that the token brings itself is not to be shown; NULL when all may be, or there is none */
};

/* Take apart the claims as stir_passport_read() found them good; `rcdi` may be absent. Everything lies in the arena and points into the claims.
 * @return STIR_OK, STIR_ENOMEM, STIR_ECRYPTO. */
enum stir_err stir_rcd_read(struct stir_rcd *out, struct stir_arena *arena, struct stir_slice rcd, struct stir_slice rcdi, bool any_url) STIR_MUST_USE;

/* The content came: `body` is not kept. More contents may be asked for then: those that a jCard names. @return as stir_rcd_read(); after an error the content
 * may be supplied again. */
enum stir_err stir_rcd_supply(struct stir_rcd *rcd, size_t content, struct stir_slice body) STIR_MUST_USE;

/* It did not, and `why` says so; a constant string. */
void stir_rcd_miss(struct stir_rcd *rcd, size_t content, const char *why);

#endif
