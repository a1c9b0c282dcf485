/* The part of fetch.c that curl does: one transfer, from addresses that are judged to a body or a fault. */
#ifndef STIR_IO_FETCH_TRANSFER_H
#define STIR_IO_FETCH_TRANSFER_H

#include <curl/curl.h>

#include "io/fetch.h"
#include "io/resolve.h"

struct stir_transfer {
    struct stir_flight *shown;      /* what comes is written there; it is what curl has with the handle, CURLINFO_PRIVATE */
    const struct stir_guard *guard; /* the fetcher's */
    uint16_t port;
    char host[256];          /* small letters, brackets around IPv6 */
    struct stir_addrs addrs; /* all judged; the connection goes to one of these */
    CURLM *multi;            /* the fetcher's */
    CURL *easy;              /* NULL: not begun, or over */
    CURLSH *names;           /* a memory of names of its own: another transfer's pins are not this one's */
    struct curl_slist *headers, *pins;
    struct stir_slice post; /* ours */
    size_t max_bytes, cap, header_bytes, header_lines;
    bool literal; /* the URL's host is an address */
    bool asked_etag;
    bool refused;        /* it was about to go to an address that may not be connected to */
    const char *stopped; /* why we ended it ourselves */
    char curl_error[CURL_ERROR_SIZE];
};

/* Copy what is asked for, into a transfer that is zero but for `shown` and `guard`. STIR_ENOMEM; to be cleared in any case. */
enum stir_err stir_transfer_ask(struct stir_transfer *t, const struct stir_fetch_ask *ask) STIR_MUST_USE;
/* Let curl begin; `tls_root` NULL: the system's roots. False when it cannot, for want of memory or because of the roots. */
bool stir_transfer_begin(struct stir_transfer *t, CURLM *multi, const char *tls_root);
/* Everything but what is shown, wherever it stands; credentials are cleansed. May be called again. */
void stir_transfer_clear(struct stir_transfer *t);

#endif
