/* What people watch: certificates, trust, caches, readiness. Read from their owners when somebody asks, on that one's thread. */
#include "server/server.h"
#include "service/replays.h"

#include <stir/trust_store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void one(struct stir_metrics_text *text, const char *name, const char *type, const char *help, double value)
{
    stir_metrics_family(text, name, type, help);
    stir_metrics_value(text, name, "", value);
}

static void tell_signers(struct stir_metrics_text *text, const struct stir_live *live)
{
    struct stir_as_signer_state signer;
    char labels[256];
    stir_metrics_family(text, "stir_cert_not_after_timestamp_seconds", "gauge", "end of each signing identity's certificate");
    for (size_t i = 0; live->as && stir_as_signer_at(live->as, i, time(NULL), &signer); i++) {
        snprintf(labels, sizeof(labels), "role=\"as\",signer=\"%s\",spc=\"%s\"", signer.name, signer.spc);
        stir_metrics_value(text, "stir_cert_not_after_timestamp_seconds", labels, (double)signer.not_after);
    }
    stir_metrics_family(text, "stir_signer_usable", "gauge", "1: the signing identity can sign now");
    for (size_t i = 0; live->as && stir_as_signer_at(live->as, i, time(NULL), &signer); i++) {
        snprintf(labels, sizeof(labels), "signer=\"%s\"", signer.name);
        stir_metrics_value(text, "stir_signer_usable", labels, signer.usable);
    }
}

static void tell_renewals(struct stir_metrics_text *text, struct stir_renewals *renewals)
{
    static const char *const names[] = {"stir_renewal_due_timestamp_seconds", "stir_renewal_failures_in_a_row"};
    static const char *const helps[] = {"when a signing identity with acme is to be renewed; 0: it has no certificate yet",
                                        "failed attempts since the last one that went well"};
    struct stir_renewal_state state;
    char labels[128];
    for (int what = 0; what < 2; what++) {
        stir_metrics_family(text, names[what], "gauge", helps[what]);
        for (size_t i = 0; stir_renewals_at(renewals, i, &state); i++) {
            snprintf(labels, sizeof(labels), "signer=\"%s\"", state.name);
            stir_metrics_value(text, names[what], labels, what ? state.failures : (double)state.due);
        }
    }
}

static void tell_numbers(struct stir_metrics_text *text, const struct stir_live *live)
{
    static const char *const names[] = {"stir_numbers_lines", "stir_numbers_bytes", "stir_numbers_load_seconds"};
    static const char *const helps[] = {"lines of each numbers file", "memory that each numbers file takes", "time that each numbers file took to load"};
    struct stir_as_numbers_state numbers;
    char labels[128];
    for (int what = 0; what < 3; what++) {
        stir_metrics_family(text, names[what], "gauge", helps[what]);
        for (size_t i = 0; live->as && stir_as_numbers_at(live->as, i, &numbers); i++) {
            snprintf(labels, sizeof(labels), "numbers=\"%s\"", numbers.name);
            stir_metrics_value(text, names[what], labels,
                               what == 0   ? (double)numbers.lines
                               : what == 1 ? (double)numbers.bytes
                                           : (double)numbers.load_ms / 1000);
        }
    }
}

/* As many as there are, in memory of their own. The folder may be read anew between counting and copying: what has come meanwhile is there the next time.
 * False: out of memory. */
static bool trust_states(struct stir_trust_keeper *keeper, struct stir_trust_state **out, size_t *n)
{
    size_t room = keeper ? stir_trust_keeper_states(keeper, NULL, 0) : 0;
    *n = 0;
    *out = calloc(room + 1, sizeof(**out));
    if (!*out)
        return false;
    if (room)
        *n = stir_trust_keeper_states(keeper, *out, room);
    *n = *n < room ? *n : room;
    return true;
}

