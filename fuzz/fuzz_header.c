/* A header by its name: in a head that the parser of messages has taken, the lookup finds what the parser found, and nothing outside of the head. */
#include <stdlib.h>

#include <stir/call.h>

#include "service/header.h"
#include "service/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool fact)
{
    if (!fact)
        abort();
}

static void check_inside(struct stir_slice head, struct stir_slice value)
{
    hold(!value.p || (value.p >= head.p && value.p + value.n <= head.p + head.n));
}

/* What stands once for the parser stands once for the lookup, and says the same. */
static void check_known(struct stir_slice head, const char *name, struct stir_slice known)
{
    struct stir_slice value;
    size_t n = stir_header_find(&value, head, stir_slice_str(name));
    check_inside(head, value);
    hold((n > 0) == (value.p != NULL) && n <= 1 && (known.p != NULL) == (n == 1));
    hold(stir_slice_eq(value, known) && stir_slice_eq(stir_header_only(head, stir_slice_str(name)), known));
}

static void check_any(struct stir_slice head, struct stir_slice name)
{
    struct stir_slice value;
    size_t n = stir_header_find(&value, head, name);
    check_inside(head, value);
    hold((n == 1) == (stir_header_only(head, name).p != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"Privacy", "P-Attestation-Info", "X-Trunk", "Subject", "", "I"};
    struct stir_slice text = stir_slice_of(data ? (const void *)data : "", size);
    struct stir_sip sip;
    if (stir_sip_parse(&sip, text, NULL) != STIR_OK)
        return 0;
    check_known(sip.head, "From", sip.call.from);
    check_known(sip.head, "To", sip.call.to);
    check_known(sip.head, "Call-ID", sip.call.call_id);
    check_known(sip.head, "CSeq", sip.call.cseq);
    check_known(sip.head, "date", sip.call.date);
    hold(stir_header_find(NULL, sip.head, stir_slice_str("IDENTITY")) == sip.identities_seen);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        check_any(sip.head, stir_slice_str(names[i]));
    check_inside(sip.call.ruri, stir_uri_host(sip.call.ruri));
    return 0;
}
