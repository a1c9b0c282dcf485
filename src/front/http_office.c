/* Requests to the policy administrator and the certificate authority: given to a clerk whole, and answered when he has done his work. What a clerk reads is a
 * copy: the connection may end under him. */
#include "front/http_call.h"

#include "io/socket.h"
#include "service/office.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>

/* A job of a call, and the text that it asks with. */
struct stir_http_errand {
    struct stir_office_job job;  /* first: the job is the errand */
    struct stir_http_call *call; /* NULL: nobody waits any more */
    bool answered;
    const char *names[STIR_HTTP_MAX_NAMES];
    size_t n_text;
    char *text;
};

/* ---- What is asked ---- */

struct copied {
    struct stir_slice from, *to;
};

static void errand_free(struct stir_http_errand *errand)
{
    stir_exchange_clear(&errand->job.x);
    if (errand->text)
        OPENSSL_cleanse(errand->text, errand->n_text); /* passwords and tokens come this way */
    free(errand->text);
    free(errand);
}

/* One block for all texts, each with NUL behind it. */
static bool copy_texts(struct stir_http_errand *errand, const struct copied *texts, size_t n, const struct stir_http_request *request)
{
    struct stir_exchange *x = &errand->job.x;
    size_t room = 1, at = 0;
    for (size_t i = 0; i < n; i++)
        room += texts[i].from.n + 1;
    for (size_t i = 0; i < request->n_names; i++)
        room += strlen(request->names[i]) + 1;
    errand->text = malloc(room);
    errand->n_text = room;
    if (!errand->text)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!texts[i].from.p)
            continue;
        memcpy(errand->text + at, texts[i].from.p, texts[i].from.n);
        errand->text[at + texts[i].from.n] = '\0';
        *texts[i].to = stir_slice_of(errand->text + at, texts[i].from.n);
        at += texts[i].from.n + 1;
    }
    for (size_t i = 0; i < request->n_names; i++) {
        size_t size = strlen(request->names[i]) + 1;
        errand->names[i] = memcpy(errand->text + at, request->names[i], size);
        at += size;
    }
    x->names = errand->names;
    x->n_names = request->n_names;
    return true;
}

/* ---- Who asks ---- */

/* An address of text; false: it is none. */
static bool read_address(struct sockaddr_storage *out, struct stir_slice text)
{
    char word[INET6_ADDRSTRLEN + 1];
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)out;
    *out = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    if (text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
        text = stir_slice_of(text.p + 1, text.n - 2);
    if (text.n >= sizeof(word))
        return false;
    snprintf(word, sizeof(word), "%.*s", STIR_SHOW(text));
    if (inet_pton(AF_INET, word, &four->sin_addr) == 1)
        out->ss_family = AF_INET;
    else if (inet_pton(AF_INET6, word, &six->sin6_addr) == 1)
        out->ss_family = AF_INET6;
    return out->ss_family != AF_UNSPEC;
}

/* An IPv4 address, or the /64 that an IPv6 address lies in: who has one address there has them all. */
static void write_peer(char *buf, size_t cap, const struct sockaddr_storage *at)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    struct in6_addr net = ((const struct sockaddr_in6 *)(const void *)at)->sin6_addr;
    char text[INET6_ADDRSTRLEN] = "?";
    if (at->ss_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)at)->sin_addr, text, sizeof(text));
        snprintf(buf, cap, "%s", text);
    } else if (at->ss_family == AF_INET6 && memcmp(&net, mapped, sizeof(mapped)) == 0) {
        inet_ntop(AF_INET, (const char *)&net + sizeof(mapped), text, sizeof(text));
        snprintf(buf, cap, "%s", text);
    } else if (at->ss_family == AF_INET6) {
        memset((char *)&net + 8, 0, 8);
        inet_ntop(AF_INET6, &net, text, sizeof(text));
        snprintf(buf, cap, "%s/64", text);
    } else {
        snprintf(buf, cap, "%s", text);
    }
}

static bool is_proxy(const struct stir_conf_http *conf, const struct sockaddr_storage *at)
{
    struct stir_network network;
    for (size_t i = 0; i < conf->proxies.n; i++)
        if (stir_network_parse(&network, stir_slice_str(conf->proxies.items[i])) == STIR_OK && stir_network_has(&network, at))
            return true;
    return false;
}

