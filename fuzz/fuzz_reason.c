/* Reason headers on their way back: what is left names nothing of ours, and is left again; without anything of ours, all values stay. The first byte says of
 * how many Identity values. */
#include <stdlib.h>
#include <string.h>

#include <stir/attest.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIGNATURE "rq3pjT1hoRwakEGjHCnWSwUnshd0-zJ6F1VOgFWSjHBr8Qjpjlk-cpFYpFYsojNCpTzO3QfPOlckGaS6hEck7w"
#define PAYLOAD "eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI6MTQ0MzIwODM0NX0"

enum { MAX = 2048 };

static void check(bool good)
{
    if (!good)
        abort();
}

static bool contains(const char *text, size_t n, const char *word)
{
    size_t m = strlen(word);
    for (size_t i = 0; i + m <= n; i++)
        if (memcmp(text + i, word, m) == 0)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char short_form[] = ".." SIGNATURE ";info=<https://cert.example.org/passport.cer>";
    static const char long_form[] = "eyJhbGciOiJFUzI1NiJ9." PAYLOAD "." SIGNATURE ";info=<https://cert.example.org/passport.cer>";
    const struct stir_slice own[2] = {stir_slice_str(long_form), stir_slice_str(short_form)};
    static char one[MAX], two[MAX];
    size_t n = 0, m = 0, removed = 77, again = 77;
    if (size == 0 || size > MAX / 2)
        return 0;
    struct stir_slice value = stir_slice_of(data + 1, size - 1);
    size_t n_own = data[0] % 3;
    if (stir_attest_reason_strip(one, sizeof(one), &n, &removed, value, own, n_own) != STIR_OK) {
        check(removed == 77);
        return 0;
    }
    check(one[n] == '\0' && (n_own || removed == 0));
    if (n_own)
        check(!contains(one, n, SIGNATURE) && !contains(one, n, PAYLOAD));
    check(stir_attest_reason_strip(two, sizeof(two), &m, &again, stir_slice_of(one, n), own, n_own) == STIR_OK && again == 0 && m == n &&
          memcmp(one, two, n) == 0);
    return 0;
}
