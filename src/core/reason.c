#include <stir/reason.h>

static const struct stir_reason_info catalogue[] = {
#define R(number, id, name_, default_, strict_, sip, phrase, acase, acode, verstat_, check_, clause_, text_) \
    {STIR_R_##id,                                                                                            \
     name_,                                                                                                  \
     text_,                                                                                                  \
     clause_,                                                                                                \
     sip,                                                                                                    \
     phrase,                                                                                                 \
     acase,                                                                                                  \
     acode,                                                                                                  \
     STIR_VERSTAT_##verstat_,                                                                                \
     STIR_CHECK_##check_,                                                                                    \
     STIR_SEVERITY_##default_,                                                                               \
     STIR_SEVERITY_##strict_},
#include "core/reasons.def"
#undef R
};

#define R(number, id, ...) _Static_assert(STIR_R_##id == (number), #id " has another number in stir/reason.h");
#include "core/reasons.def"
#undef R

static const struct {
    const char *name, *question;
} checks[STIR_CHECK_COUNT] = {
#define C(number, id, name, question) [number] = {name, question},
#include "core/checks.def"
#undef C
};

#define C(number, id, name, question) _Static_assert(STIR_CHECK_##id == (number), #id " has another number in stir/reason.h");
#include "core/checks.def"
#undef C

enum { ROWS = sizeof(catalogue) / sizeof(catalogue[0]) };

const struct stir_reason_info *stir_reason_info(enum stir_reason reason)
{
    size_t low = 0, high = ROWS;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (catalogue[mid].reason == reason)
            return &catalogue[mid];
        if (catalogue[mid].reason < reason)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

const struct stir_reason_info *stir_reason_at(size_t index)
{
    return index < ROWS ? &catalogue[index] : NULL;
}

const char *stir_reason_name(enum stir_reason reason)
{
    const struct stir_reason_info *info = stir_reason_info(reason);
    return info ? info->name : "none";
}

enum stir_reason stir_reason_by_name(struct stir_slice name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (stir_slice_is(name, catalogue[i].name))
            return catalogue[i].reason;
    return STIR_R_NONE;
}

const char *stir_check_name(enum stir_check_id check)
{
    return (unsigned)check < STIR_CHECK_COUNT && checks[check].name ? checks[check].name : "none";
}

const char *stir_check_question(enum stir_check_id check)
{
    return (unsigned)check < STIR_CHECK_COUNT && checks[check].question ? checks[check].question : "";
}

const char *stir_verstat_text(enum stir_verstat verstat)
{
    switch (verstat) {
    case STIR_VERSTAT_PASSED: return "TN-Validation-Passed";
    case STIR_VERSTAT_FAILED: return "TN-Validation-Failed";
    case STIR_VERSTAT_NO: break;
    }
    return "No-TN-Validation";
}
