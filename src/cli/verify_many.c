/* stir verify FILE, stir verify --sip-log FILE: every INVITE of a capture or a log, each judged at its own time. */
#include "cli/judge.h"
#include "core/bytes.h"
#include "io/capture.h"
#include "io/sip_log.h"
#include "io/sip_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEEN = 65536, REASONS = 64, REPLAY_ENTRIES = 1 << 20 };

/* Where a message was found. */
struct found {
    struct stir_slice text;
    int64_t at;
    const char *clock; /* what says `at` */
    char where[160];
    bool is_cut;
};

struct many {
    struct cli *cli;
    struct cli_judge judge;
    const char *path, *call_id;
    off_t size;
    bool shows_progress;
    unsigned char secret[STIR_REPLAY_SECRET]; /* so that nobody can write two INVITEs that look the same to `seen` and to the memory of tokens */
    uint64_t seen[SEEN];                      /* of INVITEs: retransmissions and further hops of one are judged once. A place holds the last that fell on it */

    uint64_t messages, invites, repeated, in_dialog, cut, unreadable;
    uint64_t passed, failed;
    struct {
        enum stir_reason reason;
        uint64_t n;
    } reasons[REASONS];
    size_t n_reasons;
    int status; /* CLI_CANNOT once something could not be done */
};

/* ---- Progress ---- */

static void show_progress(void *arg, long at)
{
    const struct many *m = arg;
    if (m->shows_progress)
        (void)fprintf(stderr, "\r%s: %3d %%, %llu calls ", m->path, m->size > 0 ? (int)(100.0 * (double)at / (double)m->size) : 0,
                      (unsigned long long)m->invites);
}

static void clear_progress(const struct many *m)
{
    if (m->shows_progress)
        (void)fprintf(stderr, "\r\033[K");
}

/* ---- One call ---- */

static void count_reason(struct many *m, enum stir_reason reason)
{
    size_t i = 0;
    while (i < m->n_reasons && m->reasons[i].reason != reason)
        i++;
    if (i == REASONS)
        return;
    m->reasons[i].reason = reason;
    m->reasons[i].n++;
    m->n_reasons += i == m->n_reasons;
}

/* Each with its length: bytes that went from one header to the next make another call. */
static bool digest_parts(EVP_MD_CTX *ctx, const struct stir_slice *parts, size_t n)
{
    bool good = EVP_DigestUpdate(ctx, &n, sizeof(n)) == 1;
    for (size_t i = 0; good && i < n; i++)
        good = EVP_DigestUpdate(ctx, &parts[i].n, sizeof(parts[i].n)) == 1 && EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
    return good;
}

