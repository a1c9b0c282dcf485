/* Answers over UDP that are repeated until their ACK: timers G and H of RFC 3261 §17.2.1, for calls that were told 100 Trying. To the others the client asks
 * again until it has heard something, and is answered out of the memory: to repeat to them too would be a timer and a lookup for every call, and change
 * nothing that either side sees. */
#include "front/sip_desk.h"

#include <stdlib.h>

enum { T1_MS = 500, T2_MS = 4000 };

struct stir_sip_again {
    struct stir_timer timer;
    struct stir_sip_again *next, *previous;
    struct stir_sip_desk *desk;
    struct stir_sip_flow flow;
    struct sockaddr_storage to;
    struct stir_sip_key key;
    int64_t wait_ms, until_ms;
};

static void drop(struct stir_sip_again *again)
{
    struct stir_sip_desk *desk = again->desk;
    stir_loop_cancel(desk->worker->loop, &again->timer);
    if (again->next)
        again->next->previous = again->previous;
    if (again->previous)
        again->previous->next = again->next;
    else
        desk->agains = again->next;
    desk->n_again--;
    atomic_fetch_sub(&desk->front->repeating, 1);
    free(again);
}

static void fire(struct stir_timer *timer)
{
    struct stir_sip_again *again = (struct stir_sip_again *)(void *)timer;
    struct stir_sip_desk *desk = again->desk;
    int64_t now = stir_loop_ms(desk->worker->loop);
    size_t n;
    stir_sip_enter(desk);
    if (now < again->until_ms && stir_sip_memory_again(desk->front->memory, again->key, now, desk->reply, STIR_SIP_MAX_REPLY, &n)) {
        stir_sip_send(desk, &again->flow, &again->to, n);
        again->wait_ms = again->wait_ms * 2 < T2_MS ? again->wait_ms * 2 : T2_MS;
        if (!stir_loop_after(desk->worker->loop, &again->timer, again->wait_ms))
            drop(again);
    } else {
        drop(again);
    }
    stir_sip_exit(desk);
}

/*= RFC3261-17.2.1 */
void stir_sip_repeat(struct stir_sip_call *call, const struct sockaddr_storage *to)
{
    struct stir_sip_desk *desk = call->desk;
    struct stir_sip_again *again = desk->n_again < STIR_SIP_AGAIN && !desk->leaving ? calloc(1, sizeof(*again)) : NULL;
    if (!again)
        return;
    again->timer.fire = fire;
    again->desk = desk;
    again->flow = call->flow;
    again->to = *to;
    again->key = call->key;
    again->wait_ms = T1_MS;
    again->until_ms = stir_loop_ms(desk->worker->loop) + STIR_SIP_REMEMBERED_MS;
    if (!stir_loop_after(desk->worker->loop, &again->timer, T1_MS)) {
        free(again);
        return;
    }
    again->next = desk->agains;
    if (desk->agains)
        desk->agains->previous = again;
    desk->agains = again;
    desk->n_again++;
    atomic_fetch_add(&desk->front->repeating, 1);
}

void stir_sip_repeat_none(struct stir_sip_desk *desk)
{
    while (desk->agains)
        drop(desk->agains);
}
