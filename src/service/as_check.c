/* What verifiers will find behind each signer's x5u, found out before they do. */
#include "service/as_book.h"

#include "core/bytes.h"

#include <stir/net.h>

#include <stdarg.h>
#include <stdio.h>

STIR_AUTO_STRUCT_FREE(stir_net)
STIR_AUTO_STRUCT_FREE(stir_net_answer)

struct check {
    const struct stir_as_say *say;
    bool fatal;
};

static void __attribute__((format(printf, 4, 5))) tell(struct check *c, bool fatal, const struct stir_as_signer *s, const char *format, ...)
{
    char text[512];
    int n = snprintf(text, sizeof(text), "signer %s: x5u %.120s ", s->conf->name, s->conf->x5u);
    va_list args;
    va_start(args, format);
    vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
    va_end(args);
    c->fatal = c->fatal || fatal;
    if (c->say && c->say->say)
        c->say->say(c->say->arg, fatal, text);
}

static bool same_cert(const struct stir_cert *a, const struct stir_cert *b)
{
    return memcmp(stir_cert_info(a)->sha256, stir_cert_info(b)->sha256, STIR_SHA256) == 0;
}

/* The certificate that signs must be the one there; its issuers should be, for verifiers may have no other way to them. */
static void compare(struct check *c, const struct stir_as_signer *s, struct stir_cert *const *there, size_t n)
{
    if (!same_cert(there[0], s->chain[0])) {
        tell(c, true, s, "holds another certificate (serial %s) than %s (serial %s): verifiers would refuse every call", stir_cert_info(there[0])->serial_hex,
             s->conf->cert, s->cert->serial_hex);
        return;
    }
    bool same = n == s->n_chain;
    for (size_t i = 1; i < n && same; i++)
        same = same_cert(there[i], s->chain[i]);
    if (!same)
        tell(c, false, s, "holds %zu certificates, not the %zu of %s: verifiers see other issuers than you", n, s->n_chain, s->conf->cert);
}

static enum stir_err check_signer(struct check *c, struct stir_net *net, const struct stir_as_signer *s)
{
    STIR_AUTO_STRUCT(stir_net_answer) *answer = NULL;
    struct stir_cert *there[STIR_MAX_CHAIN];
    struct stir_diag diag = {0};
    size_t n = 0;
    TRY(stir_net_get(net, s->x5u, STIR_NET_CERT, STIR_MAX_PEM, &answer));
    if (answer->reason != STIR_R_NONE) {
        tell(c, false, s, "cannot be fetched: %s", answer->detail[0] ? answer->detail : stir_reason_info(answer->reason)->text);
        return STIR_OK;
    }
    if (stir_certs_parse(there, STIR_MAX_CHAIN, &n, answer->body, &diag) != STIR_OK) {
        tell(c, true, s, "holds no certificates: %s", diag.text);
        return STIR_OK;
    }
    compare(c, s, there, n);
    for (size_t i = 0; i < n; i++)
        stir_cert_free(there[i]);
    return STIR_OK;
}

enum stir_err stir_as_check_x5u(const struct stir_as_book *book, const struct stir_as_say *say)
{
    const struct stir_conf_fetch *fetch = &book->conf->fetch;
    struct stir_net_options options = STIR_NET_OPTIONS_INIT;
    STIR_AUTO_STRUCT(stir_net) *net = NULL;
    struct stir_diag diag = {0};
    struct check c = {.say = say};
    options.allow_net = fetch->allow_net.items;
    options.n_allow_net = fetch->allow_net.n;
    options.tls_root = *fetch->tls_root ? fetch->tls_root : NULL;
    options.resolver = *fetch->resolver ? fetch->resolver : NULL;
    options.any_url = fetch->any_url;
    options.timeout_ms = fetch->timeout_ms;
    for (size_t i = 0; i < book->n_signers; i++) {
        const struct stir_as_signer *s = &book->signers[i];
        if (!s->conf->check_x5u)
            continue;
        enum stir_err err = net ? STIR_OK : stir_net_new(&net, &options, &diag);
        if (err != STIR_OK) {
            tell(&c, false, s, "cannot be fetched: [fetch]: %s", diag.text[0] ? diag.text : stir_err_text(err));
            return err == STIR_ENOMEM ? err : STIR_OK;
        }
        TRY(check_signer(&c, net, s));
    }
    return c.fatal ? STIR_EVALUE : STIR_OK;
}
