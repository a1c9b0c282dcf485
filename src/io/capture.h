/* Capture files, pcap and pcapng, as tcpdump, dumpcap and sngrep write them: read by libpcap, a packet at a time. */
#ifndef STIR_IO_CAPTURE_H
#define STIR_IO_CAPTURE_H

#include <stdio.h>

#include "io/wire.h"

/* The first bytes of a file are a capture's. */
bool stir_capture_is(struct stir_slice first);

/* Read all of `file`, which becomes the capture's and is closed, into `wire`, and end it. `step` (may be NULL) is called now and then with the bytes that were
 * read.
 * @return STIR_OK; STIR_ESYNTAX (broken, or it ends in the middle of a packet, as one does that was copied while it was written: what came before has been
 * read; `diag` says where), STIR_ENOMEM. */
enum stir_err stir_capture_read(FILE *file, struct stir_wire *wire, void (*step)(void *arg, long at), void *arg, struct stir_diag *diag) STIR_MUST_USE;

#endif
