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
    char address[54];                      /* for people: "192.0.2.1:5060", "[2001:db8::1]:5060" */
};

#endif
