/* What a record says: a line of the log, numbers masked; and a record of evidence, everything in full. Pure: no clock, no files. */
#ifndef STIR_SERVICE_RECORD_TEXT_H
#define STIR_SERVICE_RECORD_TEXT_H

#include "service/plain.h"
#include "service/record.h"

enum stir_log_level { STIR_LOG_ERROR = 0, STIR_LOG_WARNING = 1, STIR_LOG_NOTICE = 2, STIR_LOG_INFO = 3, STIR_LOG_DEBUG = 4 };

enum {
    STIR_LOG_LINE = 32768,          /* bytes of a line, its end too: values are cut so that it always fits */
    STIR_EVIDENCE_RECORD = 1 << 20, /* bytes of one record; more is said in short, with hashes of what is left out */
    STIR_EVIDENCE_ID = 32,          /* of a record's identifier */
    STIR_EVIDENCE_HEAD = 512,       /* bytes of a value that a record in short holds */
};

/* One line with its end. Its level: info when all went well; notice when the call went on unsigned, was refused or failed, or ended unanswered; warning when no
 * verdict could be made. */
enum stir_log_level stir_record_level(const struct stir_record *record);
void stir_put_log_call(struct stir_writer *w, const struct stir_record *record, bool json, const struct stir_mask *mask);
/* The same of something that is no call. Numbers in `text` are masked too. */
void stir_put_log_say(struct stir_writer *w, int64_t unix_ms, int level, const char *event, struct stir_slice text, bool json, const struct stir_mask *mask);

/* docs/EVIDENCE.md, one JSON object without a line's end. `in_short`: values cut, Identity headers by their hashes, the verdict without its tokens: never more
 * than 64 KiB. */
void stir_put_evidence(struct stir_writer *w, const struct stir_record *record, const char *id, bool in_short);
#endif
