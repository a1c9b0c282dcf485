/* Text of loggers: messages are within their bounds and of whole lines, and are the same however the text is split. */
#include <stdlib.h>
#include <stir/limits.h>

#include "core/bytes.h"
#include "core/time.h"
#include "io/sip_log.h"
#include "io/sip_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool fact)
{
    if (!fact)
        abort();
}

struct seen {
    uint64_t messages, last, sum, lines;
};

static void see(void *arg, const struct stir_sip_log_message *message)
{
    struct seen *seen = arg;
    struct stir_slice text = message->text;
    hold(text.n <= STIR_MAX_MESSAGE && message->line >= 1 && message->line >= seen->last);
    hold(message->at >= 0 && message->at <= STIR_TIME_MAX && (message->has_at || message->at == 0));
    if (text.n)
        hold(stir_sip_starts(stir_slice_upto(text, stir_sip_line(text))) && text.p[text.n - 1] == '\n');
    if (!message->is_cut) {
        size_t scanned = 0;
        hold(stir_sip_head(text, &scanned) > 0);
    }
    seen->last = message->line;
    seen->messages++;
    for (size_t i = 0; i < text.n; i++)
        seen->sum = seen->sum * 31 + (unsigned char)text.p[i];
    seen->sum = seen->sum * 31 + (uint64_t)message->at + message->is_cut;
}

static struct seen read_by(struct stir_slice text, size_t step)
{
    struct seen seen = {0};
    struct stir_sip_log *log = NULL;
    hold(stir_sip_log_new(&log, see, &seen) == STIR_OK);
    for (size_t at = 0; at < text.n; at += step)
        stir_sip_log_feed(log, stir_slice_of(text.p + at, text.n - at < step ? text.n - at : step));
    stir_sip_log_end(log);
    seen.lines = stir_sip_log_lines(log);
    hold(seen.lines <= text.n && stir_sip_log_long_lines(log) <= seen.lines && seen.last <= seen.lines);
    stir_sip_log_free(log);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_slice text = stir_slice_of(data ? (const void *)data : "", size);
    struct seen whole = read_by(text, SIZE_MAX / 2), parts = read_by(text, 1 + size % 7);
    hold(memcmp(&whole, &parts, sizeof(whole)) == 0);
    if (stir_sip_is_one(text))
        hold(stir_sip_starts(stir_slice_upto(text, stir_sip_line(text))));
    return 0;
}
