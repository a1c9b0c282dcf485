/* A folder of evidence: lines are added to the file evidence.jsonl, which becomes evidence-UTC.jsonl when it is large or old enough, and goes when it was kept
 * long enough. Beside it stands a reserve, evidence.spill, whose room was taken when the folder was opened: what a full disk refuses goes there, and from there
 * to the file when it takes lines again. One process at a time (a lock on the folder), one thread at a time. */
#ifndef STIR_IO_EVIDENCE_H
#define STIR_IO_EVIDENCE_H

#include <stir/err.h>

struct stir_evidence;

struct stir_evidence_options {
    const char *dir;                                     /* made (0700) when it is not there and its parent is */
    int64_t rotate_bytes;                                /* 0: never for its size */
    int64_t rotate_after;                                /* seconds; 0: never for its age */
    int64_t keep;                                        /* seconds since the last record of a file; 0: for ever */
    int64_t spill_bytes;                                 /* 0: no reserve */
    bool sync;                                           /* fsync at each tick */
    void (*say)(void *arg, int level, const char *text); /* what was done beside writing, for the log: 1 warning, 2 notice, 4 debug; NULL: nobody asks */
    void *arg;
};

/* Open the folder, and mend what a crash left: a last line without its end is cut off and kept in a record of its own. STIR_EIO, STIR_ESTATE (another process
 * writes there), STIR_ENOMEM: `diag` says what to do. A full disk is no reason not to open. */
enum stir_err stir_evidence_open(struct stir_evidence **out, const struct stir_evidence_options *options, int64_t now_ms, struct stir_diag *diag) STIR_MUST_USE;
/* What can be written is; then closed. NULL is fine. */
void stir_evidence_close(struct stir_evidence *evidence);
/* The same folder, other options. */
void stir_evidence_set(struct stir_evidence *evidence, const struct stir_evidence_options *options);

enum stir_evidence_place {
    STIR_EVIDENCE_FILE = 0,
    STIR_EVIDENCE_SPILL,   /* in the reserve: safe, and in the file later */
    STIR_EVIDENCE_NOWHERE, /* nothing of it was kept */
};
/* Whole lines, each with its end. */
enum stir_evidence_place stir_evidence_write(struct stir_evidence *evidence, struct stir_slice lines, int64_t now_ms) STIR_MUST_USE;
/* Each second: empty the reserve, fsync, rotate, delete. `clock_is_sound`: files may be deleted for their age. */
void stir_evidence_tick(struct stir_evidence *evidence, int64_t now_ms, bool clock_is_sound);

struct stir_evidence_state {
    bool fault;        /* the file cannot be written */
    uint64_t failures; /* failed writes, fsyncs and the like, all together */
    int64_t spilled;   /* bytes in the reserve now */
    char text[200];    /* what is wrong; "" when nothing is */
};
void stir_evidence_state(const struct stir_evidence *evidence, struct stir_evidence_state *out);

#endif
