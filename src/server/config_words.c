#include "server/config_words.h"

#include "core/bytes.h"
#include "core/url.h"
#include "io/net_guard.h"
#include "io/socket.h"
#include "server/config_keys.h"

#include <stir/passport.h>
#include <stir/tn.h>

/* Letters, digits and what else is named. */
static bool is_made_of(struct stir_slice word, const char *others)
{
    struct stir_slice more = stir_slice_str(others);
    for (size_t i = 0; i < word.n; i++)
        if (!stir_is_alpha(word.p[i]) && !stir_is_digit(word.p[i]) && stir_slice_find(more, word.p[i]) == more.n)
            return false;
    return word.n > 0;
}

static bool begins(struct stir_slice word, const char *head)
{
    size_t n = strlen(head);
    return word.n >= n && memcmp(word.p, head, n) == 0;
}

const char *stir_word_name(struct stir_slice word)
{
    return is_made_of(word, "-_.") && word.n <= STIR_CONFIG_NAME ? NULL : "is no name; names are 1 to 32 letters, digits, '-', '_' and '.'";
}

const char *stir_word_user(struct stir_slice word)
{
    return is_made_of(word, "-_.") && word.n <= STIR_CONFIG_NAME && word.p[0] != '-' ? NULL : "is no name of a user or group";
}

const char *stir_word_sip_listen(struct stir_slice word)
{
    struct stir_address address;
    bool named = begins(word, "udp:") || begins(word, "tcp:") || begins(word, "tls:");
    if (!named || stir_address_parse(&address, word, STIR_UDP) != STIR_OK)
        return "is no place to listen at; one is udp:192.0.2.1:5060, tcp:[2001:db8::1]:5060 or tls:0.0.0.0:5061, an address and no name";
    return NULL;
}

const char *stir_word_http_listen(struct stir_slice word)
{
    struct stir_address address;
    bool bare = word.n && (word.p[0] == '[' || stir_is_digit(word.p[0]));
    if (!bare || stir_address_parse(&address, word, STIR_TCP) != STIR_OK)
        return "is no place to listen at; one is 192.0.2.1:8443 or [::1]:8080, an address and no name (tls-cert makes it HTTPS)";
    return NULL;
}

const char *stir_word_network(struct stir_slice word)
{
    struct stir_net_cidr net;
    switch (stir_net_cidr_parse(&net, word)) {
    case STIR_OK: return NULL;
    case STIR_EVALUE: return "has bits beyond its prefix: which network is meant? One is 192.0.2.0/28";
    default: return "is no network; one is 192.0.2.0/28, 2001:db8::/32, or an address alone";
    }
}

const char *stir_word_resolver(struct stir_slice word)
{
    struct stir_net_addr bare;
    struct stir_address address;
    if (stir_net_addr_parse(&bare, word) == STIR_OK || (stir_address_parse(&address, word, STIR_UDP) == STIR_OK && !stir_is_alpha(word.p[0])))
        return NULL;
    return "is no DNS server; one is 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53";
}

const char *stir_word_host(struct stir_slice word)
{
    struct stir_net_addr addr;
    if (word.n > 2 && word.p[0] == '[' && word.p[word.n - 1] == ']')
        return stir_net_addr_parse(&addr, stir_slice_of(word.p + 1, word.n - 2)) == STIR_OK ? NULL : "is no IPv6 address in brackets";
    if (!is_made_of(word, "-_.") || word.n > 253 || word.p[0] == '.' || word.p[0] == '-')
        return "is no host; one is sip.example.com, 192.0.2.1 or [2001:db8::1]";
    return NULL;
}

const char *stir_word_host_port(struct stir_slice word)
{
    size_t colon = word.n;
    int64_t port = 0;
    while (colon && stir_is_digit(word.p[colon - 1]))
        colon--;
    if (!colon || colon == word.n || word.p[colon - 1] != ':')
        return stir_word_host(word);
    for (size_t i = colon; i < word.n && port < 65536; i++)
        port = port * 10 + (word.p[i] - '0');
    if (port < 1 || port > 65535)
        return "has a port that is none: 1 to 65535";
    return stir_word_host(stir_slice_upto(word, colon - 1));
}

const char *stir_word_segment(struct stir_slice word)
{
    return is_made_of(word, "-_.~") && word.p[0] != '.'
               ? NULL
               : "is no part of a path; letters, digits, '-', '_', '.' and '~' make one, and it does not begin with '.'";
}

/* "/a/b": each part a segment. */
static bool is_path(struct stir_slice word)
{
    while (word.n && word.p[0] == '/') {
        struct stir_slice rest = stir_slice_from(word, 1);
        size_t end = stir_slice_find(rest, '/');
        if (stir_word_segment(stir_slice_upto(rest, end)))
            return false;
        word = stir_slice_from(rest, end);
    }
    return word.n == 0;
}

const char *stir_word_root(struct stir_slice word)
{
    return word.n && is_path(word) ? NULL : "is no path; one is /stir/v1, without '/' at its end";
}

