/* What the tests of the authentication service share: signing identities in files of a folder, a conf over them, a worker, and calls in one line. */
#ifndef STIR_TESTS_AS_SUPPORT_H
#define STIR_TESTS_AS_SUPPORT_H

#include "call_group.h"

#include "server/config.h"
#include "service/as.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AS_DAY = 86400 };

static char as_folder[64];
static struct stir_key *as_keys[32];
static size_t as_n_keys;

/* Everything that a worker has. */
static struct as_scene {
    struct stir_conf *conf;
    struct stir_source_book *sources;
    struct stir_as_book *book;
    struct stir_live live;
    struct stir_worker worker;
    struct stir_source source;
    struct stir_as_answer answer;
    struct stir_sip sip;
    char message[65536], said[65536], text[1024];
    int64_t now;
} scene;

static void as_say(void *arg, bool fatal, const char *text)
{
    size_t n = strlen(scene.said);
    (void)arg;
    snprintf(scene.said + n, sizeof(scene.said) - n, "%s: %s\n", fatal ? "fatal" : "warning", text);
}

static const struct stir_as_say as_saying = {as_say, NULL};

static void as_conf_say(void *arg, const char *text)
{
    as_say(arg, true, text);
}

static inline void as_write(const char *name, const char *text, mode_t mode)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", as_folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* NAME.key and NAME.pem: an end-entity certificate over `entries` under the PKI's intermediate, and that behind it. */
static inline void as_identity(const char *name, const struct stir_tnauth_entry *entries, size_t n, int64_t from, int64_t until)
{
    char file[64], pem[3 * 4096];
    size_t len, more;
    struct stir_key *mine = NULL, *before = pki.key;
    struct stir_tnauth *list = pki_list(entries, n);
    assert_err(stir_key_generate(&mine), STIR_OK);
    pki.key = mine;
    struct stir_cert *leaf = pki_leaf(&pki, list, from, until);
    pki.key = before;
    assert_err(stir_key_write_pem(pem, sizeof(pem), &len, mine, S(NULL)), STIR_OK);
    snprintf(file, sizeof(file), "%s.key", name);
    as_write(file, pem, 0600);
    assert_err(stir_cert_write_pem(pem, sizeof(pem), &len, leaf), STIR_OK);
    assert_err(stir_cert_write_pem(pem + len, sizeof(pem) - len, &more, pki.ca), STIR_OK);
    snprintf(file, sizeof(file), "%s.pem", name);
    as_write(file, pem, 0644);
    stir_cert_free(leaf);
    stir_tnauth_free(list);
    assert_true(as_n_keys < 32);
    as_keys[as_n_keys++] = mine;
}

static inline void as_provider(const char *name, const char *spc, int64_t from, int64_t until)
{
    struct stir_tnauth_entry entry = {STIR_TNAUTH_SPC, S(spc), 0};
    as_identity(name, &entry, 1, from, until);
}

static inline int as_begin(void **state)
{
    make_pki(state);
    snprintf(as_folder, sizeof(as_folder), "/tmp/stir-as-XXXXXX");
    assert_non_null(mkdtemp(as_folder));
    as_provider("main", "709J", NOW - 8 * AS_DAY, NOW + 100 * AS_DAY);
    as_provider("alpha", "ALFA", NOW - 8 * AS_DAY, NOW + 100 * AS_DAY);
    as_provider("beta", "BETA", NOW - 8 * AS_DAY, NOW + 100 * AS_DAY);
    return 0;
}

static inline void as_close(void)
{
    stir_as_book_free(scene.book);
    stir_source_book_free(scene.sources);
    stir_config_free(scene.conf);
    scene.book = NULL;
    scene.sources = NULL;
    scene.conf = NULL;
}

static inline int as_end(void **state)
{
    char command[128];
    as_close();
    for (size_t i = 0; i < as_n_keys; i++)
        stir_key_free(as_keys[i]);
    snprintf(command, sizeof(command), "rm -rf %s", as_folder);
    assert_int_equal(system(command), 0);
    return free_pki(state);
}

#define AS_HEAD "[server]\nroles = as\n[sip as]\nrole = as\nlisten = udp:127.0.0.1:5060\nsources = any\n"
/* [signer NAME] over the files of that name; further keys follow. */
#define AS_SIGNER(name) "[signer " name "]\nkey = @/" name ".key\ncert = @/" name ".pem\nx5u = https://cr.example.com/" name ".pem\ncheck-x5u = no\n"

