/* Networks and addresses as people write them, and the sixteen bytes that DNS may answer. A network that is opened holds its own address and nothing beside its
 * bits; an IPv6 address that carries a closed IPv4 one is closed. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "io/net_guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static const char *fault(const struct stir_net_addr *addr)
{
    static const struct stir_guard closed = {.n = 0};
    return stir_guard_fault(&closed, addr);
}

static struct stir_net_addr mapped(const unsigned char four[4])
{
    struct stir_net_addr addr = {{[10] = 0xff, [11] = 0xff}};
    memcpy(addr.bytes + 12, four, 4);
    return addr;
}

/* The kernel's form of it is the same address. */
static void check_sockaddr(const struct stir_net_addr *addr)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct stir_net_addr again;
    memcpy(&six.sin6_addr, addr->bytes, sizeof(addr->bytes));
    check(stir_net_addr_of(&again, (const struct sockaddr *)&six) == STIR_OK && stir_net_addr_eq(&again, addr));
    memcpy(&four.sin_addr, addr->bytes + 12, 4);
    if (stir_net_addr_is_v4(addr))
        check(stir_net_addr_of(&again, (const struct sockaddr *)&four) == STIR_OK && stir_net_addr_eq(&again, addr));
    four.sin_family = AF_UNIX;
    check(stir_net_addr_of(&again, (const struct sockaddr *)&four) == STIR_EVALUE);
}

/* Translators and tunnels: what leads to a closed IPv4 address is closed. */
static void check_carriers(const unsigned char four[4])
{
    struct stir_net_addr plain = mapped(four), nat64 = {{0x00, 0x64, 0xff, 0x9b}}, six_to_four = {{0x20, 0x02}};
    memcpy(nat64.bytes + 12, four, 4);
    memcpy(six_to_four.bytes + 2, four, 4);
    check(fault(&nat64) == fault(&plain) && fault(&six_to_four) == fault(&plain));
    check(four[0] != 127 || fault(&plain));
    check(four[0] != 10 || fault(&plain));
    check(four[0] < 224 || fault(&plain));
}

static void check_address(const struct stir_net_addr *addr)
{
    char text[INET6_ADDRSTRLEN];
    struct stir_net_addr again;
    check(inet_ntop(AF_INET6, addr->bytes, text, sizeof(text)) != NULL);
    check(stir_net_addr_parse(&again, stir_slice_str(text)) == STIR_OK && stir_net_addr_eq(&again, addr));
    check(fault(addr) || stir_net_addr_is_v4(addr) || (addr->bytes[0] & 0xe0) == 0x20 || memcmp(addr->bytes, "\0\x64\xff\x9b", 4) == 0);
    check_sockaddr(addr);
    check_carriers(addr->bytes + 12);
}

static void check_network(struct stir_slice text)
{
    struct stir_guard guard = {.n = 0};
    struct stir_net_cidr cidr;
    enum stir_err err = stir_net_cidr_parse(&cidr, text);
    check(stir_guard_open(&guard, text) == err);
    if (err != STIR_OK)
        return;
    check(cidr.bits <= 128 && !stir_guard_fault(&guard, &cidr.net));
    if (cidr.bits > 0) { /* its last bit turned, it is another network */
        struct stir_net_addr beside = cidr.net;
        beside.bytes[(cidr.bits - 1) / 8] ^= (unsigned char)(0x80 >> (cidr.bits - 1) % 8);
        check(stir_guard_fault(&guard, &beside) == fault(&beside));
    }
    guard.n = STIR_GUARD_NETS;
    check(stir_guard_open(&guard, text) == STIR_ELIMIT);
    check_address(&cidr.net);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_slice text = stir_slice_of(data ? (const void *)data : "", size);
    struct stir_net_addr addr = {{0}};
    check_network(text);
    if (stir_net_addr_parse(&addr, text) == STIR_OK)
        check_address(&addr);
    memcpy(addr.bytes, text.p, size < 16 ? size : 16);
    check_address(&addr);
    return 0;
}
