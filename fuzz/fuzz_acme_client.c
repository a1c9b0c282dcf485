/* An ACME authority and a policy administrator whose every answer is the input's: records divided by 0x1E, each a status, header lines, an empty line and a
 * body. Whatever they say, the client ends, in order; and what is in use in the end was checked: it is for our key and our list. The requests go nowhere: the
 * four functions of io/peer.c are these here. A wait ends a run, and the next goes on with what is under way. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "service/acme_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORD = 0x1e, RUNS = 4 };

static struct stir_slice input;
static char dir[64], path[128];

static void hold(bool fact)
{
    if (!fact)
        abort();
}

/* ---- io/peer.c, of the input ---- */

struct stir_peer {
    int nothing;
};
static struct stir_peer the_peer;

enum stir_err stir_peer_new(struct stir_peer **out, const struct stir_peer_options *options, struct stir_diag *diag)
{
    (void)options, (void)diag;
    *out = &the_peer;
    return STIR_OK;
}

void stir_peer_free(struct stir_peer *peer)
{
    (void)peer;
}

void stir_peer_answer_free(struct stir_peer_answer *a)
{
    free(a->type);
    free(a->location);
    free(a->replay_nonce);
    free(a->etag);
    for (size_t i = 0; i < a->n_links; i++) {
        free(a->links[i].url);
        free(a->links[i].rel);
    }
    free((char *)(uintptr_t)a->body.p);
    *a = (struct stir_peer_answer){.retry_after = -1};
}

static struct stir_slice line_of(struct stir_slice *rest)
{
    size_t end = stir_slice_find(*rest, '\n');
    struct stir_slice line = stir_slice_trim(stir_slice_upto(*rest, end));
    *rest = stir_slice_from(*rest, end < rest->n ? end + 1 : end);
    return line;
}

enum stir_err stir_peer_ask(struct stir_peer_answer *out, struct stir_peer *peer, const struct stir_peer_ask *ask, struct stir_diag *diag)
{
    (void)peer;
    hold(ask->url && !stir_peer_url_fault(stir_slice_str(ask->url), true));
    if (!input.n)
        return stir_diag_set(diag, STIR_EBUSY, SIZE_MAX, "the input is over");
    size_t end = stir_slice_find(input, RECORD);
    struct stir_slice record = stir_slice_upto(input, end), line = line_of(&record);
    input = stir_slice_from(input, end < input.n ? end + 1 : end);
    struct stir_peer_answer a = {.retry_after = -1};
    for (size_t i = 0; i < line.n && i < 3 && stir_is_digit(line.p[i]); i++)
        a.status = a.status * 10 + (line.p[i] - '0');
    while ((line = line_of(&record)).n) {
        size_t colon = stir_slice_find(line, ':');
        if (colon < line.n)
            hold(stir_peer_field(&a, stir_slice_upto(line, colon), stir_slice_from(line, colon + 1), 1800000000) == STIR_OK);
    }
    hold(a.retry_after >= -1 && a.retry_after <= STIR_PEER_MAX_RETRY && a.n_links <= STIR_PEER_MAX_LINKS);
    char **texts[] = {&a.type, &a.location, &a.replay_nonce, &a.etag};
    for (size_t i = 0; i < 4; i++)
        *texts[i] = *texts[i] ? *texts[i] : strdup("");
    char *body = malloc(record.n + 1);
    hold(body != NULL);
    memcpy(body, record.n ? record.p : "", record.n);
    body[record.n] = '\0';
    a.body = stir_slice_of(body, record.n);
    *out = a;
    return STIR_OK;
}

/* ---- A folder ---- */

static const char *in(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void put(const char *name, const char *text, enum stir_file_mode mode)
{
    hold(stir_file_write(in(name), stir_slice_str(text), mode) == STIR_FILE_OK);
}

static void clear_at_end(void)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    (void)!system(command);
}