/* Everything of it that is judged, and what makes it a call of its own. */
static bool digest_call(unsigned char digest[STIR_SHA256], struct stir_slice secret, const struct stir_call *call)
{
    const struct stir_slice parts[] = {call->call_id, call->cseq, call->ruri, call->from, call->to, call->date, call->priority, call->call_reason};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 && digest_parts(ctx, &secret, 1) &&
                digest_parts(ctx, parts, sizeof(parts) / sizeof(parts[0])) && digest_parts(ctx, call->identity, call->n_identity) &&
                digest_parts(ctx, call->pai, call->n_pai) && digest_parts(ctx, call->resource_priority, call->n_resource_priority) &&
                digest_parts(ctx, call->fingerprints, call->n_fingerprints) && EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

/* The same INVITE again: a retransmission, or seen at a further hop. */
static bool is_repeated(struct many *m, const struct stir_call *call)
{
    unsigned char digest[STIR_SHA256];
    uint64_t key;
    if (!digest_call(digest, stir_slice_of(m->secret, sizeof(m->secret)), call))
        return false;
    memcpy(&key, digest, sizeof(key));
    bool again = m->seen[key % SEEN] == key;
    m->seen[key % SEEN] = key;
    return again;
}

/* To has a tag: a re-INVITE, whose caller was verified when the call began. */
static bool is_in_dialog(const struct stir_call *call)
{
    struct stir_slice to = call->to, tag = stir_slice_str("tag=");
    for (size_t i = to.n; i > 0 && to.p[i - 1] != '>'; i--) /* behind the address, whose user part is anybody's */
        if (to.p[i - 1] == ';' && to.n - i >= tag.n && stir_slice_ieq(stir_slice_of(to.p + i, tag.n), tag))
            return true;
    return false;
}

static void print_call(struct many *m, const struct found *found, const struct stir_call *call, const char *verdict, const char *why)
{
    char at[21] = "?";
    if (stir_time_write(at, found->at) != STIR_OK)
        at[0] = '\0';
    clear_progress(m);
    if (m->cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_int("schema", 1);
        cli_json_str("where", found->where);
        cli_json_str("at", at);
        cli_json_str("clock", found->clock);
        cli_json_text("call_id", call->call_id);
        cli_json_str("unreadable", why);
        cli_json_raw("verdict", verdict ? verdict : "null");
        cli_json_end('}');
        cli_json_done();
        return;
    }
    printf("%s  %s%s%s%s  ", found->where, at, found->clock ? " (" : "", found->clock ? found->clock : "", found->clock ? ")" : "");
    if (cli_has(m->cli, "--explain") && verdict)
        printf("\n%s\n", verdict);
    else
        printf("%s  call-id=", why ? why : verdict);
    if (!cli_has(m->cli, "--explain") || !verdict)
        cli_print(call->call_id);
    printf("\n");
}

static void unreadable(struct many *m, const struct found *found, const struct stir_call *call, const char *why)
{
    m->unreadable++;
    print_call(m, found, call, NULL, why);
}

static void judge(struct many *m, const struct found *found, const struct stir_call *call)
{
    struct stir_verdict *verdict = NULL;
    enum stir_err err = cli_judge_call(&m->judge, call, found->at, &verdict);
    char *text = err == STIR_OK ? cli_judge_text(m->cli, verdict) : NULL;
    if (err == STIR_EARG) {
        unreadable(m, found, call, "its time cannot be judged");
    } else if (!text) {
        clear_progress(m);
        m->status = cli_fail(m->cli, CLI_CANNOT, "%s: %s", found->where, err == STIR_OK ? "out of memory" : stir_err_text(err));
    } else {
        bool passed = verdict->verstat == STIR_VERSTAT_PASSED;
        m->passed += passed;
        m->failed += !passed;
        if (!passed)
            count_reason(m, verdict->reason);
        print_call(m, found, call, text, NULL);
    }
    free(text);
    stir_verdict_free(verdict);
}

/* --at, else what the file says, else the Date of the message, else the clock. */
static void set_time(struct many *m, struct found *found, const struct stir_call *call)
{
    if (cli_has(m->cli, "--at")) {
        found->at = m->judge.now;
        found->clock = "--at";
    } else if (found->at < 0) {
        bool has_date = call->date.p && stir_date_parse(&found->at, call->date) == STIR_OK;
        found->clock = has_date ? "its Date" : "now";
        if (!has_date)
            found->at = m->judge.now;
    }
}

static void take(struct many *m, struct found *found)
{
    static const char invite[] = "INVITE ";
    struct stir_sip sip = {.status = 0};
    struct stir_diag diag = {0};
    m->messages++;
    if (m->status == CLI_CANNOT || found->text.n < sizeof(invite) - 1 || memcmp(found->text.p, invite, sizeof(invite) - 1) != 0)
        return;
    bool good = stir_sip_parse(&sip, found->text, &diag) == STIR_OK;
    if (!good) /* it is told by its Call-ID all the same */
        sip.call.call_id = stir_sip_value(found->text, "Call-ID", "i");
    const struct stir_call *call = &sip.call;
    if (m->call_id && !stir_slice_is(call->call_id, m->call_id))
        return;
    set_time(m, found, call);
    if (found->is_cut && !good) {
        m->cut++;
        print_call(m, found, call, NULL, "an INVITE that is cut: its rest is not here");
    } else if (!good) {
        m->invites++;
        unreadable(m, found, call, diag.text);
    } else if (is_repeated(m, call)) {
        m->repeated++;
    } else if (is_in_dialog(call) && call->n_identity == 0) {
        m->in_dialog++;
    } else {
        m->invites++;
        judge(m, found, call);
    }
}

/* ---- Files ---- */

static void put_end(char *out, size_t cap, const struct stir_wire_end *end)
{
    char address[INET6_ADDRSTRLEN] = "?";
    (void)inet_ntop(end->is_v6 ? AF_INET6 : AF_INET, end->address, address, sizeof(address));
    (void)snprintf(out, cap, end->is_v6 ? "[%s]:%u" : "%s:%u", address, end->port);
}

static void take_wire(void *arg, const struct stir_wire_message *message)
{
    struct found found = {.text = message->text, .at = message->at, .is_cut = message->is_cut};
    char from[64], to[64];
    put_end(from, sizeof(from), &message->from);
    put_end(to, sizeof(to), &message->to);
    (void)snprintf(found.where, sizeof(found.where), "%s > %s %s", from, to, message->is_tcp ? "tcp" : "udp");
    take(arg, &found);
}

static void take_log(void *arg, const struct stir_sip_log_message *message)
{
    struct found found = {.text = message->text, .at = message->has_at ? message->at : -1, .is_cut = message->is_cut};
    (void)snprintf(found.where, sizeof(found.where), "line %llu", (unsigned long long)message->line);
    take(arg, &found);
}

/* What of a capture could not be read, for the last lines. */
static void print_lost(const struct many *m, const struct stir_wire_stats *stats)
{
    const struct {
        uint64_t n;
        const char *what;
    } lost[] = {
        {stats->cut, "packets cut by the capture, which tcpdump -s 0 does not"},
        {stats->fragments_lost, "datagrams without all their fragments, of which a capture by port holds the first alone"},
        {stats->streams_lost, "gaps in TCP streams"},
        {stats->tls, "TLS streams, which cannot be read"},
        {stats->too_long, "messages longer than 65,535 bytes"},
        {stats->broken, "broken packets"},
        {stats->not_read, "packets of other protocols than UDP and TCP"},
        {stats->not_ip, "packets that are not IP, or of an unknown link"},
    };
    if (m->cli->json) {
        static const char *const names[] = {"cut_packets", "fragments_lost", "stream_gaps", "tls_streams", "too_long", "broken", "other_protocols", "not_ip"};
        for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
            cli_json_int(names[i], (int64_t)lost[i].n);
        return;
    }
    for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
        if (lost[i].n)
            printf("%s: %llu\n", lost[i].what, (unsigned long long)lost[i].n);
}

static void print_reasons(const struct many *m)
{
    if (m->cli->json)
        cli_json_begin("failed_by_reason", '{');
    for (size_t i = 0; i < m->n_reasons; i++) {
        const char *name = stir_reason_name(m->reasons[i].reason);
        if (m->cli->json)
            cli_json_int(name, (int64_t)m->reasons[i].n);
        else
            printf("%s%llu %s", i ? ", " : " (", (unsigned long long)m->reasons[i].n, name);
    }
    if (m->cli->json)
        cli_json_end('}');
    else
        printf("%s\n", m->n_reasons ? ")" : "");
}

static void print_summary(const struct many *m, const struct stir_wire_stats *stats)
{
    uint64_t other = m->messages - m->invites - m->repeated - m->in_dialog - m->cut;
    clear_progress(m);
    if (m->cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_int("schema", 1);
        cli_json_begin("summary", '{');
        cli_json_int("calls", (int64_t)m->invites);
        cli_json_int("passed", (int64_t)m->passed);
        cli_json_int("failed", (int64_t)m->failed);
        cli_json_int("unreadable", (int64_t)m->unreadable);
        print_reasons(m);
        cli_json_int("repeated", (int64_t)m->repeated);
        cli_json_int("in_dialog", (int64_t)m->in_dialog);
        cli_json_int("cut", (int64_t)m->cut);
        cli_json_int("other_messages", (int64_t)other);
        if (stats)
            print_lost(m, stats);
        cli_json_end('}');
        cli_json_end('}');
        cli_json_done();
        return;
    }
    printf("\ncalls: %llu, passed: %llu, failed: %llu", (unsigned long long)m->invites, (unsigned long long)m->passed, (unsigned long long)m->failed);
    print_reasons(m);
    if (m->unreadable || m->cut)
        printf("INVITEs that cannot be read: %llu, that are cut: %llu\n", (unsigned long long)m->unreadable, (unsigned long long)m->cut);
    printf("INVITEs seen again: %llu, within a call: %llu, other messages: %llu\n", (unsigned long long)m->repeated, (unsigned long long)m->in_dialog,
           (unsigned long long)other);
    if (stats)
        print_lost(m, stats);
}

static int read_capture(struct many *m, FILE *file)
{
    struct stir_wire *wire = NULL;
    struct stir_diag diag = {0};
    if (stir_wire_new(&wire, take_wire, m) != STIR_OK) {
        (void)fclose(file);
        return cli_fail(m->cli, CLI_CANNOT, "out of memory");
    }
    enum stir_err err = stir_capture_read(file, wire, show_progress, m, &diag);
    clear_progress(m);
    if (err == STIR_ENOMEM)
        m->status = cli_fail(m->cli, CLI_CANNOT, "out of memory");
    else if (err != STIR_OK && stir_wire_stats(wire)->packets == 0)
        m->status = cli_fail(m->cli, CLI_CANNOT, "%s: %s", m->path, diag.text);
    else if (err != STIR_OK)
        cli_warn(m->cli, "%s ends early: %s", m->path, diag.text);
    if (m->status != CLI_CANNOT)
        print_summary(m, stir_wire_stats(wire));
    stir_wire_free(wire);
    return m->status;
}

static int read_log(struct many *m, FILE *file)
{
    struct stir_sip_log *log = NULL;
    char bytes[65536];
    size_t n;
    if (stir_sip_log_new(&log, take_log, m) != STIR_OK) {
        (void)fclose(file);
        return cli_fail(m->cli, CLI_CANNOT, "out of memory");
    }
    for (off_t at = 0; m->status != CLI_CANNOT && (n = fread(bytes, 1, sizeof(bytes), file)) > 0; at += (off_t)n) {
        if (at == 0 && stir_capture_is(stir_slice_of(bytes, n))) {
            m->status = cli_fail(m->cli, CLI_CANNOT, "%s: is a capture, no log: give its name without --sip-log", m->path);
            break;
        }
        stir_sip_log_feed(log, stir_slice_of(bytes, n));
        show_progress(m, (long)at);
    }
    if (ferror(file))
        m->status = cli_fail(m->cli, CLI_CANNOT, "%s: %s", m->path, strerror(errno));
    stir_sip_log_end(log);
    if (m->status != CLI_CANNOT)
        print_summary(m, NULL);
    if (stir_sip_log_long_lines(log))
        cli_warn(m->cli, "%s: %llu lines are longer than %d bytes and were read no further", m->path, (unsigned long long)stir_sip_log_long_lines(log),
                 STIR_SIP_LOG_LINE);
    stir_sip_log_free(log);
    (void)fclose(file);
    return m->status;
}

/* A memory of the tokens of this file. */
static int remember(struct many *m)
{
    if (RAND_bytes(m->secret, sizeof(m->secret)) != 1)
        return cli_fail(m->cli, CLI_CANNOT, "no random numbers");
    m->judge.policy.check_replay = cli_has(m->cli, "--check-replay");
    if (m->judge.policy.check_replay && stir_replay_new(&m->judge.sources.replay, REPLAY_ENTRIES, m->secret) != STIR_OK)
        return cli_fail(m->cli, CLI_CANNOT, "out of memory");
    return CLI_YES;
}

static int read_file(struct many *m, bool is_log)
{
    struct stat st;
    bool standard = strcmp(m->path, "-") == 0;
    FILE *file = standard ? fdopen(dup(STDIN_FILENO), "rb") : fopen(m->path, "rb");
    if (!file || fstat(fileno(file), &st) != 0) {
        int status = cli_fail(m->cli, CLI_CANNOT, "%s: %s", m->path, strerror(errno));
        if (file)
            (void)fclose(file);
        return status;
    }
    m->size = S_ISREG(st.st_mode) ? st.st_size : 0;
    m->shows_progress = m->size > 0 && isatty(STDERR_FILENO);
    if ((is_log ? read_log : read_capture)(m, file) == CLI_CANNOT)
        return CLI_CANNOT;
    if (m->invites + m->cut == 0)
        cli_warn(m->cli, "%s: no INVITE%s%s", m->path, m->call_id ? " with that Call-ID" : "", m->repeated + m->in_dialog ? " that begins a call" : "");
    return m->invites && m->passed == m->invites && !m->cut ? CLI_YES : CLI_NO;
}

int cli_verify_many(struct cli *cli, const char *path, bool is_log)
{
    struct many *m = calloc(1, sizeof(*m));
    if (!m)
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    m->cli = cli;
    m->path = path;
    m->call_id = cli_get(cli, "--call-id");
    int status = cli_judge_open(cli, &m->judge);
    if (status == CLI_YES)
        status = remember(m);
    if (status == CLI_YES)
        status = read_file(m, is_log);
    cli_judge_close(&m->judge);
    free(m);
    return status;
}