static void tell_trust(struct stir_metrics_text *text, struct stir_trust_keeper *keeper)
{
    struct stir_trust_state *states;
    char labels[300];
    size_t n;
    if (!trust_states(keeper, &states, &n))
        return;
    stir_metrics_family(text, "stir_trust_until_timestamp_seconds", "gauge", "end of each list of trusted CAs and each CRL; 0: none");
    for (size_t i = 0; i < n; i++) {
        snprintf(labels, sizeof(labels), "domain=\"%s\",file=\"%s\"", states[i].domain, states[i].file);
        stir_metrics_value(text, "stir_trust_until_timestamp_seconds", labels, (double)states[i].until);
    }
    stir_metrics_family(text, "stir_trust_life", "gauge", "0 fresh, 1 half over, 2 used on in grace, 3 over");
    for (size_t i = 0; i < n; i++) {
        snprintf(labels, sizeof(labels), "domain=\"%s\",file=\"%s\"", states[i].domain, states[i].file);
        stir_metrics_value(text, "stir_trust_life", labels, states[i].life);
    }
    free(states);
}

static void tell_caches(struct stir_metrics_text *text, struct stir_shared *shared)
{
    struct stir_chain_cache_stats chains = STIR_CHAIN_CACHE_STATS_INIT;
    struct stir_replay_stats seen = STIR_REPLAY_STATS_INIT;
    struct stir_fetching_stats fetches = {0};
    if (shared->replays) {
        stir_replays_stats(shared->replays, &seen);
        one(text, "stir_replay_room", "gauge", "tokens that the memory of seen ones has room for", (double)seen.entries);
        one(text, "stir_replay_checks_total", "counter", "tokens that it was asked for", (double)seen.checks);
        one(text, "stir_replay_seen_total", "counter", "tokens of them that had come with another call", (double)seen.seen);
        one(text, "stir_replay_evicted_total", "counter", "tokens forgotten before their time, for want of room", (double)seen.evicted);
    }
    if (shared->chains && stir_chain_cache_stats(shared->chains, &chains) == STIR_OK) {
        one(text, "stir_cert_cache_entries", "gauge", "judged chains kept", (double)chains.entries);
        one(text, "stir_cert_cache_bytes", "gauge", "memory that they take", (double)chains.bytes);
        one(text, "stir_cert_cache_tables", "gauge", "keys with a table", (double)chains.tables);
        one(text, "stir_cert_cache_hits_total", "counter", "calls whose chain was there", (double)chains.found);
        one(text, "stir_cert_cache_misses_total", "counter", "calls whose chain was not", (double)chains.missed);
    }
    if (!shared->fetching)
        return;
    stir_fetching_stats(shared->fetching, &fetches);
    stir_metrics_family(text, "stir_cert_fetch_total", "counter", "what was asked of the fetcher, by where the answer came from");
    stir_metrics_value(text, "stir_cert_fetch_total", "result=\"memory\"", (double)fetches.memory);
    stir_metrics_value(text, "stir_cert_fetch_total", "result=\"disk\"", (double)fetches.disk);
    stir_metrics_value(text, "stir_cert_fetch_total", "result=\"fetched\"", (double)fetches.fetched);
    stir_metrics_value(text, "stir_cert_fetch_total", "result=\"failed\"", (double)fetches.failed);
    stir_metrics_value(text, "stir_cert_fetch_total", "result=\"refused\"", (double)fetches.refused);
    one(text, "stir_cert_fetches_under_way", "gauge", "fetches that have no answer yet", (double)fetches.under_way);
}

void stir_watch_metrics(void *arg, struct stir_metrics_text *text)
{
    struct stir_server *server = arg;
    struct stir_live *live = stir_server_live(server);
    tell_signers(text, live);
    if (server->renewals)
        tell_renewals(text, server->renewals);
    tell_numbers(text, live);
    tell_trust(text, server->trust);
    tell_caches(text, &server->shared);
    one(text, "stir_config_generation", "gauge", "raised by each change of configuration or trust", (double)live->generation);
    one(text, "stir_config_last_reload_successful", "gauge", "1: the last reload was taken over", !server->reload_failed);
    one(text, "stir_config_last_reload_timestamp_seconds", "gauge", "when the configuration in use was read", (double)server->reloaded_at);
    stir_live_free(live);
}

void stir_watch_ends(struct stir_server *server)
{
    const struct stir_live *live = server->live;
    struct stir_as_signer_state signer;
    int64_t now = time(NULL);
    for (size_t i = 0; live->as && stir_as_signer_at(live->as, i, now, &signer); i++) {
        int64_t left = signer.not_after - now;
        if (!signer.not_after)
            stir_records_say(server->shared.records, 1, "signer", "%s: %s", signer.name, signer.why);
        else if (left < 0)
            stir_records_say(server->shared.records, 1, "signer",
                             "%s: its certificate has ended; the calls that were its are signed by another that matches, or by none", signer.name);
        else if (left < live->conf->signers[i].warn_before)
            stir_records_say(server->shared.records, 1, "signer", "%s: its certificate ends in %lld days", signer.name, (long long)(left / 86400));
    }
}

