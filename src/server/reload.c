/* A reload takes over everything or changes nothing; calls end on the state they began with. */
#include "io/notify.h"
#include "server/config.h"
#include "server/server.h"
#include "service/actions.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct stir_live *stir_server_live(struct stir_server *server)
{
    pthread_mutex_lock(&server->lock);
    struct stir_live *live = stir_live_ref(server->live);
    pthread_mutex_unlock(&server->lock);
    return live;
}

void stir_server_take(struct stir_server *server, struct stir_live *live)
{
    pthread_mutex_lock(&server->lock);
    struct stir_live *before = server->live;
    server->live = live;
    server->generation = live->generation;
    pthread_mutex_unlock(&server->lock);
    stir_hands_take(server, live);
    stir_live_free(before);
}

static bool told(const struct stir_server_say *say, enum stir_err err, const struct stir_diag *diag)
{
    if (err != STIR_OK)
        say->say(say->arg, true, diag->text[0] ? diag->text : stir_err_text(err));
    return err == STIR_OK;
}

/* Fronts, records and state of `setting`, which is good by itself. Everything that can fail comes before the first thing that is seen. */
static bool take_over(struct stir_server *server, struct stir_setting *setting, const struct stir_server_say *say)
{
    const struct stir_office_say office_say = {say->say, say->arg};
    struct stir_office *office = server->shared.office; /* there, or not, for as long as the daemon runs: roles are read at the start */
    struct stir_office_reading *reading = NULL;
    struct stir_fronts fronts = {.sip = NULL};
    struct stir_diag diag = {0};
    /* Chains die with their policy: not for a reload that leaves it as it is. */
    bool same = stir_actions_same_chains(&server->live->conf->verify.policy, &setting->conf->verify.policy);
    struct stir_live *live = stir_live_new(setting, server->live->trust, server->generation + 1, server->policies + !same);
    bool good = told(say, live ? STIR_OK : STIR_ENOMEM, &diag);
    good = good && (!office || stir_office_read(&reading, setting, office, &office_say) == STIR_OK); /* what is wrong was said */
    good = good && told(say, stir_fronts_new(&fronts, setting, server, &server->fronts, &diag), &diag);
    good = good && told(say, stir_records_reload(server->shared.records, setting->conf, &diag), &diag);
    good = good && told(say, stir_desks_join(server, &fronts), &diag);
    if (!good) {
        stir_office_forget(reading);
        stir_fronts_free(&fronts);
        stir_live_free(live);
        (void)!stir_records_reload(server->shared.records, server->live->conf, &diag); /* it was good before */
        return false;
    }
    if (office)
        stir_office_take(office, reading);
    if (server->renewals && !stir_renewals_take(server->renewals, setting->conf))
        stir_records_say(server->shared.records, 0, "renewal", "out of memory: the folders of before are renewed");
    server->policies += !same;
    stir_server_take(server, live);
    return true;
}

static bool reload(struct stir_server *server, const struct stir_server_say *say)
{
    struct stir_setting *setting = NULL;
    char line[160];
    bool good = !server->stopping && stir_setting_read(&setting, server->path, time(NULL), say) == STIR_OK;
    char key[STIR_CONFIG_KEY_TEXT];
    bool fixed = good && stir_config_fixed(server->live->conf, setting->conf, key);
    if (fixed) {
        snprintf(line, sizeof(line), "%s is read at a start alone: restart, or put it back", key);
        say->say(say->arg, true, line);
    }
    good = good && !fixed && stir_setting_check_x5u(setting, false, say) && take_over(server, setting, say);
    stir_setting_free(setting);
    server->reload_failed = !good;
    if (good)
        server->reloaded_at = time(NULL);
    stir_records_say(server->shared.records, good ? 2 : 0, "reload",
                     good ? "configuration %s is in use, generation %llu" : "refused, nothing was changed; %s stays, generation %llu", server->live->conf->hash,
                     (unsigned long long)server->generation);
    return good;
}

void stir_server_status(const struct stir_server *server)
{
    stir_notify_status("configuration %s, generation %llu, %zu workers%s", server->live->conf->hash, (unsigned long long)server->generation, server->n_hands,
                       server->reload_failed ? "; the last reload was refused" : "");
}

/* By signal or control socket: systemd and its watchdog are told. */
bool stir_server_reload(struct stir_server *server, const struct stir_server_say *say)
{
    stir_notify_reloading();
    const bool good = reload(server, say);
    stir_server_status(server);
    stir_notify_ready();
    return good;
}

/* ---- Renewals ---- */

enum { AGAIN_MS = 300000 /* until a reload for a new certificate is tried again: its x5u may not be served everywhere yet */ };

static void take_renewed(struct stir_server *server);

static void again_fires(struct stir_timer *timer)
{
    take_renewed((struct stir_server *)(void *)((char *)timer - offsetof(struct stir_server, again)));
}

static void say_renewed(void *arg, bool fatal, const char *text)
{
    const struct stir_server *server = arg;
    stir_records_say(server->shared.records, fatal ? 0 : 1, "renewal", "%s", text);
}

static void take_renewed(struct stir_server *server)
{
    const struct stir_server_say say = {say_renewed, server};
    if (server->stopping || stir_server_reload(server, &say))
        return;
    server->again.fire = again_fires;
    if (!stir_loop_after(server->loop, &server->again, AGAIN_MS))
        stir_records_say(server->shared.records, 0, "renewal", "out of memory: the new certificate is in use from the next reload on");
}

static void renewed_came(struct stir_post *post)
{
    struct stir_server *server = (struct stir_server *)(void *)((char *)post - offsetof(struct stir_server, renewed));
    atomic_store(&server->renewed_sent, false);
    take_renewed(server);
}

void stir_server_renewed(void *arg)
{
    struct stir_server *server = arg;
    if (atomic_exchange(&server->renewed_sent, true))
        return;
    server->renewed.open = renewed_came;
    stir_loop_post(server->loop, &server->renewed);
}

/* ---- Trust ---- */

/* The newest snapshot, however often the keeper has called since. */
static void trust_came(struct stir_post *post)
{
    struct stir_server *server = (struct stir_server *)(void *)((char *)post - offsetof(struct stir_server, news));
    atomic_store(&server->news_sent, false);
    if (server->stopping)
        return;
    struct stir_trust *trust = stir_trust_keeper_now(server->trust);
    struct stir_live *live = stir_live_new(server->live->setting, trust, server->generation + 1, server->live->policy.id);
    if (live)
        stir_server_take(server, live);
    else
        stir_records_say(server->shared.records, 0, "trust", "out of memory: the snapshot of before stays until trust changes again");
    stir_trust_free(trust);
}

void stir_server_trust(void *arg, struct stir_trust *trust)
{
    struct stir_server *server = arg;
    stir_trust_free(trust);
    if (atomic_exchange(&server->news_sent, true))
        return;
    server->news.open = trust_came;
    stir_loop_post(server->loop, &server->news);
}
