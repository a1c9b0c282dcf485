#include "cli/show.h"

#include "core/json.h"
#include "core/url.h"

#include <stdlib.h>

const char *show_url_fault(struct stir_slice text)
{
    struct stir_url url;
    enum stir_url_fault fault = stir_url_parse(&url, text, false);
    return fault == STIR_URL_GOOD ? NULL : stir_url_fault_text(fault);
}

bool show_is_json(struct stir_slice text)
{
    struct stir_json value;
    return stir_json_parse(&value, text, NULL, NULL) == STIR_OK;
}

bool show_tnauth(struct cli *cli, struct stir_slice text)
{
    struct stir_tnauth *list = NULL;
    if (stir_tnauth_from_base64(&list, text) != STIR_OK)
        return false;
    char *shown = cli_tnauth_text(list);
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("kind", "tnauth");
        cli_json_str("tnauth", shown);
        cli_json_text("spc", stir_tnauth_spc(list));
        cli_json_end('}');
    } else {
        printf("TNAuthList, %zu entries\n  ", stir_tnauth_count(list));
        cli_print(stir_slice_str(shown ? shown : "?"));
        printf("\n");
    }
    free(shown);
    stir_tnauth_free(list);
    return true;
}

/* Text of a string member of a member, absent when there is none. */
static struct stir_slice member_of(struct stir_json object, const char *outer, const char *inner)
{
    struct stir_json value, found;
    struct stir_slice text = {NULL, 0};
    if (!stir_json_member(object, outer, &value) || value.type != STIR_JSON_OBJECT || !stir_json_member(value, inner, &found) ||
        stir_json_string(&text, found, NULL) != STIR_OK)
        return (struct stir_slice){NULL, 0};
    return text;
}

/* The text in canonical form: one line, whatever blanks it came with. */
static const char *one_line(char *buf, size_t cap, struct stir_slice json)
{
    size_t n;
    return stir_json_canonical(buf, cap, &n, json, NULL) == STIR_OK ? buf : "null";
}

static void show_jwt(struct cli *cli, const struct stir_passport *token, struct stir_slice tkvalue, bool spc)
{
    struct stir_tnauth *list = NULL;
    char *shown = NULL, header[STIR_MAX_JSON], payload[STIR_MAX_JSON];
    if (tkvalue.p && stir_tnauth_from_base64(&list, tkvalue) == STIR_OK)
        shown = cli_tnauth_text(list);
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_str("kind", spc ? "spc-token" : "jwt");
        cli_json_raw("header", one_line(header, sizeof(header), token->header_json));
        cli_json_raw("payload", one_line(payload, sizeof(payload), token->payload_json));
        cli_json_str("tnauth", shown);
        cli_json_end('}');
    } else {
        printf("%s, not verified\n  header     ", spc ? "SPC token (RFC 9448)" : "JWT that is no PASSporT");
        cli_print(stir_slice_str(one_line(header, sizeof(header), token->header_json)));
        printf("\n  payload    ");
        cli_print(stir_slice_str(one_line(payload, sizeof(payload), token->payload_json)));
        printf("\n");
        if (tkvalue.p) {
            printf("  TNAuthList ");
            cli_print(stir_slice_str(shown ? shown : "unreadable"));
            printf("\n");
        }
    }
    free(shown);
    stir_tnauth_free(list);
}

bool show_spc_token(struct cli *cli, const struct stir_passport *token)
{
    struct stir_json header, payload, type, atc;
    if (stir_json_parse(&header, token->header_json, NULL, NULL) != STIR_OK || stir_json_parse(&payload, token->payload_json, NULL, NULL) != STIR_OK)
        return false;
    if (header.type != STIR_JSON_OBJECT || payload.type != STIR_JSON_OBJECT)
        return false;
    bool spc = stir_json_member(payload, "atc", &atc);
    bool jwt = stir_json_member(header, "typ", &type) && stir_slice_is(type.text, "\"JWT\"");
    bool old = stir_json_member(payload, "spc", &atc) && token->orig.kind == STIR_PARTY_NONE;
    if (!spc && !(jwt && (old || token->orig.kind == STIR_PARTY_NONE)))
        return false;
    show_jwt(cli, token, member_of(payload, "atc", "tkvalue"), spc);
    return true;
}