const char *stir_word_folder_url(struct stir_slice word)
{
    bool good = word.n && word.p[word.n - 1] == '/' && is_path(stir_slice_upto(word, word.n - 1));
    return good ? NULL : "is no path of a folder; one is /cr/";
}

const char *stir_word_uuid(struct stir_slice word)
{
    return stir_is_uuid(word) ? NULL : "is no UUID; one is de305d54-75b4-431b-adb2-eb6b9e546014";
}

const char *stir_word_header_name(struct stir_slice word)
{
    return stir_is_all(word, STIR_C_TOKEN) ? NULL : "is no name of a header";
}

const char *stir_word_header(struct stir_slice text)
{
    size_t colon = stir_slice_find(text, ':');
    if (colon == text.n || stir_word_header_name(stir_slice_trim(stir_slice_upto(text, colon))) || !stir_slice_trim(stir_slice_from(text, colon + 1)).n)
        return "is no header with its value; one is X-Trunk: 17";
    return NULL;
}

const char *stir_word_told_header(struct stir_slice word)
{
    static const char *const told[] = {"attest", "origid", "spc", "reason", "verstat", "alert"};
    static const char wrong[] =
        "is none of attest=NAME, origid=NAME, spc=NAME, reason=NAME, verstat=NAME, alert=NAME, where NAME is a header such as X-Attestation";
    size_t equals = stir_slice_find(word, '=');
    if (equals == word.n)
        return wrong;
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        if (stir_slice_is(stir_slice_upto(word, equals), told[i]))
            return stir_word_header_name(stir_slice_from(word, equals + 1)) ? wrong : NULL;
    return wrong;
}

static bool is_digits(struct stir_slice word)
{
    for (size_t i = 0; i < word.n; i++)
        if (!stir_is_digit(word.p[i]))
            return false;
    return word.n > 0 && word.n <= STIR_TN_MAX;
}

const char *stir_word_numbers(struct stir_slice word)
{
    size_t dash = stir_slice_find(word, '-');
    if (dash < word.n) {
        struct stir_slice first = stir_slice_upto(word, dash), last = stir_slice_from(word, dash + 1);
        if (is_digits(first) && is_digits(last) && first.n == last.n)
            return stir_slice_compare(first, last) <= 0 ? NULL : "is a range that ends before it begins";
    } else if (is_digits(word) || (word.n > 1 && word.p[word.n - 1] == '*' && is_digits(stir_slice_upto(word, word.n - 1)))) {
        return NULL;
    }
    return "is no number, prefix or range; these are 12155551212, 1215555* and 12155550000-12155559999: digits with the country code first, no '+'";
}

static const char *prefix(struct stir_slice word, const char *characters, const char *wrong)
{
    struct stir_slice allowed = stir_slice_str(characters);
    for (size_t i = 0; i < word.n; i++)
        if (stir_slice_find(allowed, word.p[i]) == allowed.n)
            return wrong;
    return word.n && word.n <= STIR_MAX_PREFIX ? NULL : wrong;
}

const char *stir_word_technical(struct stir_slice word)
{
    return prefix(word, "0123456789#*", "is no prefix; digits, '#' and '*' make one, 16 at most");
}

const char *stir_word_portability(struct stir_slice word)
{
    return prefix(word, "0123456789ABCDEFabcdefXx", "is no routing prefix; digits and A to F make one, X stands for any digit, 16 at most");
}

const char *stir_word_plan(struct stir_slice word)
{
    return stir_tn_plan(word) ? NULL : "is no dial plan; there are US, CA, FR, DE, GB, IT, MX, ES and AU";
}

const char *stir_word_x5u(struct stir_slice word)
{
    struct stir_url url;
    enum stir_url_fault fault = stir_url_parse(&url, word, true);
    return fault == STIR_URL_GOOD ? NULL : stir_url_fault_text(fault);
}

const char *stir_word_webhook(struct stir_slice word)
{
    size_t head = begins(word, "https://") ? 8 : begins(word, "http://") ? 7 : 0;
    struct stir_slice rest = stir_slice_from(word, head);
    bool good = head && rest.n && rest.p[0] != '/' && rest.p[0] != ':' && stir_is_all(rest, STIR_C_BRACKET) && stir_slice_find(rest, '@') == rest.n;
    return good ? NULL : "is no URL to post to; one is https://example.com/stir (a token stands in token-file, not in the URL)";
}

const char *stir_word_redress(struct stir_slice word)
{
    bool scheme = begins(word, "https://") || begins(word, "sip:") || begins(word, "sips:") || begins(word, "tel:") || begins(word, "mailto:");
    return scheme && stir_is_all(word, STIR_C_BRACKET) ? NULL
                                                       : "is no contact; one is https://example.com/redress, sip:redress@example.com or tel:+12155551212";
}

const char *stir_word_customer(struct stir_slice word)
{
    return is_made_of(word, "") && word.n <= STIR_MAX_SPC ? NULL : "is no customer as the lists of numbers name one; letters and digits make one, 16 at most";
}
