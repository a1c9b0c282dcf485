/* Keeps the evidence: a thread that writes what callers put, with what [evidence] says of a disk that takes no more. It looks after the clock, too, since it
 * turns each second whatever happens. */
#ifndef STIR_SERVICE_KEEPER_H
#define STIR_SERVICE_KEEPER_H

#include "io/evidence.h"
#include "service/logbook.h"

struct stir_keeper;

/* `book` and `metrics` must live longer. As stir_keeper_open() for errors. */
enum stir_err stir_keeper_new(struct stir_keeper **out, const struct stir_conf_evidence *conf, struct stir_logbook *book, struct stir_metrics *metrics,
                              struct stir_diag *diag) STIR_MUST_USE;
/* Write what is there, then stop; what cannot be written is counted and said. NULL is fine. */
void stir_keeper_free(struct stir_keeper *keeper);

/* Open the folder of `conf` for this keeper; NULL when it has it already or when there is none. */
enum stir_err stir_keeper_open(struct stir_evidence **out, struct stir_keeper *keeper, const struct stir_conf_evidence *conf,
                               struct stir_diag *diag) STIR_MUST_USE;
/* From now on so; `opened` is the keeper's. Not by two threads at once. */
void stir_keeper_take(struct stir_keeper *keeper, const struct stir_conf_evidence *conf, struct stir_evidence *opened);

/* From any thread. Evidence is kept at all. */
bool stir_keeper_is_on(struct stir_keeper *keeper);
/* One line, with its end. A record that finds no room is lost, counted, and said. */
void stir_keeper_put(struct stir_keeper *keeper, struct stir_slice line);
/* A record that could not even be made, for want of memory. */
void stir_keeper_lose(struct stir_keeper *keeper);
/* [evidence] when-full = unsigned: false while neither file nor reserve take lines, and while less than a quarter of the memory is left: that is for the calls
 * under way. */
bool stir_keeper_may_sign(struct stir_keeper *keeper);
/* "" or what is wrong, one line. */
void stir_keeper_fault(struct stir_keeper *keeper, char *buf, size_t cap);

#endif
