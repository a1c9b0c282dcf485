/* The log: lines for people and machines, by a thread that writes them to standard error or to a file. Numbers are masked as [log] has it, lines about calls
 * beyond calls-per-second are sampled, and how many were left out is said. Nobody who logs ever waits for the disk or for who reads standard error. */
#ifndef STIR_SERVICE_LOGBOOK_H
#define STIR_SERVICE_LOGBOOK_H

#include "service/metrics.h"
#include "service/record_text.h"

struct stir_logbook;

enum stir_err stir_logbook_new(struct stir_logbook **out, const struct stir_conf_log *conf, struct stir_metrics *metrics, struct stir_diag *diag) STIR_MUST_USE;
/* Write what is there (not longer than a second for a reader that does not read), then stop. NULL is fine. */
void stir_logbook_free(struct stir_logbook *book);

/* Open what `conf` names: -1 for standard error. STIR_EIO. The file is opened anew at each reload, so that logrotate may move it away. */
enum stir_err stir_logbook_open(int *fd, const struct stir_conf_log *conf, struct stir_diag *diag) STIR_MUST_USE;
/* From now on so; `fd` is the book's. */
void stir_logbook_take(struct stir_logbook *book, const struct stir_conf_log *conf, int fd);

/* From any thread. */
void stir_logbook_call(struct stir_logbook *book, const struct stir_record *record);
void stir_logbook_say(struct stir_logbook *book, int level, const char *event, const char *text);

#endif
