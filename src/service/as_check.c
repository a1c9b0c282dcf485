/* What verifiers will find behind each signer's x5u, found out before they do. */
#include "service/as_book.h"

#include "core/bytes.h"

#include <stir/net.h>

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

STIR_AUTO_STRUCT_FREE(stir_net)

enum { AT_ONCE = 32 /* fetches under way: the rest waits here, where its time does not run yet */ };

struct check {
    struct stir_as_book *book;
    const struct stir_as_say *say;
    struct stir_net *net;
    bool leave_out, fatal;
    size_t under_way;
};

/* `fatal`: at a start the signer is left out instead. */
static void __attribute__((format(printf, 4, 5))) tell(struct check *c, bool fatal, struct stir_as_signer *s, const char *format, ...)
{
    char text[600];
    int n = snprintf(text, sizeof(text), "signer %s: x5u %.120s ", s->conf->name, s->x5u_text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
    va_end(args);
    if (fatal && c->leave_out) {
        atomic_store_explicit(&s->is_left_out, true, memory_order_relaxed);
        n = (int)strlen(text);
        snprintf(text + n, sizeof(text) - (size_t)n, "; it signs nothing until a reload finds the right one");
        fatal = false;
    }
    c->fatal = c->fatal || fatal;
    if (c->say && c->say->say)
        c->say->say(c->say->arg, fatal, text);
}

static bool same_cert(const struct stir_cert *a, const struct stir_cert *b)
{
    return memcmp(stir_cert_info(a)->sha256, stir_cert_info(b)->sha256, STIR_SHA256) == 0;
}

/* The certificate that signs must be the one there; its issuers should be, for verifiers may have no other way to them. */
static void compare(struct check *c, struct stir_as_signer *s, struct stir_cert *const *there, size_t n)
{
    if (!same_cert(there[0], s->chain[0])) {
        tell(c, true, s, "holds another certificate (serial %s) than %s (serial %s): verifiers would refuse every call", stir_cert_info(there[0])->serial_hex,
             s->cert_file, s->cert->serial_hex);
        return;
    }
    bool same = n == s->n_chain;
    for (size_t i = 1; i < n && same; i++)
        same = same_cert(there[i], s->chain[i]);
    if (!same)
        tell(c, false, s, "holds %zu certificates, not the %zu of %s: verifiers see other issuers than you", n, s->n_chain, s->cert_file);
}

static void judge(struct check *c, struct stir_as_signer *s, const struct stir_net_answer *answer)
{
    struct stir_cert *there[STIR_MAX_CHAIN];
    struct stir_diag diag = {0};
    size_t n = 0;
    if (answer->reason != STIR_R_NONE) {
        tell(c, false, s, "cannot be fetched: %s", answer->detail[0] ? answer->detail : stir_reason_info(answer->reason)->text);
        return;
    }
    if (stir_certs_parse(there, STIR_MAX_CHAIN, &n, answer->body, &diag) != STIR_OK) {
        tell(c, true, s, "holds no certificates: %s", diag.text);
        return;
    }
    compare(c, s, there, n);
    for (size_t i = 0; i < n; i++)
        stir_cert_free(there[i]);
}

/* Wait for something to do, do it, and judge what came. Each fetch ends by its own timeout. */
static enum stir_err step(struct check *c)
{
    struct stir_net_answer *answer = NULL;
    struct pollfd fd = {.fd = stir_net_fd(c->net), .events = POLLIN};
    (void)poll(&fd, 1, (int)stir_net_wait(c->net)); /* a signal only wakes us early */
    stir_net_step(c->net);
    TRY(stir_net_next(c->net, &answer));
    while (answer) {
        judge(c, &c->book->signers[answer->id], answer);
        stir_net_answer_free(answer);
        c->under_way--;
        TRY(stir_net_next(c->net, &answer));
    }
    return STIR_OK;
}

/* One whose certificate is still to come has nothing to be compared. */
static bool is_asked(const struct stir_as_signer *s)
{
    return s->conf->check_x5u && s->cert;
}

static enum stir_err check_all(struct check *c)
{
    for (size_t i = 0; i < c->book->n_signers; i++) {
        if (!is_asked(&c->book->signers[i]))
            continue;
        while (c->under_way == AT_ONCE)
            TRY(step(c));
        TRY(stir_net_start(c->net, c->book->signers[i].x5u, STIR_NET_CERT, STIR_MAX_PEM, i));
        c->under_way++;
    }
    while (c->under_way)
        TRY(step(c));
    return STIR_OK;
}

static enum stir_err open_net(struct stir_net **net, const struct stir_conf_fetch *fetch, struct stir_diag *diag)
{
    struct stir_net_options options = STIR_NET_OPTIONS_INIT;
    options.allow_net = fetch->allow_net.items;
    options.n_allow_net = fetch->allow_net.n;
    options.tls_root = *fetch->tls_root ? fetch->tls_root : NULL;
    options.resolver = *fetch->resolver ? fetch->resolver : NULL;
    options.any_url = fetch->any_url;
    options.timeout_ms = fetch->timeout_ms;
    return stir_net_new(net, &options, diag);
}

static struct stir_as_signer *first_asked(struct stir_as_book *book)
{
    for (size_t i = 0; i < book->n_signers; i++)
        if (is_asked(&book->signers[i]))
            return &book->signers[i];
    return NULL;
}

static bool none_is_left(const struct stir_as_book *book)
{
    for (size_t i = 0; i < book->n_signers; i++)
        if (!atomic_load_explicit(&book->signers[i].is_left_out, memory_order_relaxed))
            return false;
    return book->n_signers > 0;
}

enum stir_err stir_as_check_x5u(struct stir_as_book *book, bool leave_out, const struct stir_as_say *say)
{
    STIR_AUTO_STRUCT(stir_net) *net = NULL;
    struct stir_diag diag = {0};
    struct check c = {.book = book, .say = say, .leave_out = leave_out};
    struct stir_as_signer *first = first_asked(book);
    if (!first)
        return STIR_OK;
    enum stir_err err = open_net(&net, &book->conf->fetch, &diag);
    if (err != STIR_OK) {
        tell(&c, false, first, "cannot be fetched: [fetch]: %s", diag.text[0] ? diag.text : stir_err_text(err));
        return err == STIR_ENOMEM ? err : STIR_OK;
    }
    c.net = net;
    TRY(check_all(&c));
    return c.fatal || none_is_left(book) ? STIR_EVALUE : STIR_OK;
}
