/* Who asks the administrator or the authority, for limits: whatever the connection's address is and whatever X-Forwarded-For says, one address or one IPv6
 * network comes out, and only a proxy's word changes it. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "front/http_call.h"

#include "service/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool fact)
{
    if (!fact)
        abort();
}

/* "192.0.2.1" or "2001:db8:1:2::/64", whose last 64 bits are none. */
static void is_one(const char *peer)
{
    char text[STIR_EXCHANGE_PEER];
    unsigned char bytes[16];
    size_t n = strlen(peer);
    hold(n > 0 && n < STIR_EXCHANGE_PEER);
    memcpy(text, peer, n + 1);
    if (inet_pton(AF_INET, text, bytes) == 1)
        return;
    hold(n > 3 && strcmp(text + n - 3, "/64") == 0);
    text[n - 3] = '\0';
    hold(inet_pton(AF_INET6, text, bytes) == 1);
    for (size_t i = 8; i < 16; i++)
        hold(bytes[i] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const all[] = {"0.0.0.0/0", "::/0", NULL};
    struct stir_conf_http conf = {.name = "x"};
    struct sockaddr_storage at = {.ss_family = AF_INET};
    char alone[STIR_EXCHANGE_PEER], unbelieved[STIR_EXCHANGE_PEER], believed[STIR_EXCHANGE_PEER];
    if (size < 17)
        return 0;
    if (data[0] & 1) {
        at.ss_family = AF_INET6;
        memcpy(&((struct sockaddr_in6 *)&at)->sin6_addr, data + 1, 16);
    } else {
        memcpy(&((struct sockaddr_in *)&at)->sin_addr, data + 1, 4);
    }
    const struct stir_slice forwarded = stir_slice_of((const char *)data + 17, size - 17);
    stir_http_office_peer(alone, sizeof(alone), &conf, &at, stir_slice_of(NULL, 0));
    stir_http_office_peer(unbelieved, sizeof(unbelieved), &conf, &at, forwarded);
    conf.proxies = (struct stir_conf_list){all, 2};
    stir_http_office_peer(believed, sizeof(believed), &conf, &at, forwarded);
    is_one(alone);
    is_one(believed);
    hold(strcmp(alone, unbelieved) == 0);
    return 0;
}
