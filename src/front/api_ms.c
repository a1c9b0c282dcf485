/* Requests of ATIS-1000082 and of 3GPP TS 24.229 Annex V (Ms), which share their paths and are told apart by their members. */
#include "front/api.h"

#include "core/sip.h"

static bool missing(struct stir_api_fault *fault, const char *name)
{
    return stir_api_fail(fault, STIR_API_MISSING, name, "it is not there");
}

/* The object named `name` that the body holds. */
static bool unwrap(struct stir_json *out, struct stir_slice body, const char *name, struct stir_api_fault *fault)
{
    struct stir_json whole;
    struct stir_api_member m = {.name = name};
    if (!stir_api_read_object(&whole, body, fault) || !stir_api_members(&m, 1, whole, fault))
        return false;
    if (!m.there)
        return missing(fault, name);
    if (m.value.type != STIR_JSON_OBJECT)
        return stir_api_fail(fault, STIR_API_VALUE, name, "it is no object");
    *out = m.value;
    return true;
}

static bool has_uri(const struct stir_api_member *party)
{
    struct stir_json uri;
    return party->there && party->value.type == STIR_JSON_OBJECT && stir_json_member(party->value, "uri", &uri);
}

/* Signing */

enum { PPT, ATTEST, ORIG, DEST, IAT, ORIGID, DIV, RPH, SPH, REQUEST_ID, PROFILE_ID, SIGN_MEMBERS };
#define SIGN_NAMES                                                                                                                                      \
    {                                                                                                                                                   \
        [PPT] = {.name = "ppt"}, [ATTEST] = {.name = "attest"}, [ORIG] = {.name = "orig"}, [DEST] = {.name = "dest"}, [IAT] = {.name = "iat"},          \
        [ORIGID] = {.name = "origid"}, [DIV] = {.name = "div"}, [RPH] = {.name = "rph"}, [SPH] = {.name = "sph"}, [REQUEST_ID] = {.name = "requestId"}, \
        [PROFILE_ID] = {                                                                                                                                \
            .name = "profileId"                                                                                                                         \
        }                                                                                                                                               \
    }

static bool read_ppt(struct stir_api_sign *out, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    out->claims.ppt = STIR_PPT_SHAKEN;
    if (!m->there)
        return true;
    struct stir_slice text = {0};
    if (!stir_api_read_text(&text, m->value, "ppt", arena, fault))
        return false;
    out->claims.ppt = stir_ppt_of(text);
    if (out->claims.ppt == STIR_PPT_SHAKEN || out->claims.ppt == STIR_PPT_DIV || out->claims.ppt == STIR_PPT_RPH)
        return true;
    return stir_api_fail(fault, STIR_API_VALUE, "ppt", "it is none of shaken, div and rph");
}

/* What only 3GPP has. */
static bool is_3gpp_signing(const struct stir_api_member *m, enum stir_ppt ppt)
{
    return ppt != STIR_PPT_SHAKEN || m[DIV].there || m[RPH].there || m[SPH].there || m[REQUEST_ID].there || m[PROFILE_ID].there || has_uri(&m[ORIG]) ||
           has_uri(&m[DEST]);
}

static bool read_common(struct stir_api_sign *out, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    struct stir_passport_params *c = &out->claims;
    static const int musts[] = {IAT, ORIG, DEST};
    for (size_t i = 0; i < sizeof(musts) / sizeof(musts[0]); i++)
        if (!m[musts[i]].there)
            return missing(fault, m[musts[i]].name);
    if (!stir_api_read_time(&c->iat, m[IAT].value, "iat", fault) || !stir_api_read_party(&out->orig, m[ORIG].value, "orig", arena, fault) ||
        !stir_api_read_parties(out->dest, STIR_MAX_DESTS, &c->n_dest, m[DEST].value, "dest", arena, fault))
        return false;
    c->orig = &out->orig;
    c->dest = out->dest;
    return !m[REQUEST_ID].there || stir_api_read_text(&out->request_id, m[REQUEST_ID].value, "requestId", arena, fault);
}

static bool read_shaken(struct stir_api_sign *out, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    if (!m[ATTEST].there || !m[ORIGID].there)
        return missing(fault, m[ATTEST].there ? "origid" : "attest");
    if (!stir_api_read_attest(&out->claims.attest, m[ATTEST].value, arena, fault) ||
        !stir_api_read_text(&out->claims.origid, m[ORIGID].value, "origid", arena, fault))
        return false;
    return stir_is_uuid(out->claims.origid) ? true : stir_api_fail(fault, STIR_API_VALUE, "origid", "it is no UUID");
}

