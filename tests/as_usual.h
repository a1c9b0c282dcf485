/* A conf that tests of the authentication service share: trunks, lists of numbers and rules; and one with tenants. */
#ifndef STIR_TESTS_AS_USUAL_H
#define STIR_TESTS_AS_USUAL_H

#include "as_support.h"

#define TRUNKS                                                                                                     \
    "[trunk pbx17]\naddresses = 192.0.2.17\ncustomer = 17\n[trunk pbx18]\naddresses = 192.0.2.18\ncustomer = 18\n" \
    "[trunk core]\naddresses = 192.0.2.1\ntrusted = yes\n[trunk gateway]\naddresses = 192.0.2.9\n[trunk bad]\naddresses = 192.0.2.66\n"
#define LISTS "[numbers main]\nkind = owned\nfile = @/owned.txt\n[numbers free]\nkind = evidence\nfile = @/free.txt\n"
#define RULES                                                                                                                                 \
    "[rule bad]\ntrunks = bad\nattest = refuse\n[rule owned]\nnumber-sets = main free\nowned = yes\nattest = A\n[rule core]\ntrunks = core\n" \
    "attest = asked\n[rule gateway]\ntrunks = gateway\nattest = none\n[rule customers]\ntrunks = pbx17 pbx18\nattest = B\n"

static inline void write_lists(void)
{
    as_write("owned.txt", "# whose\n12155550000-12155559999 17\n12155551212 18 # ported\n18005550000-18005559999 17\n", 0644);
    as_write("free.txt",
             "18005551111 17 loa LOA-2026-17 2027-01-31\n18885551111 17 resporg R-1 2026-09-20\n18885551112 17 resporg R-2 2026-09-21 # today\n"
             "18775550000-18775559999 18 delegate D/9 2030-12-31\n",
             0644);
}

static inline void open_usual(const char *more)
{
    static char text[16384];
    write_lists();
    snprintf(text, sizeof(text), AS_HEAD AS_SIGNER("main") TRUNKS LISTS RULES "%s", more);
    as_open(text);
}

#define TENANTS                                                                                                                                \
    "[tenant alpha]\nkind = provider\nhosts = alpha.example\npath = alpha\ntoken-file = @/alpha.tokens\n[tenant beta]\nkind = provider\n"      \
    "hosts = beta.example\npath = beta\ntoken-file = @/beta.tokens\n[tenant cust]\nkind = customer\npath = cust\ntoken-file = @/cust.tokens\n" \
    "max-attest = B\n[tenant lab]\nkind = customer\npath = lab\n"
#define ALPHA_TOKEN "alpha-0123456789abcdef"
#define BETA_TOKEN "beta-0123456789abcdef"
#define CUST_TOKEN "cust-0123456789abcdef"
#define OF_TENANTS                                                                                                                    \
    "[signer alpha]\nkey = @/alpha.key\ncert = @/alpha.pem\nx5u = https://cr.example.com/alpha.pem\ncheck-x5u = no\ntenant = alpha\n" \
    "[signer beta]\nkey = @/beta.key\ncert = @/beta.pem\nx5u = https://cr.example.com/beta.pem\ncheck-x5u = no\ntenant = beta\nnumbers = 1215*\n"

static inline void open_tenants(const char *more)
{
    static char text[16384];
    as_write("alpha.tokens", ALPHA_TOKEN "\n", 0600);
    as_write("beta.tokens", BETA_TOKEN "\n", 0600);
    as_write("cust.tokens", CUST_TOKEN "\n", 0600);
    snprintf(text, sizeof(text),
             AS_HEAD TENANTS OF_TENANTS AS_SIGNER("main") "[trunk shared]\naddresses = 192.0.2.1\n[trunk of-beta]\naddresses = 192.0.2.2\ntenant = beta\n"
                                                          "[trunk of-cust]\naddresses = 192.0.2.3\ntenant = cust\n%s",
             more);
    as_open(text);
}

static inline const char *invite_to(const char *host, const char *caller, const char *ruri_host)
{
    snprintf(scene.message, sizeof(scene.message),
             "INVITE sip:+12125550100@%s SIP/2.0\r\nFrom: <sip:%s@a>;tag=1\r\nTo: <sip:+12125550100@b>\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\n\r\n", ruri_host,
             caller);
    return as_send_message(host);
}

#endif
