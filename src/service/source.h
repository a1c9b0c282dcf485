/* Where a call comes from: trunk and tenant, found once for each request. */
#ifndef STIR_SERVICE_SOURCE_H
#define STIR_SERVICE_SOURCE_H

#include "service/conf.h"

#include <stir/call.h>

#include <sys/socket.h>

/* What a front knows of a peer. Absent slices are not there. */
struct stir_peer {
    struct sockaddr_storage address;
    struct stir_slice tls_name; /* of a verified client certificate */
    struct stir_slice bearer;   /* of HTTP, without "Bearer " */
    struct stir_slice path;     /* of HTTP: the segment behind /t/ */
    const struct stir_sip *sip; /* NULL: no SIP message */
};

/* What is made of it. Borrowed from the live state. */
struct stir_source {
    const struct stir_conf_trunk *trunk;   /* NULL: none matches */
    const struct stir_conf_tenant *tenant; /* NULL: nobody's */
    bool proven;                           /* by a bearer token or a client certificate of the tenant; SIP: by the trunk */
    bool http;                             /* it came by HTTP, maybe with a message in it */
    char address[54];                      /* for people: "192.0.2.1:5060", "[2001:db8::1]:5060" */
};

/* Trunks by address, name and header, tenants by host, path, token and certificate: immutable, shared by threads. It borrows `conf`. */
struct stir_source_book;

/* Make it, and read the tenants' token files (one a line, at least STIR_MIN_BEARER characters, '#' begins a comment; 0600). @return STIR_OK; STIR_EVALUE,
 * STIR_EIO, STIR_ELIMIT (`diag` says which section and why), STIR_ENOMEM, STIR_ECRYPTO; `*out` is untouched unless STIR_OK. */
enum stir_err stir_source_book_new(struct stir_source_book **out, const struct stir_conf *conf, struct stir_diag *diag) STIR_MUST_USE;
void stir_source_book_free(struct stir_source_book *book); /* NULL is fine */

/* Who `peer` is. Trunk: the first of the file of which all that it names holds; a header counts when it stands once, and only in SIP. Tenant, in SIP: the
 * trunk's; a trunk that names neither tenant nor customer lets the host of the Request-URI choose. In HTTP: whose token or client certificate it is, and then
 * it is proven; without either, the path's or the trunk's, not proven. Where token, certificate, path and trunk do not agree, and where a token is nobody's,
 * there is no tenant. */
void stir_source_find(const struct stir_source_book *book, const struct stir_peer *peer, struct stir_source *out);

/* The host of a SIP URI, brackets of IPv6 included; absent when it has none, or could be read in two ways. */
struct stir_slice stir_uri_host(struct stir_slice uri);

enum {
    STIR_MIN_BEARER = 16,        /* fewer characters could be guessed */
    STIR_MAX_BEARER = 512,       /* of a header that is worth hashing */
    STIR_MAX_BEARERS = 1u << 20, /* bytes of a file of tokens */
};

#endif
