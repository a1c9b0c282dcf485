/* URLs. The parts of a good one, put together again, are a good one with the same parts: what the fetcher asks for is what was judged. */
#include <stdlib.h>

#include "core/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_good(const struct stir_url *url, bool any_url)
{
    char text[STIR_MAX_URL + 32];
    struct stir_url again;
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    bool literal = stir_slice_find(url->host, ':') < url->host.n;
    check(url->host.n && url->path.n && url->path.p[0] == '/' && url->port);
    check(any_url || (!url->host_is_ip && !literal && (url->port == 443 || url->port == 8443)));
    stir_put_format(&w, literal ? "https://[%.*s]:%u" : "https://%.*s:%u", (int)url->host.n, url->host.p, (unsigned)url->port);
    stir_put_slice(&w, url->path);
    check(stir_writer_end(&w, NULL) == STIR_OK);
    enum stir_url_fault fault = stir_url_parse(&again, stir_slice_of(text, w.need), any_url);
    check(fault == STIR_URL_GOOD || (fault == STIR_URL_LONG && w.need > STIR_MAX_URL));
    check(stir_slice_eq(again.host, url->host) && stir_slice_eq(again.path, url->path) && again.port == url->port && again.host_is_ip == url->host_is_ip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_slice text = stir_slice_of(data, size);
    struct stir_url url;
    bool good = false;
    for (int any_url = 0; any_url < 2; any_url++) {
        enum stir_url_fault fault = stir_url_parse(&url, text, any_url);
        check(stir_url_fault_text(fault)[0]);
        check(!good || fault == STIR_URL_GOOD);
        good = fault == STIR_URL_GOOD;
        if (good)
            check_good(&url, any_url);
    }
    return 0;
}