static bool read_div(struct stir_api_sign *out, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    struct stir_api_member hi = {.name = "hi"};
    if (!m[DIV].there)
        return missing(fault, "div");
    if (!stir_api_read_party(&out->div, m[DIV].value, "div", arena, fault) || !stir_api_members(&hi, 1, m[DIV].value, fault))
        return false;
    out->claims.div = &out->div;
    return !hi.there || stir_api_read_text(&out->claims.div_hi, hi.value, "div.hi", arena, fault);
}

static bool read_rph(struct stir_api_sign *out, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    if (!m[RPH].there)
        return missing(fault, "rph");
    out->claims.rph = out->rph;
    if (!stir_api_read_rph(out->rph, &out->claims.n_rph, m[RPH].value, arena, fault))
        return false;
    return !m[SPH].there || stir_api_read_text(&out->claims.sph, m[SPH].value, "sph", arena, fault);
}

bool stir_api_read_signing(struct stir_api_sign *out, struct stir_slice body, enum stir_api_dialect given, struct stir_arena *arena,
                           struct stir_api_fault *fault)
{
    struct stir_json object;
    struct stir_api_member m[SIGN_MEMBERS] = SIGN_NAMES;
    stir_api_sign_begin(out, given == STIR_API_OWN ? STIR_API_ATIS : given);
    if (!unwrap(&object, body, "signingRequest", fault) || !stir_api_members(m, SIGN_MEMBERS, object, fault))
        return false;
    bool known = read_ppt(out, &m[PPT], arena, fault);
    if (given == STIR_API_OWN && is_3gpp_signing(m, out->claims.ppt))
        out->dialect = STIR_API_3GPP;
    if (!known || !read_common(out, m, arena, fault))
        return false;
    switch (out->claims.ppt) {
    case STIR_PPT_DIV: return read_div(out, m, arena, fault);
    case STIR_PPT_RPH: return read_rph(out, m, arena, fault);
    default: return read_shaken(out, m, arena, fault);
    }
}

/* Verification */

enum { IDENTITY, HEADER, HEADERS, FROM, TO, TIME, TARGET, PROTECTED, V_REQUEST_ID, V_PROFILE_ID, DISPLAY_NAME, VERIFY_MEMBERS };
#define VERIFY_NAMES                                                                                                                                  \
    {                                                                                                                                                 \
        [IDENTITY] = {.name = "identity"}, [HEADER] = {.name = "identityHeader"}, [HEADERS] = {.name = "identityHeaders"}, [FROM] = {.name = "from"}, \
        [TO] = {.name = "to"}, [TIME] = {.name = "time"}, [TARGET] = {.name = "dest"}, [PROTECTED] = {.name = "protectedHeaders"},                    \
        [V_REQUEST_ID] = {.name = "requestId"}, [V_PROFILE_ID] = {.name = "profileId"}, [DISPLAY_NAME] = {                                            \
            .name = "displayName"                                                                                                                     \
        }                                                                                                                                             \
    }

static bool is_3gpp_verification(const struct stir_api_member *m)
{
    if (m[IDENTITY].there)
        return false;
    struct stir_json tn;
    bool single = m[TO].there && m[TO].value.type == STIR_JSON_OBJECT && stir_json_member(m[TO].value, "tn", &tn) && tn.type == STIR_JSON_STRING;
    return m[HEADER].there || m[HEADERS].there || m[PROTECTED].there || m[V_REQUEST_ID].there || m[V_PROFILE_ID].there || m[DISPLAY_NAME].there ||
           m[TARGET].there || single || has_uri(&m[FROM]) || has_uri(&m[TO]);
}

static bool read_identities(struct stir_api_verify *out, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    size_t *n = &out->call.n_identity, cap = STIR_MAX_IDENTITIES + 1;
    bool ms = out->dialect == STIR_API_3GPP;
    const struct stir_api_member *one = &m[ms ? HEADER : IDENTITY];
    out->call.identity = out->identities;
    out->has_shaken = one->there;
    if (one->there && !stir_api_read_text(&out->identities[(*n)++], one->value, one->name, arena, fault))
        return false;
    if (ms && m[HEADERS].there && !stir_api_read_texts(out->identities, cap, n, m[HEADERS].value, "identityHeaders", arena, fault))
        return false;
    return *n > 0 ? true : missing(fault, one->name);
}

