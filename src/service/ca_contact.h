/* The contacts of an ACME account (RFC 8555 §7.1.2, §7.3). */
#ifndef STIR_SERVICE_CA_CONTACT_H
#define STIR_SERVICE_CA_CONTACT_H

#include "service/ca_parts.h"

enum {
    STIR_CA_CONTACTS = 10, /* of one account: people and a mailing list; the most that is kept and shown */
    STIR_CA_CONTACT = 262, /* characters of one: "mailto:" and the longest address that SMTP carries */
};

/* Read "contact" of `payload` as a JSON text to be kept ("[]": none, or empty); `*there` is false where the payload does not speak of it. In the arena. False:
 * a problem was answered. */
bool stir_ca_contacts_read(struct stir_ca_request *r, struct stir_slice *out, bool *there, struct stir_json payload);

#endif