static void begin(void)
{
    struct stir_slice key = {NULL, 0}, password;
    if (dir[0])
        return;
    snprintf(dir, sizeof(dir), "%s/stir-fuzz-acme-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    hold(mkdtemp(dir) != NULL);
    atexit(clear_at_end);
    password = stir_slice_str("password\n");
    hold(stir_file_read(&key, STIR_TEST_DATA "/acme/account.key", 4096, false) == STIR_FILE_OK);
    hold(stir_file_write(in("account.key"), key, STIR_FILE_SECRET_FORCED) == STIR_FILE_OK);
    hold(stir_file_write(in("password"), password, STIR_FILE_SECRET_FORCED) == STIR_FILE_OK);
    put("acme.conf",
        "directory = http://ca/dir\nspc = 709J\nany-url = yes\ncertificate-key = account\npa-url = http://pa\npa-account = 1\npa-user = u\npa-password-file = "
        "password\n",
        STIR_FILE_PUBLIC);
    stir_file_free(&key);
}

static void told(void *arg, const char *line)
{
    (void)arg;
    for (const char *c = line; *c; c++)
        hold((unsigned char)*c >= ' ' && *c != 0x7f);
}

static bool stop(void *arg)
{
    (void)arg;
    return true;
}

/* What is in use is what was asked for. */
static void check(struct stir_acme *acme)
{
    struct stir_acme_current now;
    if (stir_acme_current(acme, &now, NULL) != STIR_OK)
        return;
    struct stir_slice pem = {NULL, 0};
    struct stir_cert *chain[STIR_MAX_CHAIN];
    size_t n = 0;
    hold(stir_file_read(&pem, in("current/chain.pem"), STIR_MAX_PEM, false) == STIR_FILE_OK);
    hold(stir_certs_parse(chain, STIR_MAX_CHAIN, &n, pem, NULL) == STIR_OK);
    hold(stir_key_same_public(stir_cert_key(chain[0]), acme->key));
    hold(stir_slice_eq(stir_tnauth_der(stir_cert_info(chain[0])->tnauth_list), stir_tnauth_der(acme->list)));
    hold(stir_acme_due(acme) > now.not_before && stir_acme_due(acme) < now.not_after);
    for (size_t i = 0; i < n; i++)
        stir_cert_free(chain[i]);
    stir_file_free(&pem);
}

static void run(unsigned turn)
{
    const struct stir_acme_told say = {told, NULL, stop};
    struct stir_acme *acme = NULL;
    struct stir_diag diag = {0};
    hold(stir_acme_open(&acme, dir, &say, &diag) == STIR_OK);
    enum stir_err err = turn == 7   ? stir_acme_register(acme, true, (struct stir_slice){NULL, 0}, (struct stir_slice){NULL, 0}, &diag)
                        : turn == 6 ? stir_acme_key_change(acme, &diag)
                        : turn == 5 ? stir_acme_deactivate(acme, &diag)
                                    : stir_acme_obtain(acme, turn == 4, &diag);
    hold((err == STIR_OK) == (diag.text[0] == '\0') || err == STIR_OK || err == STIR_ENOMEM);
    if (acme->key && turn != 6)
        check(acme);
    stir_acme_free(acme);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const files[] = {"order.json", "order.key", "account.key.next", "current"};
    if (size < 1 || size > 1 << 16)
        return 0;
    begin();
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlink(in(files[i]));
    put("account.url", "http://ca/account/1\n", STIR_FILE_PUBLIC);
    input = stir_slice_of(data + 1, size - 1);
    const unsigned what = data[0] & 7; /* 0 to 3: obtain, 4: with force, 5 to 7: the account */
    for (unsigned i = 0; i < RUNS && input.n; i++) {
        run(what);
        if (what == 6)
            break;
    }
    if (what == 6) { /* the account has another key, maybe */
        clear_at_end();
        dir[0] = '\0';
    }
    return 0;
}
