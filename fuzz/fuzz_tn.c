/* Numbers and parties. The first byte chooses the dial plan, and what the source puts before its numbers. What is read is canonical, reads as itself again, and
 * what is refused leaves the output alone. */
#include <stdlib.h>
#include <string.h>

#include <stir/tn.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const listed[] = {"110", "116117", NULL};

static const char *const technical[] = {"99#", "1234", "0", NULL};
static const char *const portability[] = {"DXXX", "347", NULL};

static const struct stir_tn_options plans[] = {
    STIR_TN_OPTIONS_INIT,
    {sizeof(struct stir_tn_options), "1", "011", "1", NULL, NULL, NULL, NULL, 0, 0},
    {sizeof(struct stir_tn_options), "44", "00", "0", NULL, NULL, NULL, NULL, 0, 0},
    {sizeof(struct stir_tn_options), "34", "00", NULL, listed, NULL, NULL, NULL, 0, 0},
    {sizeof(struct stir_tn_options), "1", "9011", "9", NULL, NULL, NULL, NULL, 0, 0},
};

static void check(bool good)
{
    if (!good)
        abort();
}

/* A number is read again as a claim is, without a plan; a URI by the same plan. */
static void check_party(const struct stir_party *party, const struct stir_tn_options *plan)
{
    struct stir_slice text = stir_slice_of(party->text, party->len);
    struct stir_party again;
    check(party->len <= STIR_PARTY_MAX && party->text[party->len] == '\0' && !memchr(party->text, '\0', party->len));
    check((unsigned)party->standing <= STIR_STANDING_AMBIGUOUS && (party->kind == STIR_PARTY_TN || party->standing == STIR_STANDING_UNKNOWN));
    check(stir_tn_standing_text(party->standing)[0] != '\0');
    if (party->kind == STIR_PARTY_TN)
        check(stir_tn_is_canonical(text) && (!stir_tn_is_special(text, NULL) || text.n == 3 || text.p[0] == '*' || text.p[0] == '#'));
    else
        check(party->kind == STIR_PARTY_URI &&
              (memcmp(party->text, "sip", 3) == 0 || memcmp(party->text, "tel", 3) == 0 || memcmp(party->text, "urn", 3) == 0));
    for (size_t i = 0; i < party->len; i++)
        check(party->text[i] > ' ' && party->text[i] < 0x7f);
    check(stir_party_parse(&again, text, party->kind == STIR_PARTY_TN ? NULL : plan) == STIR_OK && stir_party_eq(party, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_party party = {.kind = STIR_PARTY_NONE, .len = 77};
    if (size == 0)
        return 0;
    size_t choice = data[0] % 32;
    struct stir_tn_options chosen = plans[choice % (sizeof(plans) / sizeof(plans[0]))];
    const struct stir_tn_options *plan = &chosen, fresh = STIR_TN_OPTIONS_INIT;
    if (choice >= 16 && stir_tn_plan_at(choice - 16)) {
        chosen = fresh;
        chosen.plan = stir_tn_plan(stir_slice_str(stir_tn_plan_at(choice - 16)));
    }
    chosen.technical_prefixes = data[0] & 64 ? technical : NULL;
    chosen.portability_prefixes = data[0] & 128 ? portability : NULL;
    chosen.national_min = data[0] & 32 ? 8 : 0;
    chosen.national_max = data[0] & 32 ? 11 : 0;
    struct stir_slice text = stir_slice_of(data + 1, size - 1);
    check(!stir_tn_is_canonical(text) || text.n <= STIR_TN_MAX);
    if (stir_tn_parse(&party, text, plan) == STIR_OK)
        check_party(&party, plan);
    else
        check(party.kind == STIR_PARTY_NONE && party.len == 77);
    party.kind = STIR_PARTY_NONE;
    party.len = 77;
    if (stir_party_parse(&party, text, plan) == STIR_OK)
        check_party(&party, plan);
    else
        check(party.kind == STIR_PARTY_NONE && party.len == 77);
    return 0;
}