/* What the proxy wrote stands last: anybody may have written what stands before it. */
static struct stir_slice last_of(struct stir_slice list)
{
    size_t at = list.n;
    while (at && list.p[at - 1] != ',')
        at--;
    return stir_slice_trim(stir_slice_from(list, at));
}

void stir_http_office_peer(char *buf, size_t cap, const struct stir_conf_http *conf, const struct sockaddr_storage *at, struct stir_slice forwarded)
{
    struct sockaddr_storage told;
    bool believed = forwarded.p && is_proxy(conf, at) && read_address(&told, last_of(forwarded));
    write_peer(buf, cap, believed ? &told : at);
}

/* ---- There and back ---- */

static void answer(struct stir_http_call *call)
{
    struct stir_http_errand *errand = call->errand;
    struct stir_exchange *x = &errand->job.x;
    errand->answered = true;
    for (size_t i = 0; i < x->n_fields; i++)
        stir_http_call_field(call, x->fields[i].name, x->fields[i].value);
    if (x->type)
        stir_http_call_field(call, "X-Content-Type-Options", "nosniff");
    call->answer.body = stir_slice_of(x->body_out ? x->body_out : "", x->body_out ? x->n_out : 0);
    stir_http_call_answer(call, x->status, x->body_out ? x->type : NULL);
}

static void done(struct stir_office_job *job)
{
    struct stir_http_errand *errand = (struct stir_http_errand *)(void *)job;
    if (errand->call)
        answer(errand->call);
    else
        errand_free(errand);
}

static struct stir_http_errand *errand_of(struct stir_http_call *call)
{
    const struct stir_http_request *request = call->request;
    struct stir_http_errand *errand = calloc(1, sizeof(*errand));
    if (!errand)
        return NULL;
    struct stir_exchange *x = &errand->job.x;
    const struct copied texts[] = {
        {request->method, &x->method},
        {request->path, &x->path},
        {request->body, &x->body},
        {stir_http_header(request, "Content-Type"), &x->content_type},
        {stir_http_header(request, "Accept"), &x->accept},
        {stir_http_header(request, "Authorization"), &x->authorization},
        {stir_http_header(request, "If-None-Match"), &x->if_none_match},
    };
    if (!copy_texts(errand, texts, sizeof(texts) / sizeof(*texts), request)) {
        free(errand);
        return NULL;
    }
    x->too_long = request->too_long;
    x->now = call->unix_ms / 1000;
    stir_http_office_peer(x->peer, sizeof(x->peer), call->gate->conf, request->peer, stir_http_header_last(request, "X-Forwarded-For"));
    errand->job.loop = call->desk->worker->loop;
    errand->job.done = done;
    errand->job.who = call->route.who;
    errand->call = call;
    return errand;
}

bool stir_http_office_finds(struct stir_http_call *call)
{
    unsigned apis = call->gate->conf->apis;
    struct stir_office *office = call->desk->worker->shared->office;
    if (!office || !(apis & (STIR_API_ACME | STIR_API_PA)))
        return false;
    enum stir_office_who who = stir_office_whose(office, call->request->path);
    if (who == STIR_OFFICE_NOBODY || !(apis & (who == STIR_OFFICE_CA ? STIR_API_ACME : STIR_API_PA)))
        return false;
    call->route = (struct stir_api_route){.what = STIR_API_OFFICE, .who = who, .dialect = STIR_API_OWN, .any_method = true};
    return true;
}

void stir_http_office_serve(struct stir_http_call *call)
{
    struct stir_http_errand *errand = errand_of(call);
    if (!errand) {
        (void)stir_api_fail(&call->fault, STIR_API_INTERNAL, "", "out of memory");
        stir_http_call_refuse(call);
        return;
    }
    call->errand = errand;
    if (stir_office_give(call->desk->worker->shared->office, &errand->job))
        return;
    stir_office_busy(&errand->job.x, errand->job.who);
    answer(call);
}

void stir_http_office_end(struct stir_http_call *call)
{
    struct stir_http_errand *errand = call->errand;
    call->errand = NULL;
    if (!errand)
        return;
    errand->call = NULL;
    if (errand->answered)
        errand_free(errand);
}
