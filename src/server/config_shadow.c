/* Trunks that an earlier one keeps every call from. Networks are sorted so that each comes behind those that it lies in, and a stack of those is carried along:
 * ten thousand trunks are looked at in one pass. */
#include "server/config.h"

#include "core/bytes.h"
#include "io/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

struct net {
    struct stir_network net;
    uint32_t trunk;
};

struct shadows {
    const struct stir_conf *conf;
    struct net *nets;
    size_t n;
    const struct net **stack; /* those that the one at hand lies in */
    size_t depth;
    uint32_t *covered; /* of each trunk: how many of its networks lie in earlier trunks' */
    uint32_t *by;      /* and the last of those trunks */
};

static bool has_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    size_t bytes = bits / 8;
    unsigned rest = bits % 8;
    return memcmp(a, b, bytes) == 0 && (rest == 0 || ((a[bytes] ^ b[bytes]) & (0xff00u >> rest) & 0xff) == 0);
}

static bool lies_in(const struct stir_network *inner, const struct stir_network *outer)
{
    return inner->family == outer->family && inner->bits >= outer->bits && has_bits(inner->address, outer->address, outer->bits);
}

static int by_place(const void *a, const void *b)
{
    const struct net *x = a, *y = b;
    int order = (x->net.family > y->net.family) - (x->net.family < y->net.family);
    order = order ? order : memcmp(x->net.address, y->net.address, sizeof(x->net.address));
    order = order ? order : (x->net.bits > y->net.bits) - (x->net.bits < y->net.bits);
    return order ? order : (x->trunk > y->trunk) - (x->trunk < y->trunk);
}

/* What else the outer one asks for, the inner one asks for too. */
static bool asks_no_more(const struct stir_conf_trunk *outer, const struct stir_conf_trunk *inner)
{
    return (!*outer->tls_name || strcmp(outer->tls_name, inner->tls_name) == 0) && (!*outer->header || strcmp(outer->header, inner->header) == 0);
}

static void look(struct shadows *s, const struct net *at)
{
    while (s->depth && !lies_in(&at->net, &s->stack[s->depth - 1]->net))
        s->depth--;
    for (size_t i = 0; i < s->depth; i++) {
        uint32_t outer = s->stack[i]->trunk;
        if (outer >= at->trunk || !asks_no_more(&s->conf->trunks[outer], &s->conf->trunks[at->trunk]))
            continue;
        s->covered[at->trunk]++;
        s->by[at->trunk] = outer;
        break;
    }
    s->stack[s->depth++] = at;
}

static void collect(struct shadows *s)
{
    for (size_t i = 0; i < s->conf->n_trunks; i++)
        for (size_t k = 0; k < s->conf->trunks[i].addresses.n; k++) {
            struct net *net = &s->nets[s->n];
            if (stir_network_parse(&net->net, stir_slice_str(s->conf->trunks[i].addresses.items[k])) != STIR_OK)
                continue; /* a good conf has none */
            net->trunk = (uint32_t)i;
            s->n++;
        }
    qsort(s->nets, s->n, sizeof(*s->nets), by_place);
}

static void tell(const struct shadows *s, const struct stir_config_say *to)
{
    char text[300];
    for (size_t i = 0; i < s->conf->n_trunks; i++) {
        const struct stir_conf_trunk *trunk = &s->conf->trunks[i];
        if (!trunk->addresses.n || s->covered[i] < trunk->addresses.n)
            continue;
        snprintf(text, sizeof(text), "[trunk %s] no call is of it: [trunk %s], which stands before it, has its addresses; the narrower one stands first",
                 trunk->name, s->conf->trunks[s->by[i]].name);
        to->say(to->arg, text);
    }
}

void stir_config_shadows(const struct stir_conf *conf, const struct stir_config_say *to)
{
    struct shadows s = {.conf = conf};
    size_t n = 1;
    for (size_t i = 0; i < conf->n_trunks; i++)
        n += conf->trunks[i].addresses.n;
    s.nets = calloc(n, sizeof(*s.nets));
    s.stack = calloc(n, sizeof(*s.stack));
    s.covered = calloc(conf->n_trunks + 1, sizeof(*s.covered));
    s.by = calloc(conf->n_trunks + 1, sizeof(*s.by));
    if (s.nets && s.stack && s.covered && s.by) { /* else nothing is said: it is advice */
        collect(&s);
        for (size_t i = 0; i < s.n; i++)
            look(&s, &s.nets[i]);
        tell(&s, to);
    }
    free(s.nets);
    free(s.stack);
    free(s.covered);
    free(s.by);
}
