/* How workers come to fronts and leave them: a reload joins the new ones before it leaves the old, so that nobody who calls is left standing. */
#include "server/server.h"

#include <stdlib.h>
#include <time.h>

/* Fronts that are being left; freed on the main thread when the last desk is gone. */
struct parting {
    struct stir_post post;
    struct stir_server *server;
    struct stir_fronts fronts;
    atomic_size_t left;
};

/* A worker's desks that end what they had accepted. */
struct stir_leaver {
    struct stir_leaver *next;
    struct stir_post post; /* to its own loop: a desk is not freed while it says that it is gone */
    struct stir_hand *hand;
    struct stir_desks desks;
    struct parting *parting;
    int open; /* desks that are not gone */
};

static void close_desks(struct stir_desks *desks)
{
    stir_sip_desk_free(desks->sip);
    stir_http_desk_free(desks->http);
    *desks = (struct stir_desks){NULL, NULL};
}

static enum stir_err join(struct stir_desks *out, const struct stir_fronts *fronts, struct stir_worker *worker)
{
    struct stir_desks desks = {NULL, NULL};
    enum stir_err err = stir_sip_front_join(&desks.sip, fronts->sip, worker);
    if (err == STIR_OK)
        err = stir_http_front_join(&desks.http, fronts->http, worker);
    if (err != STIR_OK)
        close_desks(&desks);
    else
        *out = desks;
    return err;
}

/* All join, each into a place of its own; only then do they stand there. */
struct joining {
    const struct stir_fronts *fronts;
    struct stir_desks *desks; /* one for each hand */
};

static enum stir_err join_one(struct stir_hand *hand, void *arg)
{
    struct joining *joining = arg;
    return join(&joining->desks[hand->worker.index], joining->fronts, &hand->worker);
}

static enum stir_err undo_one(struct stir_hand *hand, void *arg)
{
    struct joining *joining = arg;
    close_desks(&joining->desks[hand->worker.index]);
    return STIR_OK;
}

/* What was there is left; it was moved aside by whoever parts. */
static void fronts_gone(struct stir_post *post)
{
    struct parting *parting = (struct parting *)(void *)post;
    stir_fronts_free(&parting->fronts);
    free(parting);
}

static void leaver_free(struct stir_leaver *leaver)
{
    struct stir_hand *hand = leaver->hand;
    struct parting *parting = leaver->parting;
    for (struct stir_leaver **at = &hand->leavers; *at; at = &(*at)->next)
        if (*at == leaver) {
            *at = leaver->next;
            break;
        }
    close_desks(&leaver->desks);
    free(leaver);
    atomic_fetch_sub(&hand->server->leaving, 1);
    if (atomic_fetch_sub(&parting->left, 1) == 1)
        stir_loop_post(parting->server->loop, &parting->post);
}

static void leaver_gone(struct stir_post *post)
{
    leaver_free((struct stir_leaver *)(void *)((char *)post - offsetof(struct stir_leaver, post)));
}

static void desk_gone(void *arg)
{
    struct stir_leaver *leaver = arg;
    if (--leaver->open == 0)
        stir_loop_post(leaver->hand->worker.loop, &leaver->post);
}

struct leave {
    struct parting *parting;
    struct stir_leaver **leavers; /* one for each hand */
    struct stir_desks *desks;     /* that take the place; NULL: none do */
};

static enum stir_err leave_one(struct stir_hand *hand, void *arg)
{
    struct leave *leave = arg;
    struct stir_leaver *leaver = leave->leavers[hand->worker.index];
    *leaver = (struct stir_leaver){hand->leavers, {NULL, leaver_gone}, hand, hand->desks, leave->parting, 3};
    hand->leavers = leaver;
    hand->desks = leave->desks ? leave->desks[hand->worker.index] : (struct stir_desks){NULL, NULL};
    if (leaver->desks.sip)
        stir_sip_desk_leave(leaver->desks.sip, desk_gone, leaver);
    else
        desk_gone(leaver);
    if (leaver->desks.http)
        stir_http_desk_leave(leaver->desks.http, desk_gone, leaver);
    else
        desk_gone(leaver);
    desk_gone(leaver); /* the third: both have been asked */
    return STIR_OK;
}

static void leave_free(struct leave *leave, size_t n)
{
    for (size_t i = 0; leave->leavers && i < n; i++)
        free(leave->leavers[i]);
    free(leave->leavers);
    free(leave->parting);
}

static enum stir_err leave_new(struct leave *out, struct stir_server *server)
{
    size_t n = server->n_hands;
    out->parting = calloc(1, sizeof(*out->parting));
    out->leavers = calloc(n, sizeof(*out->leavers));
    bool good = out->parting && out->leavers;
    for (size_t i = 0; good && i < n; i++)
        good = (out->leavers[i] = calloc(1, sizeof(*out->leavers[i]))) != NULL;
    if (good)
        return STIR_OK;
    leave_free(out, n);
    return STIR_ENOMEM;
}

/* Nothing here can fail: everything that it needs is there. */
static void part(struct stir_server *server, struct leave *leave, struct stir_fronts fronts)
{
    leave->parting->post.open = fronts_gone;
    leave->parting->server = server;
    leave->parting->fronts = fronts;
    atomic_init(&leave->parting->left, server->n_hands);
    atomic_fetch_add(&server->leaving, server->n_hands);
    (void)stir_hands_all(server, leave_one, leave); /* cannot fail */
    free(leave->leavers);
}

enum stir_err stir_desks_join(struct stir_server *server, const struct stir_fronts *fronts)
{
    struct joining joining = {fronts, calloc(server->n_hands, sizeof(*joining.desks))};
    struct leave leave = {NULL, NULL, joining.desks};
    enum stir_err err = joining.desks ? leave_new(&leave, server) : STIR_ENOMEM;
    if (err == STIR_OK) {
        err = stir_hands_all(server, join_one, &joining);
        if (err != STIR_OK) {
            (void)stir_hands_all(server, undo_one, &joining);
            leave_free(&leave, server->n_hands);
        } else {
            part(server, &leave, server->fronts);
            server->fronts = *fronts;
        }
    }
    free(joining.desks);
    return err;
}

void stir_desks_leave(struct stir_server *server)
{
    struct leave leave = {NULL, NULL, NULL};
    if (leave_new(&leave, server) != STIR_OK)
        return;
    part(server, &leave, server->fronts);
    server->fronts = (struct stir_fronts){.sip = NULL};
}

bool stir_desks_wait(struct stir_server *server, int64_t ms)
{
    int64_t until = stir_loop_ms(server->loop) + ms;
    while (atomic_load(&server->leaving) && stir_loop_ms(server->loop) < until)
        stir_loop_turn(server->loop, 10);
    return atomic_load(&server->leaving) == 0;
}

void stir_desks_close(struct stir_hand *hand)
{
    close_desks(&hand->desks);
    for (struct stir_leaver *leaver = hand->leavers, *next; leaver; leaver = next) {
        next = leaver->next;
        if (leaver->open) /* others have a letter on its way that frees them */
            leaver_free(leaver);
    }
}