/* The conf `text`, '@' in it standing for the folder, read and in force. What was said is in scene.said. */
static inline enum stir_err as_try(const char *text, int64_t now)
{
    static char full[65536];
    size_t n = 0;
    const struct stir_config_say conf_saying = {as_conf_say, NULL};
    struct stir_diag diag = {0};
    as_close();
    scene.said[0] = '\0';
    scene.now = now;
    for (const char *p = text; *p; p++)
        if (p[0] == '@' && p[1] == '/')
            n += (size_t)snprintf(full + n, sizeof(full) - n, "%s", as_folder);
        else
            full[n++] = *p;
    assert_true(n < sizeof(full));
    if (stir_config_parse(&scene.conf, stir_slice_of(full, n), "stir.conf", &conf_saying) != STIR_OK)
        return STIR_ESYNTAX;
    if (stir_source_book_new(&scene.sources, scene.conf, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    return stir_as_book_new(&scene.book, scene.conf, now, &as_saying);
}

static inline void as_open_at(const char *text, int64_t now)
{
    if (as_try(text, now) != STIR_OK)
        fail_msg("%s", scene.said);
    scene.live = (struct stir_live){.conf = scene.conf, .sources = scene.sources, .as = scene.book};
    scene.worker = (struct stir_worker){.ctx = pki.ctx, .live = &scene.live};
}

static inline void as_open(const char *text)
{
    as_open_at(text, NOW);
}

static inline struct sockaddr_storage as_address(const char *host)
{
    struct sockaddr_storage at;
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(5060)};
    memset(&at, 0, sizeof(at));
    assert_int_equal(inet_pton(AF_INET, host, &four.sin_addr), 1);
    memcpy(&at, &four, sizeof(four));
    return at;
}

/* One of ours, in words: "shaken A 12155551212>12125550100", with the signature held against its signer's key. */
static inline size_t as_describe(char *text, size_t cap, struct stir_slice identity)
{
    struct stir_identity parts;
    struct stir_passport *token = NULL;
    unsigned char digest[STIR_SHA256];
    bool signed_by_us = false;
    assert_err(stir_identity_parse(&parts, identity, STIR_IDENTITY_STRICT, NULL, NULL), STIR_OK);
    assert_err(stir_passport_parse(&token, &parts), STIR_OK);
    assert_int_equal(token->n_faults, 0);
    assert_err(stir_es256_digest(pki.ctx, parts.signing_input, digest), STIR_OK);
    for (size_t i = 0; i < as_n_keys; i++)
        signed_by_us = signed_by_us || stir_es256_verify(pki.ctx, as_keys[i], digest, stir_slice_of(token->signature, token->signature_len)) == STIR_OK;
    assert_true(signed_by_us);
    size_t n = (size_t)snprintf(text, cap, "%.*s", (int)token->ppt_text.n, token->ppt_text.p);
    if (token->attest)
        n += (size_t)snprintf(text + n, cap - n, " %c", token->attest);
    n += (size_t)snprintf(text + n, cap - n, " %.*s>%.*s", (int)token->orig.text.n, token->orig.text.p, (int)token->dest[0].text.n, token->dest[0].text.p);
    if (token->div.text.p)
        n += (size_t)snprintf(text + n, cap - n, " by %.*s", (int)token->div.text.n, token->div.text.p);
    stir_passport_free(token);
    return n;
}

/* What came of it: "main shaken A 1...>1...|div ...", "unsigned", "passed on", "refused 403". */
static inline const char *as_outcome(void)
{
    const struct stir_as_answer *a = &scene.answer;
    size_t n = 0;
    scene.text[0] = '\0';
    if (a->result == STIR_SIGN_REFUSED)
        snprintf(scene.text, sizeof(scene.text), "refused %d", a->sip_code);
    else if (a->n_new == 0)
        snprintf(scene.text, sizeof(scene.text), "%s", a->result == STIR_SIGN_PASSED_ON ? "passed on" : "unsigned");
    else
        n = (size_t)snprintf(scene.text, sizeof(scene.text), "%s%s ", a->result == STIR_SIGN_PASSED_ON ? "passed on + " : "", a->record.signer);
    for (size_t i = a->n - a->n_new; i < a->n; i++) {
        if (i > a->n - a->n_new)
            scene.text[n++] = '|';
        n += as_describe(scene.text + n, sizeof(scene.text) - n, a->identities[i]);
    }
    assert_int_equal(a->record.n_identities, a->n);
    assert_int_equal(a->record.result, a->result);
    return scene.text;
}

/* scene.message, sent from `host`. */
static inline const char *as_send_message(const char *host)
{
    struct stir_diag diag = {0};
    struct stir_slice message = S(scene.message);
    if (stir_sip_parse(&scene.sip, message, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    struct stir_peer peer = {.address = as_address(host), .sip = &scene.sip};
    stir_source_find(scene.sources, &peer, &scene.source);
    struct stir_as_call call = {.source = &scene.source, .message = message, .sip = &scene.sip, .unix_ms = scene.now * 1000 + 321};
    stir_as_sign(&scene.worker, &call, &scene.answer);
    return as_outcome();
}

/* An INVITE of `caller` (a number, or a whole From) from `host` with further headers. */
static inline const char *as_invite(const char *host, const char *caller, const char *headers)
{
    bool number = caller[0] == '+';
    snprintf(
        scene.message, sizeof(scene.message),
        "INVITE sip:+12125550100@as.example SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: %s%s%s;tag=1\r\nTo: <sip:+12125550100@b>\r\nCall-ID: c1\r\n"
        "CSeq: 1 INVITE\r\n%s\r\n",
        number ? "<sip:" : "", caller, number ? "@a>" : "", headers);
    return as_send_message(host);
}

/* Claims from HTTP. */
static inline const char *as_request(const char *host, const char *bearer, const char *path, struct stir_passport_params *claims)
{
    struct stir_peer peer = {.address = as_address(host), .bearer = S(bearer), .path = S(path)};
    stir_source_find(scene.sources, &peer, &scene.source);
    struct stir_as_call call = {.source = &scene.source, .claims = claims, .unix_ms = scene.now * 1000};
    stir_as_sign(&scene.worker, &call, &scene.answer);
    return as_outcome();
}

#define assert_outcome(call, wanted)                                                                                                           \
    do {                                                                                                                                       \
        const char *outcome_ = (call);                                                                                                         \
        if (strcmp(outcome_, (wanted)) != 0)                                                                                                   \
            fail_msg("%s: \"%s\", wanted \"%s\" (why \"%s\", proof \"%s\")", #call, outcome_, (wanted), scene.answer.why, scene.answer.proof); \
    } while (0)

#define assert_says(text, wanted)                                     \
    do {                                                              \
        if (!strstr((text), (wanted)))                                \
            fail_msg("\"%s\" does not say \"%s\"", (text), (wanted)); \
    } while (0)

#endif
