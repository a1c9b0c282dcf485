/* What is kept of calls, for people, courts and machines: two streams that never mix. The log may sample and masks numbers; evidence never does either. Behind
 * stir_records_put() stand threads that write, one each for log, evidence and webhook; the callers never wait for a disk, and no stream for another. */
#ifndef STIR_SERVICE_RECORDS_H
#define STIR_SERVICE_RECORDS_H

#include "service/metrics.h"
#include "service/record.h"

struct stir_records;

/* Begin, with the rights that the daemon will have (the files are its own). STIR_EIO, STIR_EVALUE, STIR_ESTATE (another process writes into the folder of
 * evidence): `diag` says which file or key. SIGXFSZ should be ignored by the process: a limit on the size of files is an error of write() then. */
enum stir_err stir_records_new(struct stir_records **out, const struct stir_conf *conf, struct stir_metrics *metrics, struct stir_diag *diag) STIR_MUST_USE;
/* Write what is there, then stop: up to three seconds, when nobody takes it. NULL is fine. */
void stir_records_free(struct stir_records *records);
/* From now on as this conf has it (a reload); what cannot be is said, and nothing changes. */
enum stir_err stir_records_reload(struct stir_records *records, const struct stir_conf *conf, struct stir_diag *diag) STIR_MUST_USE;

/* One call. From any thread; copies what it needs; waits for nothing but a short lock. */
void stir_records_put(struct stir_records *records, const struct stir_record *record);
/* A call that is to be signed may be, as [evidence] when-full has it. */
bool stir_records_may_sign(struct stir_records *records);
/* Something that is no call: "reload", "trust", "fetch", "front" ... with a line for people. Level as of struct stir_conf_log. From any
 * thread. `records` NULL, at the start, before there are any: to standard error. */
void stir_records_say(struct stir_records *records, int level, const char *event, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Is evidence written; "" or what is wrong, for /readyz. */
void stir_records_fault(struct stir_records *records, char *buf, size_t cap);

#endif
