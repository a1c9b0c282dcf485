/* Where SIP messages begin and end in bytes that hold other things too (RFC 3261 §7, §18.3). What stands in them, core/sip reads. */
#ifndef STIR_IO_SIP_TEXT_H
#define STIR_IO_SIP_TEXT_H

#include <stir/err.h>

/* The line (without its end) begins a message: "INVITE sip:bob@example.com SIP/2.0", "SIP/2.0 200 OK". */
bool stir_sip_starts(struct stir_slice line);
/* `text` is one message and nothing else: no further line begins one. */
bool stir_sip_is_one(struct stir_slice text);
/* Bytes of the first line without its end; text.n when it has none. */
size_t stir_sip_line(struct stir_slice text);
/* Bytes of the head with its empty line, searched for from `*scanned` on; 0 when it is not there yet, and then *scanned says how far there is no need to look
 * again. */
size_t stir_sip_head(struct stir_slice text, size_t *scanned);
/* The value of the first whole line of a head, which may be cut, that begins with this name or its compact form; absent when there is none. */
struct stir_slice stir_sip_value(struct stir_slice head, const char *name, const char *compact);
/* Content-Length of a head; 0 when it has none, SIZE_MAX when it is no number. */
size_t stir_sip_content_length(struct stir_slice head);

#endif
