/** @file stir/call.h  A call as STIR sees it: the fields of the SIP message that are signed or compared.
 *  Pure: no I/O. Slices point into the caller's text, which must outlive them. */
#ifndef STIR_CALL_H
#define STIR_CALL_H

#include <stir/err.h>
#include <stir/limits.h>

STIR_BEGIN

/** A call. Absent slices are headers that are not there. Parties are header values, URIs or bare numbers: stir_party_parse() reads them. */
struct stir_call {
    size_t size;                       /**< sizeof(struct stir_call) */
    const struct stir_slice *identity; /**< Identity values, one per header */
    size_t n_identity;
    struct stir_slice from;
    const struct stir_slice *pai; /**< P-Asserted-Identity values */
    size_t n_pai;
    struct stir_slice to;
    struct stir_slice ruri; /**< Request-URI */
    struct stir_slice date; /**< SIP Date */
    struct stir_slice call_id;
    struct stir_slice cseq;
    const struct stir_slice *resource_priority; /**< Resource-Priority values, one per header, each a list */
    size_t n_resource_priority;
    struct stir_slice priority;
    const struct stir_slice *fingerprints; /**< values of the SDP's a=fingerprint, "sha-256 AB:CD:..." */
    size_t n_fingerprints;
    struct stir_slice display_name; /**< of From, without quotes, otherwise as it stands there: with folds and quoted pairs */
    bool is_response;
    struct stir_slice call_reason; /**< of Call-Info (RFC 9796 §6), likewise */
};
#ifdef __cplusplus
#define STIR_CALL_INIT           \
    {                            \
        sizeof(struct stir_call) \
    }
#else
#define STIR_CALL_INIT                   \
    {                                    \
        .size = sizeof(struct stir_call) \
    }
#endif

/** A SIP message, read: the call and room for its lists. */
struct stir_sip {
    struct stir_call call;    /**< points into this struct and into the message: do not copy it alone */
    struct stir_slice method; /**< "INVITE"; absent in a response */
    int status;               /**< of a response; 0 in a request */
    struct stir_slice head;   /**< start line and headers, with the empty line */
    struct stir_slice body;
    size_t date_at;                                        /**< offset at which a Date header can be put in: behind the start line */
    size_t identity_at;                                    /**< offset at which an Identity header can be put in: behind the last header */
    struct stir_slice eol;                                 /**< "\r\n", or "\n" for files that lost the CR */
    struct stir_slice identities[STIR_MAX_IDENTITIES + 1]; /**< one more than is judged, so that the verdict names a call that carries too many */
    struct stir_slice pais[STIR_MAX_PAI];
    struct stir_slice fingerprints[STIR_MAX_FINGERPRINTS];
    struct stir_slice resource_priorities[STIR_MAX_RPH];
    size_t identities_seen; /**< Identity headers in the message, also those beyond the room */
    struct stir_slice histories[STIR_MAX_HISTORY]; /**< History-Info values, one per header, each a list */
    size_t histories_seen;                         /**< of them in the message, also those beyond the room */
    struct stir_slice diversion;                   /**< the topmost Diversion value, a list */
};

/** Read a SIP message: only what STIR needs. Header names in any case and in compact form, folded lines, lines that all end with
 * LF alone borne, Content-Length believed only when it shortens the body. A header that may stand once and stands twice (From, To, Call-ID, CSeq, Date,
 * Content-Type, Content-Length) is an error, and so are mixed line ends and a head without its empty line: two readers could disagree about the call.
 *  @return STIR_OK; STIR_ESYNTAX (no SIP message, a broken or duplicated header; `diag` names it), STIR_ELIMIT (longer than STIR_MAX_MESSAGE, too many
 * headers), STIR_EARG;
 *  `*out` is written in any case. */
STIR_API STIR_MUST_USE enum stir_err stir_sip_parse(struct stir_sip *out, struct stir_slice message, struct stir_diag *diag);

/** Read a SIP Date (RFC 3261 §20.17): "Fri, 25 Sep 2015 19:12:25 GMT". Case matters, GMT alone is a zone, second 60 does not exist; the weekday must be one,
 *  and is not held against the date.
 *  @return STIR_OK; STIR_ESYNTAX, STIR_EARG; `*out` (seconds since 1970 UTC) is untouched unless STIR_OK. */
STIR_API STIR_MUST_USE enum stir_err stir_date_parse(int64_t *out, struct stir_slice text);

/** Write a SIP Date with a closing NUL; 30 bytes.
 *  @return STIR_OK; STIR_EVALUE (not a time between the years 1970 and 9999), STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_date_write(char buf[30], int64_t at);

/** Read a time as people give it: Unix seconds or RFC 3339 ("2022-06-29T20:25:36Z", with offset or 'Z'; fractions of a second are dropped, second 60 does not
 *  exist).
 *  @return STIR_OK; STIR_ESYNTAX, STIR_EARG; `*out` is untouched unless STIR_OK. */
STIR_API STIR_MUST_USE enum stir_err stir_time_parse(int64_t *out, struct stir_slice text);

/** Write RFC 3339 in UTC with a closing NUL; 21 bytes.
 *  @return STIR_OK; STIR_EVALUE (not a time between the years 1970 and 9999), STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_time_write(char buf[21], int64_t at);

STIR_END
#endif