/* ---- Readiness ---- */

struct lines {
    char *buf;
    size_t cap, n;
    bool ready;
    unsigned roles; /* STIR_ROLE_*: whose work it touches */
};

static void note(struct lines *out, const char *what, const char *name, const char *why)
{
    if (out->n >= out->cap)
        return;
    int n = snprintf(out->buf + out->n, out->cap - out->n, "%s %s: %s\n", what, name, why);
    out->n += n > 0 ? (size_t)n : 0;
}

static void missing(struct lines *out, unsigned roles, const char *what, const char *name, const char *why)
{
    out->ready = false;
    out->roles |= roles;
    note(out, what, name, why);
}

/* One that has ended beside one that took its place is what a rotation looks like: worth a line, no alarm. */
static void ask_signers(struct lines *out, const struct stir_live *live)
{
    struct stir_as_signer_state signer;
    bool any = false;
    for (size_t i = 0; live->as && stir_as_signer_at(live->as, i, time(NULL), &signer); i++) {
        any = any || signer.usable;
        if (!signer.usable)
            note(out, "signer", signer.name, signer.why);
    }
    if (live->as && !any)
        missing(out, STIR_ROLE_AS, "signers", "all", "none can sign");
}

static void ask_trust(struct lines *out, struct stir_trust_keeper *keeper)
{
    struct stir_trust_state *states;
    size_t n;
    if (!trust_states(keeper, &states, &n)) {
        missing(out, STIR_ROLE_VS, "trust", "all", "out of memory");
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (states[i].life == STIR_TRUST_OVER)
            missing(out, STIR_ROLE_VS, "trust", states[i].file, "is over and not used");
    free(states);
}

/* Evidence that cannot be written is an alarm; what it does to signing was chosen ([evidence] when-full). */
static void ask_evidence(struct lines *out, struct stir_records *records)
{
    char fault[200] = "";
    unsigned touched = stir_records_may_sign(records) ? 0 : STIR_ROLE_AS;
    stir_records_fault(records, fault, sizeof(fault));
    if (fault[0] || touched)
        missing(out, touched, "evidence", "", fault[0] ? fault : "its memory is nearly full, and nothing is signed without it");
}

/* Lines that somebody else wrote. */
static void add_lines(struct lines *out, const char *text)
{
    if (out->n >= out->cap)
        return;
    int n = snprintf(out->buf + out->n, out->cap - out->n, "%s", text);
    out->n += n > 0 ? (size_t)n : 0;
}

static void ask_office(struct lines *out, struct stir_office *office)
{
    char text[2048] = "";
    out->ready = stir_office_ready(office, text, sizeof(text)) && out->ready;
    add_lines(out, text);
}

/* A warning: what is in use still signs. */
static void ask_renewals(struct lines *out, struct stir_renewals *renewals)
{
    char text[1024] = "";
    (void)stir_renewals_ready(renewals, time(NULL), text, sizeof(text));
    add_lines(out, text);
}

static struct lines ask_all(struct stir_server *server, char *buf, size_t cap)
{
    struct lines out = {buf, cap, 0, true, 0};
    struct stir_live *live = stir_server_live(server);
    buf[0] = '\0';
    ask_signers(&out, live);
    ask_trust(&out, server->trust);
    ask_evidence(&out, server->shared.records);
    if (server->shared.office)
        ask_office(&out, server->shared.office);
    if (server->renewals)
        ask_renewals(&out, server->renewals);
    if (server->stopping)
        missing(&out, STIR_ROLE_AS | STIR_ROLE_VS, "server", "", "is stopping");
    stir_live_free(live);
    return out;
}

bool stir_watch_ready(void *arg, char *buf, size_t cap)
{
    return ask_all(arg, buf, cap).ready;
}

void stir_watch_roles(struct stir_server *server)
{
    char lines[1];
    atomic_store(&server->shared.unready, ask_all(server, lines, sizeof(lines)).roles);
}
