/* Who diverted a call, as the message tells. Nothing of it is signed: it serves the one who signs for the diverting number. */
#ifndef STIR_CORE_HISTORY_H
#define STIR_CORE_HISTORY_H

#include <stir/call.h>
#include <stir/tn.h>

struct stir_diverter {
    struct stir_party party; /* STIR_PARTY_NONE: what stands there is neither a number nor a URI */
    struct stir_slice hi;    /* index of the entry of History-Info; absent elsewhere */
    const char *source;      /* the header that names it; NULL: none does */
};

/* The last to be called before `target`: by History-Info (RFC 7044), else by the topmost Diversion (RFC 5806).
 * @return STIR_OK, also when the message says nothing; STIR_ELIMIT (more than STIR_MAX_HISTORY headers). */
enum stir_err stir_diverter_read(struct stir_diverter *out, const struct stir_sip *sip, const struct stir_party *target,
                                 const struct stir_tn_options *tn) STIR_MUST_USE;

#endif
