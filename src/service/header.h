/* A header of a SIP message that struct stir_sip does not hold, by its name: what trunks are told by and attestation headers. The head is one that
 * stir_sip_parse() has taken. */
#ifndef STIR_SERVICE_HEADER_H
#define STIR_SERVICE_HEADER_H

#include <stir/slice.h>

/* How often `name` (in any case; in its compact form too, where it has one) stands in `head`. `*value` (may be NULL) is the first one's value, its folds in it,
 * without white space around it; absent when there is none. What stands more than once says nothing for certain: another reader may take the other. */
size_t stir_header_find(struct stir_slice *value, struct stir_slice head, struct stir_slice name);

/* The only one's value; absent when it does not stand there, or more than once. */
struct stir_slice stir_header_only(struct stir_slice head, struct stir_slice name);

#endif
