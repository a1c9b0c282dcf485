#include "service/ca_contact.h"

/* What stands in an address that is one address, and in a URL without an escape for it (RFC 5322 §3.2.3, RFC 6068 §2). A '%' begins an escape. */
static bool is_atext(char c)
{
    return stir_is_alpha(c) || stir_is_digit(c) || (c && strchr("!#$%&'*+-./=^_`{|}~", c));
}

static bool is_local(struct stir_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_atext(s.p[i]) || (s.p[i] == '%' && (s.n - i < 3 || stir_hex_value(s.p[i + 1]) < 0 || stir_hex_value(s.p[i + 2]) < 0)))
            return false;
    return s.n > 0;
}

static bool is_domain(struct stir_slice s)
{
    bool begins = true;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!stir_is_alpha(c) && !stir_is_digit(c) && ((c != '-' && c != '.') || begins))
            return false;
        begins = c == '.';
    }
    return s.n > 0 && !begins;
}

/* "mailto:" and one address: neither header fields nor a second one (RFC 8555 §7.3). */
/*= RFC8555-7.3 */
static bool is_mailto(struct stir_slice address)
{
    size_t at = stir_slice_find(address, '@');
    return at < address.n && is_local(stir_slice_upto(address, at)) && is_domain(stir_slice_from(address, at + 1));
}

static bool check(struct stir_ca_request *r, struct stir_slice contact)
{
    const size_t scheme = sizeof("mailto:") - 1;
    size_t colon = stir_slice_find(contact, ':');
    if (contact.n > STIR_CA_CONTACT)
        return stir_ca_refuse(r, STIR_PROBLEM_INVALID_CONTACT, "a contact is longer than %d characters", STIR_CA_CONTACT);
    if (colon == contact.n)
        return stir_ca_refuse(r, STIR_PROBLEM_INVALID_CONTACT, "the contact \"%.*s\" is no URL; mailto:NAME@DOMAIN is one", STIR_SHOW(contact));
    if (!stir_slice_ieq(stir_slice_upto(contact, colon + 1), stir_slice_str("mailto:")))
        return stir_ca_refuse(r, STIR_PROBLEM_UNSUPPORTED_CONTACT, "the contact \"%.*s\" is of a kind that nobody writes to here; mailto: is supported",
                              STIR_SHOW(contact));
    return is_mailto(stir_slice_from(contact, scheme)) ||
           stir_ca_refuse(r, STIR_PROBLEM_INVALID_CONTACT, "the contact \"%.*s\" is not mailto: and one address, without header fields", STIR_SHOW(contact));
}

/* Each value is a string without escapes that matter: it is written again as it is. */
static bool put(struct stir_ca_request *r, struct stir_writer *w, struct stir_json value, size_t i)
{
    struct stir_slice contact;
    if (value.type != STIR_JSON_STRING)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "an element of \"contact\" is no string");
    if (i == STIR_CA_CONTACTS)
        return stir_ca_refuse(r, STIR_PROBLEM_INVALID_CONTACT, "more than %d contacts", STIR_CA_CONTACTS);
    if (!stir_ca_went(r, stir_json_string(&contact, value, &r->arena), NULL) || !check(r, contact))
        return false;
    stir_put_text(w, i ? "," : "");
    stir_put_json_string(w, contact);
    return true;
}

bool stir_ca_contacts_read(struct stir_ca_request *r, struct stir_slice *out, bool *there, struct stir_json payload)
{
    enum { ROOM = STIR_CA_CONTACTS * (STIR_CA_CONTACT + 3) + 3 };
    struct stir_json list;
    char *text = stir_arena_get(&r->arena, ROOM);
    struct stir_writer w = stir_writer_of(text, ROOM);
    size_t i = 0;
    *there = stir_json_member(payload, "contact", &list);
    if (!text)
        return stir_ca_went(r, STIR_ENOMEM, NULL);
    if (*there && list.type != STIR_JSON_ARRAY)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"contact\" is no list");
    stir_put_char(&w, '[');
    if (*there)
        for (struct stir_json_iter it = stir_json_iter(list); stir_json_next(&it); i++)
            if (!put(r, &w, it.value, i))
                return false;
    stir_put_char(&w, ']');
    *out = stir_slice_of(text, w.need);
    return stir_ca_went(r, stir_writer_close(&w, NULL), NULL);
}
