/* Dates and times: what is read can be written and reads as the same second again; what is refused leaves the output alone. */
#include <stdlib.h>

#include <stir/call.h>

#include "core/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_slice text = stir_slice_of(size ? (const void *)data : "", size);
    char date[30], time[21];
    int64_t at = 77, back = 0;
    bool read = stir_date_parse(&at, text) == STIR_OK;
    check(read || at == 77);
    if (read && stir_date_write(date, at) == STIR_OK)
        check(stir_date_parse(&back, stir_slice_str(date)) == STIR_OK && back == at);
    check(!read || at <= STIR_TIME_MAX);
    at = 77;
    read = stir_time_parse(&at, text) == STIR_OK;
    check(read || at == 77);
    if (read && stir_time_write(time, at) == STIR_OK)
        check(stir_time_parse(&back, stir_slice_str(time)) == STIR_OK && back == at);
    struct stir_civil t;
    check(!read || stir_time_to_civil(&t, at));
    return 0;
}
