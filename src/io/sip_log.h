/* SIP messages in text files: the logs and traces of Kamailio, OpenSIPS, Asterisk, FreeSWITCH, ngrep and sngrep, and messages one behind the other. A message
 * begins at a line such as "INVITE sip:... SIP/2.0", whatever the logger wrote before it, and ends with its head and what looks like its SDP. Pure: bytes in,
 * messages out. */
#ifndef STIR_IO_SIP_LOG_H
#define STIR_IO_SIP_LOG_H

#include <stir/err.h>

#define STIR_SIP_LOG_LINE 65536 /* bytes of one line; of longer ones only that many are looked at */

struct stir_sip_log_message {
    struct stir_slice text; /* with CRLF at the ends of its lines; valid during the call */
    uint64_t line;          /* of the file, where it begins, from 1 */
    bool has_at;            /* the logger wrote a date and a time, */
    int64_t at;             /* which are these: seconds since 1970 UTC. Without a zone they are taken for local time */
    bool is_cut;            /* its head does not end with an empty line, or it is longer than a message may be */
};

typedef void stir_sip_log_sink(void *arg, const struct stir_sip_log_message *message);

struct stir_sip_log;

/* @return STIR_OK; STIR_ENOMEM. The caller frees with stir_sip_log_free(). */
enum stir_err stir_sip_log_new(struct stir_sip_log **out, stir_sip_log_sink *sink, void *arg) STIR_MUST_USE;
void stir_sip_log_free(struct stir_sip_log *log);
/* Some more of the file. */
void stir_sip_log_feed(struct stir_sip_log *log, struct stir_slice bytes);
/* That was all. */
void stir_sip_log_end(struct stir_sip_log *log);
/* Lines so far, and those of them that were longer than STIR_SIP_LOG_LINE. */
uint64_t stir_sip_log_lines(const struct stir_sip_log *log);
uint64_t stir_sip_log_long_lines(const struct stir_sip_log *log);

#endif
