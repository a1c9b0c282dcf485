/* What is wrong with a request, in the words of each dialect. */
#include "front/api.h"

struct row {
    int status;
    const char *name;      /* our own */
    const char *id;        /* of ATIS-1000082 */
    bool policy;           /* policyException, else serviceException */
    const char *text;      /* of ATIS-1000082 */
    const char *variables; /* n: name, w: why */
    const char *ms;        /* of 3GPP TS 24.229 Annex V */
};

static const struct row rows[STIR_API_FAULTS] = {
    [STIR_API_NO_BODY] = {400, "no-body", "SVC4000", false, "Error: Missing request body.", "", "Missing Request body"},
    [STIR_API_MISSING] = {400, "missing", "SVC4001", false, "Error: Missing mandatory parameter '%1'.", "n", "Missing Mandatory Parameter"},
    [STIR_API_ACCEPT] = {406, "not-acceptable", "SVC4002", false, "Error: Requested response body type '%1' is not supported.", "n",
                         "Requested response body type is not supported"},
    [STIR_API_NO_RESOURCE] = {404, "not-found", "SVC4003", false, "Error: Requested resource was not found.", "", "Requested resource not found"},
    [STIR_API_BODY_TYPE] = {415, "body-type", "SVC4004", false, "Error: Unsupported request body type, expected '%1'.", "n", "Unsupported request body type"},
    [STIR_API_VALUE] = {400, "value", "SVC4005", false, "Error: Invalid '%1' parameter value: %2", "nw", "Invalid Parameter Value"},
    [STIR_API_PARSE] = {400, "parse", "SVC4006", false, "Error: Failed to parse received message body: %1", "w", "Failed To Parse Message Body"},
    [STIR_API_LENGTH] = {411, "length", "SVC4007", false, "Error: Missing mandatory Content-Length header.", "", "Missing mandatory Content-Length headers"},
    [STIR_API_METHOD] = {405, "method", "POL4050", true, "Error: Method not allowed.", "", "Method not allowed"},
    [STIR_API_INTERNAL] = {500, "internal", "POL5000", true, "Error: Internal server error.", "", "Internal server error"},
    /* not in the tables: the general policy exception of that family of interfaces */
    [STIR_API_UNAUTHORIZED] = {401, "unauthorized", "POL0001", true, "Error: A policy error occurred. Error code is %1.", "w", "Unauthorized"},
    [STIR_API_FORBIDDEN] = {403, "forbidden", "POL0001", true, "Error: A policy error occurred. Error code is %1.", "w", "Forbidden"},
    [STIR_API_TOO_LONG] = {413, "too-long", "POL0001", true, "Error: A policy error occurred. Error code is %1.", "w", "Request body too long"},
};

static const struct row *row_of(enum stir_api_fault_kind kind)
{
    return &rows[kind > STIR_API_FINE && kind < STIR_API_FAULTS ? kind : STIR_API_INTERNAL];
}

int stir_api_fault_status(enum stir_api_fault_kind kind)
{
    return row_of(kind)->status;
}

static void write_atis(struct stir_api_text *out, const struct row *row, const struct stir_api_fault *fault)
{
    stir_api_put(out, "{\"requestError\":{\"");
    stir_api_put(out, row->policy ? "policyException" : "serviceException");
    stir_api_put(out, "\":{\"messageId\":\"");
    stir_api_put(out, row->id);
    stir_api_put(out, "\",\"text\":\"");
    stir_api_put(out, row->text);
    stir_api_put(out, "\",\"variables\":[");
    for (const char *v = row->variables; *v; v++) {
        stir_api_put(out, v == row->variables ? "" : ",");
        stir_api_put_string(out, stir_slice_str(*v == 'n' ? fault->name : fault->why));
    }
    stir_api_put(out, "]}}}");
}

static void write_own(struct stir_api_text *out, const struct row *row, const struct stir_api_fault *fault)
{
    stir_api_put(out, "{\"error\":{\"status\":");
    stir_api_put_int(out, row->status);
    stir_api_put(out, ",\"reason\":\"");
    stir_api_put(out, row->name);
    stir_api_put(out, "\",\"member\":");
    stir_api_put_words(out, fault->name);
    stir_api_put(out, ",\"text\":");
    stir_api_put_string(out, stir_slice_str(fault->why));
    stir_api_put(out, "}}");
}

void stir_api_write_fault(struct stir_api_text *out, enum stir_api_dialect dialect, const struct stir_api_fault *fault)
{
    const struct row *row = row_of(fault->kind);
    switch (dialect) {
    case STIR_API_ATIS: write_atis(out, row, fault); break;
    case STIR_API_3GPP:
        stir_api_put(out, "{\"error\":\"");
        stir_api_put(out, row->ms);
        stir_api_put(out, "\"}");
        break;
    case STIR_API_SECSIPIDX_TEXT:
        stir_api_put(out, fault->why);
        stir_api_put(out, "\n");
        break;
    case STIR_API_OWN: write_own(out, row, fault); break;
    }
}
