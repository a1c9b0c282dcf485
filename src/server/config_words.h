/* What the texts of single keys must look like. Each answers NULL, or what is wrong, in words that stand behind the value: "is no UUID". Pure. */
#ifndef STIR_SERVER_CONFIG_WORDS_H
#define STIR_SERVER_CONFIG_WORDS_H

#include <stir/slice.h>

const char *stir_word_name(struct stir_slice word);        /* of a section */
const char *stir_word_user(struct stir_slice word);        /* of the system */
const char *stir_word_sip_listen(struct stir_slice word);  /* udp:192.0.2.1:5060 */
const char *stir_word_http_listen(struct stir_slice word); /* 192.0.2.1:8443 */
const char *stir_word_network(struct stir_slice word);
const char *stir_word_resolver(struct stir_slice word);
const char *stir_word_host(struct stir_slice word);
const char *stir_word_host_port(struct stir_slice word);
const char *stir_word_segment(struct stir_slice word);    /* of a path */
const char *stir_word_root(struct stir_slice word);       /* "/stir/v1" */
const char *stir_word_folder_url(struct stir_slice word); /* "/cr/" */
const char *stir_word_uuid(struct stir_slice word);
const char *stir_word_header(struct stir_slice text); /* "X-Trunk: 17" */
const char *stir_word_header_name(struct stir_slice word);
const char *stir_word_told_header(struct stir_slice word); /* "attest=X-Attestation" */
const char *stir_word_numbers(struct stir_slice word);     /* 12155551212, 1215555*, 12155550000-12155559999 */
const char *stir_word_technical(struct stir_slice word);
const char *stir_word_portability(struct stir_slice word);
const char *stir_word_plan(struct stir_slice word);
const char *stir_word_x5u(struct stir_slice word);
const char *stir_word_webhook(struct stir_slice word);
const char *stir_word_redress(struct stir_slice word);
const char *stir_word_customer(struct stir_slice word);
/* Of [store], [pa], [ca] and [profile]: config_words_office.c */
bool stir_word_is_database(struct stir_slice word);     /* a URL of PostgreSQL, right or wrong */
const char *stir_word_database(struct stir_slice word); /* and it holds no password, which everybody could read */
const char *stir_word_node(struct stir_slice word);
const char *stir_word_http_url(struct stir_slice word);        /* https://example.com/any/path */
const char *stir_word_base(struct stir_slice word);            /* https://ca.example.com/acme */
const char *stir_word_folder_http_url(struct stir_slice word); /* https://cr.example.com/cr/ */
const char *stir_word_oid(struct stir_slice word);
const char *stir_word_claim(struct stir_slice word);
const char *stir_word_permitted(struct stir_slice text); /* attest=A|B */
const char *stir_word_organization(struct stir_slice text);

#endif
