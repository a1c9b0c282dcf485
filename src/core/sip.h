/* Inside of SIP header values (RFC 3261 §25.1): quoted strings, display names, parameters. */
#ifndef STIR_CORE_SIP_H
#define STIR_CORE_SIP_H

#include <stir/call.h>

#include "core/bytes.h"

/* LWS, as it stands in a value with folds. */
static inline bool is_lws(char c)
{
    return stir_is_space(c) || c == '\r' || c == '\n';
}

static inline struct stir_slice skip_lws(struct stir_slice s)
{
    while (s.n && is_lws(s.p[0]))
        s = stir_slice_from(s, 1);
    return s;
}

/* Index behind a quoted string that begins at s.p[0]; 0 when it is not closed. */
static inline size_t quoted_end(struct stir_slice s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            return i + 1;
    }
    return 0;
}

/* Length up to the first `separator` outside of quotes and angle brackets; all of `s` when there is none. */
size_t stir_sip_element(struct stir_slice s, char separator);

/* The display name of a name-addr as it stands, without its quotes; absent when there is none. */
struct stir_slice stir_display_name(struct stir_slice name_addr);

/* call-reason of a Call-Info value (RFC 9796 §6) as it stands, without its quotes; absent when there is none. */
struct stir_slice stir_call_reason(struct stir_slice call_info);

/* What a display name or a quoted string says: a fold is one blank, a quoted pair its second character. @return STIR_OK, STIR_ENOMEM. */
enum stir_err stir_sip_text(struct stir_slice *out, struct stir_arena *arena, struct stir_slice raw) STIR_MUST_USE;

#endif
