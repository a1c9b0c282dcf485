/* CANCEL: the call may wait on another worker's thread, which is told by a letter. */
#include "front/sip_desk.h"

#include <stdlib.h>

struct letter {
    struct stir_post post;
    struct stir_sip_box *box;
    struct stir_sip_key key;
};

/* What the memory knows of a key. */
struct found {
    struct stir_sip_desk *asks;
    struct stir_sip_key key;
    struct stir_sip_call *call; /* one of the desk that asks */
};

static void open_letter(struct stir_post *post);

/* The shard is locked: the owner cannot answer its call meanwhile, and so cannot be freed. */
static void write_letter(struct stir_sip_desk *owner, struct stir_sip_key key)
{
    struct letter *letter = malloc(sizeof(*letter));
    if (!letter)
        return; /* the call is answered in its time */
    letter->post.open = open_letter;
    letter->box = owner->box;
    letter->key = key;
    atomic_fetch_add(&owner->box->owners, 1);
    stir_loop_post(owner->worker->loop, &letter->post);
}

static void meet(void *arg, void *owner, void *call)
{
    struct found *found = arg;
    if (owner == found->asks)
        found->call = call;
    else
        write_letter(owner, found->key);
}

static void meet_own(void *arg, void *owner, void *call)
{
    struct found *found = arg;
    if (owner == found->asks)
        found->call = call;
}

static void open_letter(struct stir_post *post)
{
    struct letter *letter = (struct letter *)(void *)post;
    struct stir_sip_box *box = letter->box;
    struct stir_sip_desk *desk = box->desk;
    struct found found = {.asks = desk, .key = letter->key};
    free(letter);
    stir_sip_box_free(box);
    if (!desk)
        return;
    stir_sip_enter(desk);
    stir_sip_memory_look(desk->front->memory, found.key, stir_loop_ms(desk->worker->loop), meet_own, &found);
    if (found.call)
        stir_sip_call_cancel(found.call);
    stir_sip_exit(desk);
}

enum stir_sip_seen stir_sip_cancel(struct stir_sip_desk *desk, struct stir_sip_key key)
{
    struct found found = {.asks = desk, .key = key};
    enum stir_sip_seen seen = stir_sip_memory_look(desk->front->memory, key, stir_loop_ms(desk->worker->loop), meet, &found);
    if (found.call)
        stir_sip_call_cancel(found.call);
    return seen;
}

enum stir_err stir_sip_box_new(struct stir_sip_box **out, struct stir_sip_desk *desk)
{
    struct stir_sip_box *box = malloc(sizeof(*box));
    if (!box)
        return STIR_ENOMEM;
    atomic_init(&box->owners, 1);
    box->desk = desk;
    *out = box;
    return STIR_OK;
}

void stir_sip_box_free(struct stir_sip_box *box)
{
    if (box && atomic_fetch_sub(&box->owners, 1) == 1)
        free(box);
}