static bool read_end(struct stir_slice *out, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    struct stir_party party;
    if (!stir_api_read_party(&party, m->value, m->name, arena, fault))
        return false;
    *out = stir_api_party_text(&party, arena);
    return out->p ? true : stir_api_fail(fault, STIR_API_INTERNAL, m->name, "out of memory");
}

/* "Resource-Priority: ets.0": a header of the call; those that no check asks for are let be. */
static bool read_protected(struct stir_api_verify *out, struct stir_json value, struct stir_arena *arena, struct stir_api_fault *fault)
{
    struct stir_slice lines[STIR_API_MAX_PROTECTED];
    size_t n = 0;
    if (!stir_api_read_texts(lines, STIR_API_MAX_PROTECTED, &n, value, "protectedHeaders", arena, fault))
        return false;
    out->call.resource_priority = out->priorities;
    for (size_t i = 0; i < n; i++) {
        size_t colon = stir_slice_find(lines[i], ':');
        if (colon == lines[i].n)
            return stir_api_fail(fault, STIR_API_VALUE, "protectedHeaders", "one of them is no header: it has no ':'");
        struct stir_slice name = stir_slice_trim(stir_slice_of(lines[i].p, colon)), text = stir_slice_trim(stir_slice_from(lines[i], colon + 1));
        if (stir_slice_ieq(name, stir_slice_str("Resource-Priority"))) {
            if (out->call.n_resource_priority == STIR_MAX_RPH)
                return stir_api_fail(fault, STIR_API_VALUE, "protectedHeaders", "there are more than %d of Resource-Priority", STIR_MAX_RPH);
            out->priorities[out->call.n_resource_priority++] = text;
        } else if (stir_slice_ieq(name, stir_slice_str("Priority"))) {
            out->call.priority = text;
        }
    }
    return true;
}

static bool read_3gpp_rest(struct stir_api_verify *out, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    if (m[TARGET].there && !read_end(&out->call.ruri, &m[TARGET], arena, fault))
        return false;
    if (m[PROTECTED].there && !read_protected(out, m[PROTECTED].value, arena, fault))
        return false;
    if (m[V_REQUEST_ID].there && !stir_api_read_text(&out->request_id, m[V_REQUEST_ID].value, "requestId", arena, fault))
        return false;
    if (m[DISPLAY_NAME].there && !stir_api_read_text(&out->display_name, m[DISPLAY_NAME].value, "displayName", arena, fault))
        return false;
    out->call.display_name = out->display_name;
    return true;
}

bool stir_api_read_verification(struct stir_api_verify *out, struct stir_slice body, enum stir_api_dialect given, struct stir_arena *arena,
                                struct stir_api_fault *fault)
{
    struct stir_json object;
    struct stir_api_member m[VERIFY_MEMBERS] = VERIFY_NAMES;
    *out = (struct stir_api_verify){.dialect = given == STIR_API_OWN ? STIR_API_ATIS : given, .call = STIR_CALL_INIT};
    if (!unwrap(&object, body, "verificationRequest", fault) || !stir_api_members(m, VERIFY_MEMBERS, object, fault))
        return false;
    if (given == STIR_API_OWN && is_3gpp_verification(m))
        out->dialect = STIR_API_3GPP;
    if (!read_identities(out, m, arena, fault)) /* a client's heartbeat ends here: it has none */
        return false;
    static const int musts[] = {FROM, TO, TIME};
    for (size_t i = 0; i < sizeof(musts) / sizeof(musts[0]); i++)
        if (!m[musts[i]].there)
            return missing(fault, m[musts[i]].name);
    int64_t at = 0;
    if (!read_end(&out->call.from, &m[FROM], arena, fault) || !read_end(&out->call.to, &m[TO], arena, fault) ||
        !stir_api_read_time(&at, m[TIME].value, "time", fault))
        return false;
    if (stir_date_write(out->date, at) != STIR_OK)
        return stir_api_fail(fault, STIR_API_VALUE, "time", "it is no time in seconds since 1970");
    out->call.date = stir_slice_str(out->date);
    return out->dialect == STIR_API_ATIS || read_3gpp_rest(out, m, arena, fault);
}
