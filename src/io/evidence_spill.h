/* The reserve of a folder of evidence: a file whose room is taken beforehand, so that a full disk has no word in what is written into it. A head says how much
 * of it counts; it is written after the lines, so that what a crash cuts short does not count. */
#ifndef STIR_IO_EVIDENCE_SPILL_H
#define STIR_IO_EVIDENCE_SPILL_H

#include "core/bytes.h"

struct stir_spill {
    int fd;        /* -1: there is none */
    int64_t room;  /* bytes of lines that it takes */
    int64_t used;  /* bytes that count, those that were read too */
    int64_t taken; /* bytes of them that were read and forgotten */
};

/* Open or make evidence.spill in folder `dir` with room for `bytes`; 0: none. What lies in it stays, and keeps its size until it is empty. Called again, it
 * does nothing unless there is something to do. When the room cannot be taken there is no reserve, and the next call tries again. */
void stir_spill_reserve(struct stir_spill *spill, int dir, int64_t bytes);
void stir_spill_close(struct stir_spill *spill);

/* Whole lines, all of them or none. `sync`: on the disk when it returns. */
bool stir_spill_add(struct stir_spill *spill, struct stir_slice lines, bool sync);
/* Bytes that wait in it. */
int64_t stir_spill_used(const struct stir_spill *spill);
/* The first bytes that wait, whole lines as far as `cap` goes. @return their number; 0: nothing, no whole line, or it cannot be read. */
size_t stir_spill_read(struct stir_spill *spill, char *buf, size_t cap);
/* The first `n` of them are somewhere else now. */
void stir_spill_forget(struct stir_spill *spill, size_t n);

#endif
