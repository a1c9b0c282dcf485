/* verstat into and out of header values and requests. Taken out, a reader who knows nothing of quotes in URIs finds none, and the number is the same; put in
 * and taken out is taken out; a request differs in nothing else. */
#include <stdlib.h>
#include <string.h>

#include <stir/stir.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 1024 };

static void check(bool good)
{
    if (!good)
        abort();
}

static bool is_number(struct stir_party *party, struct stir_slice value)
{
    return stir_party_parse(party, value, NULL) == STIR_OK && party->kind == STIR_PARTY_TN;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What is left when quoted strings outside of angle brackets are emptied, escapes decoded once, and letters made small. */
static size_t flatten(char *out, struct stir_slice s)
{
    bool inside = false, quoted = false;
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '"' && !inside) {
            quoted = !quoted;
            out[n++] = c;
        } else if (quoted) {
            i += c == '\\';
        } else {
            inside = c == '<' || (inside && c != '>');
            if (c == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0) {
                c = (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]));
                i += 2;
            }
            out[n++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
        }
    }
    return n;
}

static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-.!%*_+`'~", c));
}

/* ";verstat" and no letter more, behind blanks or not, wherever a URI or a parameter can stand. */
static bool has_verstat(struct stir_slice s)
{
    char flat[2 * MAX];
    size_t n = flatten(flat, s);
    for (size_t i = 0; i < n; i++) {
        size_t at = i + 1;
        while (flat[i] == ';' && at < n && is_blank(flat[at]))
            at++;
        if (flat[i] != ';' || n - at < 7 || memcmp(flat + at, "verstat", 7) != 0)
            continue;
        if (n - at == 7 || !is_token(flat[at + 7]))
            return true;
    }
    return false;
}

static bool contains(struct stir_slice s, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= s.n; i++)
        if (memcmp(s.p + i, text, n) == 0)
            return true;
    return false;
}

/* Both ways through a request: taken out of both headers, put into those that name the caller, the rest as it was. */
static void check_message(struct stir_slice value, const char *stripped, size_t n_stripped)
{
    static const char front[] = "INVITE sip:+12125550100@h SIP/2.0\r\nFrom: ", middle[] = "\r\nResource-Priority:\r\n ets.0\r\nP-Asserted-Identity: ",
                      end[] = "\r\n\r\nbody";
    static char message[3 * MAX], out[4 * MAX];
    struct stir_verdict verdict = {.deciding = -1};
    struct stir_verstat_report report;
    struct stir_policy policy;
    size_t at = 0, n = 0;
    if (memchr(value.p, '\n', value.n)) /* more than a value, perhaps */
        return;
    memcpy(message, front, sizeof(front) - 1);
    at = sizeof(front) - 1;
    memcpy(message + at, value.p, value.n);
    at += value.n;
    memcpy(message + at, middle, sizeof(middle) - 1);
    at += sizeof(middle) - 1;
    memcpy(message + at, value.p, value.n);
    at += value.n;
    memcpy(message + at, end, sizeof(end) - 1);
    at += sizeof(end) - 1;
    check(stir_policy_preset(&policy, stir_slice_str("shaken")) == STIR_OK);
    verdict.verstat = STIR_VERSTAT_FAILED;
    verdict.rph = value.n % 2 ? STIR_RPH_FAILED : STIR_RPH_NONE;
    if (stir_verstat_message(out, sizeof(out), &n, &report, stir_slice_of(message, at), &verdict, &policy, false, NULL) != STIR_OK)
        return;
    check(report.put <= 2 && report.resource_priority_removed == (verdict.rph == STIR_RPH_FAILED));
    check(memcmp(out, message, sizeof(front) - 1) == 0 && memcmp(out + n - (sizeof(end) - 1), end, sizeof(end) - 1) == 0);
    check(report.resource_priority_removed == !contains(stir_slice_of(out, n), "Resource-Priority:\r\n ets.0\r\n"));
    if (report.put == 0 && n_stripped && !is_blank(value.p[0]) && !strchr(stripped, ','))
        check(memcmp(out + sizeof(front) - 1, stripped, n_stripped) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char one[MAX], two[MAX], three[MAX];
    struct stir_slice value = stir_slice_of(data, size);
    struct stir_party before, after;
    size_t n = 0, m = 0, k = 0;
    if (size == 0 || size > MAX - 64)
        return 0;
    if (stir_verstat_strip(one, sizeof(one), &n, value) != STIR_OK) {
        check_message(value, "", 0);
        return 0;
    }
    struct stir_slice stripped = stir_slice_of(one, n);
    check(n <= size && one[n] == '\0' && !has_verstat(stripped));
    check(stir_verstat_strip(two, sizeof(two), &m, stripped) == STIR_OK && m == n && memcmp(one, two, n) == 0);
    check(is_number(&before, value) == is_number(&after, stripped));
    check(!is_number(&before, value) || stir_party_eq(&before, &after));
    check_message(value, one, n);
    if (stir_verstat_put(two, sizeof(two), &m, value, (enum stir_verstat)(size % 3), "\0ABC"[size % 4]) != STIR_OK)
        return 0;
    check(m > n && has_verstat(stir_slice_of(two, m)));
    check(stir_verstat_strip(three, sizeof(three), &k, stir_slice_of(two, m)) == STIR_OK && k == n && memcmp(one, three, n) == 0);
    check(!is_number(&before, value) || (is_number(&after, stir_slice_of(two, m)) && stir_party_eq(&before, &after)));
    return 0;
}
