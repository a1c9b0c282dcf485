/* Text of strangers on lines of ours: what it says stays, what could be taken for another line, another field or a command to a terminal does not; and
 * telephone numbers as [log] numbers has them. */
#ifndef STIR_SERVICE_PLAIN_H
#define STIR_SERVICE_PLAIN_H

#include "core/bytes.h"
#include "core/siphash.h"
#include "service/conf.h"

/* A JSON string with its quotes, pure ASCII but for printable characters: controls (those of ISO 6429's upper half too), line separators and marks that turn
 * the direction of writing are escaped; what is no UTF-8, and NUL, becomes U+FFFD. */
void stir_put_plain_string(struct stir_writer *w, struct stir_slice s);

/* A value of "name=value": as it is where nothing in it could be mistaken, else as stir_put_plain_string(). */
void stir_put_plain_word(struct stir_writer *w, struct stir_slice s);

/* How numbers are shown. The secret makes a hash of a number one that nobody can look up in a table of all numbers. */
struct stir_mask {
    enum stir_conf_mask how;
    struct stir_siphash secret;
};

/* A canonical party: a number, or a URI whose user part is somebody's name. */
void stir_put_masked_party(struct stir_writer *w, const struct stir_mask *mask, struct stir_slice party);
/* A sentence: whatever could be a number in it, of 7 digits or more with or without marks between them. An IPv4 address stays. */
void stir_put_masked_text(struct stir_writer *w, const struct stir_mask *mask, struct stir_slice text);

#endif
