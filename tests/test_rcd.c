/* Rich call data (RFC 9795): digests by themselves, and what they mean for a call. Over 600 lines, and still one subject: tables of claims, and the calls they
 * come in. The vectors with names of their own are the RFC's, which leave out the padding. */
#include "call_group.h"

#include "core/json_pointer.h"
#include "core/rcd.h"

#define NAM256 "sha256-sM275lTgzCte+LHOKHtU4SxG8shlOo6OS4ot8IJQImY"
#define NAM384 "sha384-06myRLjHjqg9a9f+eRX44hOIdVC1XrIrxs9Mt9iDQ6BoUhsl2GPIe6LkOwhj+Gna"
#define NAM512 "sha512-+gRxYfMyUBhTTb8gzjaiTC+lESLZeH6BshgOW54fsD+y+7hAVuB405CQj/2FBbCEMp1FcTFBj6r0TDml4WJ0JQ"
#define Q_BRANCH "\"Q Branch Spy Gadgets\""
#define CARD_OF(photo, space)                                                                                                                            \
    "[\"vcard\"," space "[[\"version\",{},\"text\",\"4.0\"],[\"fn\",{},\"text\",\"Q Branch\"],[\"org\",{},\"text\",\"MI6;Q Branch Spy Gadgets\"]," space \
    "[\"photo\",{},\"uri\",\"https://example.com/photos/" photo "\"],[\"logo\",{},\"uri\",\"https://example.com/logos/mi6-256x256.jpg\"]," space         \
    "[\"logo\",{},\"uri\",\"https://example.com/logos/mi6-64x64.jpg\"]]]"
#define QUARTERMASTER "quartermaster-256x256.png"
#define QUARTERMASTER256 "sha256-7kdCBZqH0nqMSPsmABvsKlHPhZEStgjojhdSJGRr3rk"
#define QBRANCH256 "sha256-qCn4pEH6BJu7zXndLFuAP6DwlTv5fRmJ1AFkqftwnCs"

/* Digests made with Python's hashlib. */
#define PNG "\x89PNG"
#define PNG256 "sha256-D0Y2x49l02OezloGS1rnU+NAhhShT7GKtNdUDSwkhUM"
#define JPG "\xff\xd8"
#define JPG256 "sha256-cVY62ABhQH7enG8xaDYoS9NxClIMWnkrXtoctwNpCBU"
#define EMPTY256 "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
#define PLAIN256 "sha256-oRbJ7UbWIHc0pDMX0w/Yj1KshjTDfZBLv05B2GX5BHU"
#define X256 "sha256-ui30kDosFOhtw7zKWJEbRKwdJRS3Inv26wjPuXj1Whs"   /* "x" */
#define ONE256 "sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s" /* 1 */
#define AB256 "sha256-QyWM/3g/5wNtikMDP4MK38YOwDc4JHNUisdCuIgpJ3c"  /* {"a":1,"b":2} */
#define CARD "[\"vcard\",[[\"photo\",{},\"uri\",\"https://h.example/p.png\"]]]"
#define CARD256 "sha256-mCkWOpLUTWt3Sk0uO1ykNFtWHtPw2IB+Jc4gn7isoDI"
#define ICON "https://h.example/i.png"
#define ICON_TEXT256 "sha256-eyVio0wl2jFCVNzMKL3OsM/qgUa5+L7iskaHEbsi1Dk" /* of the URL, with its quotes */
#define DATA_TEXT256 "sha256-muL4Cgo3SniS4PYVcFUyRs8GGki0suXtSs+Zz+6CApQ" /* of "data:image/png;base64,iVBORw==" */

static const char *const state_names[] = {"waits", "holds", "differs", "unverified"};

/* ---- JSON pointers ---- */

/*= RFC6901-4 test */
static void pointers_are_followed(void **state)
{
    (void)state;
    /* The document of RFC 6901 §5, and arrays within arrays. */
    static const char document[] = "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8,\"~1\":9,"
                                   "\"x\":[[1,[2,3]],{\"0\":4}],\"u\\u0041\":10}";
    static const struct {
        const char *pointer, *value; /* NULL: there is none */
    } rows[] = {
        {"", document},
        {"/foo", "[\"bar\",\"baz\"]"},
        {"/foo/0", "\"bar\""},
        {"/foo/1", "\"baz\""},
        {"/", "0"},
        {"/a~1b", "1"},
        {"/c%d", "2"},
        {"/e^f", "3"},
        {"/i\\j", "5"},
        {"/k\"l", "6"},
        {"/ ", "7"},
        {"/m~0n", "8"},
        {"/~01", "9"},
        {"/x/0/1/1", "3"},
        {"/x/1/0", "4"},
        {"/uA", "10"},
        {"/foo/2", NULL},
        {"/foo/-", NULL},
        {"/foo/00", NULL},
        {"/foo/01", NULL},
        {"/foo/", NULL},
        {"/foo/0/0", NULL},
        {"/foo/1x", NULL},
        {"/a/b", NULL},
        {"/a~b", NULL},
        {"/a~", NULL},
        {"/a~2b", NULL},
        {"foo", NULL},
        {"/m~n", NULL},
        {"/~1", NULL},
        {"/foo/4294967296", NULL},
        {"/foo/18446744073709551616", NULL},
        {"/X", NULL},
    };
    struct stir_json root, value;
    assert_err(stir_json_parse(&root, S(document), NULL, NULL), STIR_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_arena arena = {0};
        bool found = false;
        assert_err(stir_json_point(&found, &value, root, S(rows[i].pointer), &arena), STIR_OK);
        if (found != (rows[i].value != NULL) || (found && !stir_slice_is(value.text, rows[i].value)))
            fail_msg("\"%s\": %s%.*s", rows[i].pointer, found ? "" : "nothing", found ? (int)value.text.n : 0, found ? value.text.p : "");
        stir_arena_clear(&arena);
    }
}

/* ---- Digests ---- */

static void read_claims(struct stir_rcd *out, struct stir_arena *arena, const char *rcd, const char *rcdi)
{
    struct stir_json value;
    assert_err(stir_json_parse(&value, S(rcd), NULL, NULL), STIR_OK);
    if (rcdi)
        assert_err(stir_json_parse(&value, S(rcdi), NULL, NULL), STIR_OK);
    assert_err(stir_rcd_read(out, arena, S(rcd), S(rcdi), false), STIR_OK);
}

static void assert_digest(const struct stir_rcd *rcd, size_t i, enum stir_rcd_state wanted, const char *name)
{
    if (i >= rcd->n_digests || rcd->digests[i].state != wanted)
        fail_msg("%s: digest %zu %s, wanted that it %s", name, i, i < rcd->n_digests ? state_names[rcd->digests[i].state] : "is not there",
                 state_names[wanted]);
}

/*= RFC9795-6b test */
static void values_of_the_token_are_settled_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *name, *rcd, *rcdi;
        enum stir_rcd_state state;
    } rows[] = {
        {"the RFC's name", "{\"nam\":" Q_BRANCH "}", "{\"/nam\":\"" NAM256 "\"}", STIR_RCD_HOLDS},
        {"with padding", "{\"nam\":" Q_BRANCH "}", "{\"/nam\":\"" NAM256 "=\"}", STIR_RCD_HOLDS},
        {"sha384", "{\"nam\":" Q_BRANCH "}", "{\"/nam\":\"" NAM384 "\"}", STIR_RCD_HOLDS},
        {"sha512", "{\"nam\":" Q_BRANCH "}", "{\"/nam\":\"" NAM512 "\"}", STIR_RCD_HOLDS},
        {"sha512 with padding", "{\"nam\":" Q_BRANCH "}", "{\"/nam\":\"" NAM512 "==\"}", STIR_RCD_HOLDS},
        {"written with an escape", "{\"nam\":\"\\u0051 Branch Spy Gadgets\"}", "{\"/nam\":\"" NAM256 "\"}", STIR_RCD_HOLDS},
        {"another name", "{\"nam\":\"q Branch Spy Gadgets\"}", "{\"/nam\":\"" NAM256 "\"}", STIR_RCD_DIFFERS},
        {"the digest of another algorithm", "{\"nam\":" Q_BRANCH "}", "{\"/nam\":\"sha512-sM275lTgzCte+LHOKHtU4SxG8shlOo6OS4ot8IJQImY\"}", STIR_RCD_DIFFERS},
        {"bits behind the last byte", "{\"nam\":" Q_BRANCH "}", "{\"/nam\":\"sha256-sM275lTgzCte+LHOKHtU4SxG8shlOo6OS4ot8IJQImZ\"}", STIR_RCD_DIFFERS},
        {"base64url", "{\"nam\":" Q_BRANCH "}", "{\"/nam\":\"sha256-sM275lTgzCte-LHOKHtU4SxG8shlOo6OS4ot8IJQImY\"}", STIR_RCD_DIFFERS},
        {"a part of the digest", "{\"nam\":" Q_BRANCH "}", "{\"/nam\":\"sha256-sM275lTgzCte\"}", STIR_RCD_DIFFERS},
        {"an empty digest", "{\"nam\":" Q_BRANCH "}", "{\"/nam\":\"sha256-\"}", STIR_RCD_DIFFERS},
        {"an algorithm of tomorrow", "{\"nam\":" Q_BRANCH "}", "{\"/nam\":\"sha999-AAAA\"}", STIR_RCD_UNVERIFIED},
        {"the RFC's jCard", "{\"jcd\":" CARD_OF(QUARTERMASTER, "") ",\"nam\":\"\"}", "{\"/jcd\":\"" QUARTERMASTER256 "\"}", STIR_RCD_HOLDS},
        {"the RFC's jCard over lines", "{\"jcd\":" CARD_OF(QUARTERMASTER, "\r\n  ") ",\"nam\":\"\"}", "{\"/jcd\":\"" QUARTERMASTER256 "\"}", STIR_RCD_HOLDS},
        {"the RFC's other jCard", "{\"jcd\":" CARD_OF("q-256x256.png", "") ",\"nam\":\"\"}", "{\"/jcd\":\"" QBRANCH256 "\"}", STIR_RCD_HOLDS},
        {"a jCard exchanged", "{\"jcd\":" CARD_OF("q-256x256.png", "") ",\"nam\":\"\"}", "{\"/jcd\":\"" QUARTERMASTER256 "\"}", STIR_RCD_DIFFERS},
        {"inside an array", "{\"new\":[0,[1]],\"nam\":\"\"}", "{\"/new/1/0\":\"" ONE256 "\"}", STIR_RCD_HOLDS},
        {"an escaped pointer", "{\"a/b\":{\"m~n\":\"x\"},\"nam\":\"\"}", "{\"/a~1b/m~0n\":\"" X256 "\"}", STIR_RCD_HOLDS},
        {"members are sorted", "{\"new\":{ \"b\":2, \"a\":1 },\"nam\":\"\"}", "{\"/new\":\"" AB256 "\"}", STIR_RCD_HOLDS},
        {"nothing there", "{\"new\":[0],\"nam\":\"\"}", "{\"/new/1\":\"" ONE256 "\"}", STIR_RCD_DIFFERS},
        {"a name that looks like a URL", "{\"nam\":\"" ICON "\"}", "{\"/nam\":\"" ICON_TEXT256 "\"}", STIR_RCD_HOLDS},
        {"data URL", "{\"icn\":\"data:image/png;base64,iVBORw==\",\"nam\":\"\"}", "{\"/icn\":\"" PNG256 "\"}", STIR_RCD_HOLDS},
        {"data URL without padding", "{\"icn\":\"data:;BASE64,iVBORw\",\"nam\":\"\"}", "{\"/icn\":\"" PNG256 "\"}", STIR_RCD_HOLDS},
        {"data URL, padding escaped", "{\"icn\":\"DATA:;base64,iVBORw%3D%3d\",\"nam\":\"\"}", "{\"/icn\":\"" PNG256 "\"}", STIR_RCD_HOLDS},
        {"data URL of text", "{\"icn\":\"data:,%70lain\",\"nam\":\"\"}", "{\"/icn\":\"" PLAIN256 "\"}", STIR_RCD_HOLDS},
        {"data URL, empty", "{\"icn\":\"data:,\",\"nam\":\"\"}", "{\"/icn\":\"" EMPTY256 "\"}", STIR_RCD_HOLDS},
        {"data URL as text", "{\"icn\":\"data:image/png;base64,iVBORw==\",\"nam\":\"\"}", "{\"/icn\":\"" DATA_TEXT256 "\"}", STIR_RCD_HOLDS},
        {"data URL of another image", "{\"icn\":\"data:image/png;base64,iVBORg==\",\"nam\":\"\"}", "{\"/icn\":\"" PNG256 "\"}", STIR_RCD_DIFFERS},
        {"data URL, no base64", "{\"icn\":\"data:;base64,iVB*Rw\",\"nam\":\"\"}", "{\"/icn\":\"" EMPTY256 "\"}", STIR_RCD_DIFFERS},
        {"data URL without comma", "{\"icn\":\"data:\",\"nam\":\"\"}", "{\"/icn\":\"" EMPTY256 "\"}", STIR_RCD_DIFFERS},
        {"URL with a password", "{\"icn\":\"https://u:p@h.example/i\",\"nam\":\"\"}", "{\"/icn\":\"" PNG256 "\"}", STIR_RCD_UNVERIFIED},
        {"URL with a fragment", "{\"icn\":\"https://h.example/i#f\",\"nam\":\"\"}", "{\"/icn\":\"" PNG256 "\"}", STIR_RCD_UNVERIFIED},
        {"H52 an address for a host", "{\"icn\":\"https://10.0.0.1/i\",\"nam\":\"\"}", "{\"/icn\":\"" PNG256 "\"}", STIR_RCD_UNVERIFIED},
        {"an address behind a query", "{\"icn\":\"https://10.0.0.1/i?h.example\",\"nam\":\"\"}", "{\"/icn\":\"" PNG256 "\"}", STIR_RCD_UNVERIFIED},
        {"a port of another service", "{\"icn\":\"https://h.example:22/i\",\"nam\":\"\"}", "{\"/icn\":\"" PNG256 "\"}", STIR_RCD_UNVERIFIED},
        {"http", "{\"new\":\"http://h.example/i\",\"nam\":\"\"}", "{\"/new\":\"" PNG256 "\"}", STIR_RCD_UNVERIFIED},
        {"inside a jCard without digest", "{\"jcl\":\"https://h.example/c\",\"nam\":\"\"}", "{\"/jcl/1/0/3\":\"" PNG256 "\"}", STIR_RCD_UNVERIFIED},
        {"a URL waits", "{\"icn\":\"" ICON "\",\"nam\":\"\"}", "{\"/icn\":\"" PNG256 "\"}", STIR_RCD_WAITS},
        {"the key of old drafts", "{\"icn\":\"" ICON "\",\"nam\":\"\"}", "{\"icn\":\"" PNG256 "\"}", STIR_RCD_WAITS},
        {"a URL with a query waits", "{\"icn\":\"HTTPS://h.example:8443/i;v=1?size=64&a=/b\",\"nam\":\"\"}", "{\"/icn\":\"" PNG256 "\"}", STIR_RCD_WAITS},
        {"the digest of a URL's text is none of its content", "{\"icn\":\"" ICON "\",\"nam\":\"\"}", "{\"/icn\":\"" ICON_TEXT256 "\"}", STIR_RCD_WAITS},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_arena arena = {0};
        struct stir_rcd rcd;
        read_claims(&rcd, &arena, rows[i].rcd, rows[i].rcdi);
        assert_digest(&rcd, 0, rows[i].state, rows[i].name);
        if ((rcd.digests[0].why != NULL) != (rows[i].state == STIR_RCD_DIFFERS || rows[i].state == STIR_RCD_UNVERIFIED))
            fail_msg("%s: says why, or does not", rows[i].name);
        assert_int_equal(rcd.n_contents, rows[i].state == STIR_RCD_WAITS);
        stir_arena_clear(&arena);
    }
}

/*= RFC9795-4 RFC9795-6.1.2 RFC9795-6.1.3 RFC9795-6.1.4a test */
static void urls_want_a_digest(void **state)
{
    (void)state;
    static const struct {
        const char *rcd, *rcdi, *bare;
    } rows[] = {
        {"{\"nam\":\"\"}", NULL, NULL},
        {"{\"icn\":\"" ICON "\",\"nam\":\"\"}", NULL, ICON},
        {"{\"icn\":\"" ICON "\",\"nam\":\"\"}", "{\"/nam\":\"" NAM256 "\"}", ICON},
        {"{\"icn\":\"" ICON "\",\"nam\":\"\"}", "{\"/icn\":\"" PNG256 "\"}", NULL},
        {"{\"icn\":\"" ICON "\",\"nam\":\"\"}", "{\"icn\":\"" PNG256 "\"}", NULL},
        {"{\"icn\":\"data:,x\",\"nam\":\"\"}", NULL, NULL},
        {"{\"jcl\":\"https://h.example/c\",\"nam\":\"\"}", NULL, "https://h.example/c"},
        {"{\"jcd\":" CARD ",\"nam\":\"\"}", NULL, "https://h.example/p.png"},
        {"{\"jcd\":" CARD ",\"nam\":\"\"}", "{\"/jcd\":\"" CARD256 "\"}", "https://h.example/p.png"},
        {"{\"jcd\":" CARD ",\"nam\":\"\"}", "{\"/jcd/1/0/3\":\"" PNG256 "\"}", NULL},
        {"{\"jcd\":[\"vcard\",[[\"tel\",{},\"uri\",\"tel:+1\"],[\"note\",{},\"text\",\"https://h.example/\"],[],\"uri\"]],\"nam\":\"\"}", NULL, NULL},
        {"{\"jcd\":[\"vcard\",[[\"x\",{},\"uri\",\"tel:+1\",\"http://h.example/2\"]]],\"nam\":\"\"}", NULL, "http://h.example/2"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_arena arena = {0};
        struct stir_rcd rcd;
        read_claims(&rcd, &arena, rows[i].rcd, rows[i].rcdi);
        if (!stir_slice_eq(rcd.bare, S(rows[i].bare)) || !rcd.bare.p != !rows[i].bare)
            fail_msg("%s: \"%.*s\"", rows[i].rcd, (int)rcd.bare.n, rcd.bare.p ? rcd.bare.p : "");
        stir_arena_clear(&arena);
    }
}

/*= RFC9795-8.2a test */
static void content_is_held_against_its_digest(void **state)
{
    (void)state;
    struct stir_arena arena = {0};
    struct stir_rcd rcd;
    static const char twice[] = "{\"icn\":\"" ICON "\",\"nam\":\"\",\"new\":[\"" ICON "\",\"https://h.example/2\"]}";
    static const char digests[] = "{\"/icn\":\"" PNG256 "\",\"/new/0\":\"" JPG256 "\",\"/new/1\":\"" JPG256 "\"}";
    read_claims(&rcd, &arena, twice, digests);
    assert_int_equal(rcd.n_contents, 2); /* one URL is asked for once */
    assert_slice(rcd.contents[0].url, ICON);
    assert_err(stir_rcd_supply(&rcd, 1, stir_slice_of(JPG, 2)), STIR_OK);
    assert_digest(&rcd, 0, STIR_RCD_WAITS, "another content");
    assert_digest(&rcd, 2, STIR_RCD_HOLDS, "second");
    assert_err(stir_rcd_supply(&rcd, 0, stir_slice_of(PNG, 4)), STIR_OK);
    assert_digest(&rcd, 0, STIR_RCD_HOLDS, "first");
    assert_digest(&rcd, 1, STIR_RCD_DIFFERS, "the same with another digest");
    stir_arena_clear(&arena);

    read_claims(&rcd, &arena, twice, digests);
    stir_rcd_miss(&rcd, 0, "gone");
    assert_digest(&rcd, 0, STIR_RCD_UNVERIFIED, "missed");
    assert_digest(&rcd, 1, STIR_RCD_UNVERIFIED, "missed too");
    assert_digest(&rcd, 2, STIR_RCD_WAITS, "not missed");
    assert_string_equal(rcd.digests[0].why, "gone");
    assert_err(stir_rcd_supply(&rcd, 1, stir_slice_of(NULL, 0)), STIR_OK);
    assert_digest(&rcd, 2, STIR_RCD_DIFFERS, "empty");
    stir_arena_clear(&arena);
}

/*= RFC9795-5.1.5c RFC9795-6.1.4b test */
static void a_linked_card_is_looked_into_when_it_holds(void **state)
{
    (void)state;
    static const char linked[] = "{\"jcl\":\"https://h.example/c\",\"nam\":\"\"}", inside[] = "{\"/jcl/1/0/3\":\"" PNG256 "\",\"/jcl\":\"" CARD256 "\"}";
    struct stir_arena arena = {0};
    struct stir_rcd rcd;
    read_claims(&rcd, &arena, linked, inside);
    assert_int_equal(rcd.n_contents, 1);
    assert_err(stir_rcd_supply(&rcd, 0, S(CARD)), STIR_OK);
    assert_digest(&rcd, 1, STIR_RCD_HOLDS, "card");
    assert_digest(&rcd, 0, STIR_RCD_WAITS, "photo");
    assert_int_equal(rcd.n_contents, 2);
    assert_slice(rcd.contents[1].url, "https://h.example/p.png");
    assert_err(stir_rcd_supply(&rcd, 1, S(PNG)), STIR_OK);
    assert_digest(&rcd, 0, STIR_RCD_HOLDS, "photo");
    assert_null(rcd.bare.p);
    stir_arena_clear(&arena);

    read_claims(&rcd, &arena, linked, inside); /* another card: nothing that it names is fetched */
    assert_err(stir_rcd_supply(&rcd, 0, S("[\"vcard\",[[\"photo\",{},\"uri\",\"https://evil.example/p.png\"]]]")), STIR_OK);
    assert_digest(&rcd, 1, STIR_RCD_DIFFERS, "another card");
    assert_digest(&rcd, 0, STIR_RCD_UNVERIFIED, "photo of another card");
    assert_int_equal(rcd.n_contents, 1);
    stir_arena_clear(&arena);

    read_claims(&rcd, &arena, linked, "{\"/jcl\":\"" CARD256 "\"}");
    assert_err(stir_rcd_supply(&rcd, 0, S(CARD)), STIR_OK);
    assert_slice(rcd.bare, "https://h.example/p.png");
    stir_arena_clear(&arena);

    read_claims(&rcd, &arena, linked, "{\"/jcl\":\"" PLAIN256 "\",\"/jcl/1\":\"" PNG256 "\"}"); /* what holds and is no JSON */
    assert_err(stir_rcd_supply(&rcd, 0, S("plain")), STIR_OK);
    assert_digest(&rcd, 0, STIR_RCD_UNVERIFIED, "no card");
    assert_digest(&rcd, 1, STIR_RCD_UNVERIFIED, "inside no card");
    stir_arena_clear(&arena);

    read_claims(&rcd, &arena, linked, "{\"/jcl\":\"" AB256 "\"}"); /* JSON, and no jCard */
    assert_err(stir_rcd_supply(&rcd, 0, S("{\"a\":1,\"b\":2}")), STIR_OK);
    assert_digest(&rcd, 0, STIR_RCD_UNVERIFIED, "an object is no card");
    stir_arena_clear(&arena);

    read_claims(&rcd, &arena, linked, inside);
    stir_rcd_miss(&rcd, 0, "gone");
    assert_digest(&rcd, 0, STIR_RCD_UNVERIFIED, "photo of a card that did not come");
    stir_arena_clear(&arena);

    read_claims(&rcd, &arena, linked, "{\"/jcl\":\"" QUARTERMASTER256 "\",\"/jcl/1/0/3\":\"" PLAIN256 "\",\"/jcl/1/9\":\"" PLAIN256 "\"}");
    assert_err(stir_rcd_supply(&rcd, 0, S(CARD_OF(QUARTERMASTER, "\n  "))), STIR_OK);
    assert_digest(&rcd, 0, STIR_RCD_HOLDS, "the RFC's card, served over lines");
    assert_digest(&rcd, 1, STIR_RCD_DIFFERS, "a value of the card");
    assert_digest(&rcd, 2, STIR_RCD_DIFFERS, "nothing there");
    stir_arena_clear(&arena);
}

/* What a telephone would show must be an image, whatever its digest says; what else a card names need not. */
/*= RFC9796-10.2 test */
static void pictures_must_be_images(void **state)
{
    (void)state;
    static const char plain[] = "plain";
    static const struct {
        const char *name, *rcd, *rcdi, *body;
        enum stir_rcd_state state;
    } rows[] = {
        {"an icon", "{\"icn\":\"" ICON "\",\"nam\":\"\"}", "{\"/icn\":\"" PNG256 "\"}", PNG, STIR_RCD_HOLDS},
        {"an icon that is text", "{\"icn\":\"" ICON "\",\"nam\":\"\"}", "{\"/icn\":\"" PLAIN256 "\"}", plain, STIR_RCD_UNVERIFIED},
        {"under the key of old drafts", "{\"icn\":\"" ICON "\",\"nam\":\"\"}", "{\"icn\":\"" PLAIN256 "\"}", plain, STIR_RCD_UNVERIFIED},
        {"an icon that differs", "{\"icn\":\"" ICON "\",\"nam\":\"\"}", "{\"/icn\":\"" PNG256 "\"}", plain, STIR_RCD_DIFFERS},
        {"a photo that is text", "{\"jcd\":[\"vcard\",[[\"photo\",{},\"uri\",\"" ICON "\"]]],\"nam\":\"\"}", "{\"/jcd/1/0/3\":\"" PLAIN256 "\"}", plain,
         STIR_RCD_UNVERIFIED},
        {"a second logo that is text", "{\"jcd\":[\"vcard\",[[\"fn\"],[\"logo\",{},\"uri\",\"x\",\"" ICON "\"]]],\"nam\":\"\"}",
         "{\"/jcd/1/1/4\":\"" PLAIN256 "\"}", plain, STIR_RCD_UNVERIFIED},
        {"a page is no picture", "{\"jcd\":[\"vcard\",[[\"url\",{},\"uri\",\"" ICON "\"]]],\"nam\":\"\"}", "{\"/jcd/1/0/3\":\"" PLAIN256 "\"}", plain,
         STIR_RCD_HOLDS},
        {"nor is what comes later", "{\"new\":[\"photo\",\"" ICON "\"],\"nam\":\"\"}", "{\"/new/1\":\"" PLAIN256 "\"}", plain, STIR_RCD_HOLDS},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_arena arena = {0};
        struct stir_rcd rcd;
        read_claims(&rcd, &arena, rows[i].rcd, rows[i].rcdi);
        assert_int_equal(rcd.n_contents, 1);
        assert_err(stir_rcd_supply(&rcd, 0, S(rows[i].body)), STIR_OK);
        assert_digest(&rcd, 0, rows[i].state, rows[i].name);
        stir_arena_clear(&arena);
    }
    /* Behind jcl: the picture of a card that was fetched. */
    struct stir_arena arena = {0};
    struct stir_rcd rcd;
    read_claims(&rcd, &arena, "{\"jcl\":\"https://h.example/c\",\"nam\":\"\"}", "{\"/jcl\":\"" CARD256 "\",\"/jcl/1/0/3\":\"" PLAIN256 "\"}");
    assert_err(stir_rcd_supply(&rcd, 0, S(CARD)), STIR_OK);
    assert_err(stir_rcd_supply(&rcd, 1, S(plain)), STIR_OK);
    assert_digest(&rcd, 0, STIR_RCD_HOLDS, "the card");
    assert_digest(&rcd, 1, STIR_RCD_UNVERIFIED, "its photo");
    stir_arena_clear(&arena);
}

static void pictures_in_the_token_must_be_images_too(void **state)
{
    (void)state;
    static const struct {
        const char *rcd;
        bool fit;
    } rows[] = {
        {"{\"icn\":\"data:image/png;base64,iVBORw==\",\"nam\":\"\"}", true},
        {"{\"icn\":\"DATA:image/svg+xml,<svg/>\",\"nam\":\"\"}", true},
        {"{\"icn\":\"data:image/svg+xml,%3Csvg%3E%3Ca%20href='https://h.example'/%3E%3C/svg%3E\",\"nam\":\"\"}", false},
        {"{\"icn\":\"data:text/html;base64,iVBORw==\",\"nam\":\"\"}", false},
        {"{\"icn\":\"data:image/png;base64,cGxhaW4=\",\"nam\":\"\"}", false},
        {"{\"icn\":\"data:image/png;base64,i-BORw==\",\"nam\":\"\"}", false},
        {"{\"icn\":\"data:image/png\",\"nam\":\"\"}", false},
        {"{\"jcd\":[\"vcard\",[[\"photo\",{},\"uri\",\"data:image/png;base64,iVBORw==\"]]],\"nam\":\"\"}", true},
        {"{\"jcd\":[\"vcard\",[[\"photo\",{},\"uri\",\"data:text/plain,x\"]]],\"nam\":\"\"}", false},
        {"{\"jcd\":[\"vcard\",[[\"note\",{},\"uri\",\"data:text/plain,x\"]]],\"nam\":\"\"}", true},
        {"{\"nam\":\"data:text/plain,x\"}", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_arena arena = {0};
        struct stir_rcd rcd;
        read_claims(&rcd, &arena, rows[i].rcd, NULL);
        if ((rcd.unfit == NULL) != rows[i].fit)
            fail_msg("%s: %s", rows[i].rcd, rcd.unfit ? rcd.unfit : "fit");
        stir_arena_clear(&arena);
    }
}

static void no_more_urls_are_asked_for_than_the_limit(void **state)
{
    (void)state;
    char rcd_text[2048], rcdi_text[2048];
    size_t a = (size_t)snprintf(rcd_text, sizeof(rcd_text), "{\"nam\":\"\",\"new\":["), b = (size_t)snprintf(rcdi_text, sizeof(rcdi_text), "{");
    for (int i = 0; i <= STIR_MAX_CONTENTS; i++) {
        a += (size_t)snprintf(rcd_text + a, sizeof(rcd_text) - a, "%s\"https://h.example/%d\"", i ? "," : "", i);
        b += (size_t)snprintf(rcdi_text + b, sizeof(rcdi_text) - b, "%s\"/new/%d\":\"" PNG256 "\"", i ? "," : "", i);
    }
    snprintf(rcd_text + a, sizeof(rcd_text) - a, "]}");
    snprintf(rcdi_text + b, sizeof(rcdi_text) - b, "}");
    struct stir_arena arena = {0};
    struct stir_rcd rcd;
    read_claims(&rcd, &arena, rcd_text, rcdi_text);
    assert_int_equal(rcd.n_contents, STIR_MAX_CONTENTS);
    assert_digest(&rcd, STIR_MAX_CONTENTS - 1, STIR_RCD_WAITS, "the last that is asked for");
    assert_digest(&rcd, STIR_MAX_CONTENTS, STIR_RCD_UNVERIFIED, "the first that is not");
    stir_arena_clear(&arena);
}

static void the_order_of_answers_makes_no_difference(void **state)
{
    (void)state;
    static const char linked[] = "{\"icn\":\"https://h.example/p.png\",\"jcl\":\"https://h.example/c\",\"nam\":\"\",\"new\":[\"https://h.example/1\","
                                 "\"https://h.example/2\",\"https://h.example/3\",\"https://h.example/4\",\"https://h.example/5\",\"https://h.example/6\"]}";
    static const char digests[] =
        "{\"/icn\":\"" PNG256 "\",\"/jcl\":\"" CARD256 "\",\"/jcl/1/0/3\":\"" PNG256 "\",\"/new/0\":\"" PNG256 "\",\"/new/1\":\"" PNG256
        "\",\"/new/2\":\"" PNG256 "\",\"/new/3\":\"" PNG256 "\",\"/new/4\":\"" PNG256 "\",\"/new/5\":\"" PNG256 "\"}";
    for (size_t first = 0; first < 2; first++) {
        struct stir_arena arena = {0};
        struct stir_rcd rcd;
        read_claims(&rcd, &arena, linked, digests);
        assert_int_equal(rcd.n_contents, STIR_MAX_CONTENTS);
        for (size_t i = 0; i < 2; i++)
            assert_err(stir_rcd_supply(&rcd, first ^ i, S((first ^ i) ? CARD : PNG)), STIR_OK);
        assert_digest(&rcd, 0, STIR_RCD_HOLDS, "icon");
        assert_digest(&rcd, 2, STIR_RCD_UNVERIFIED, "the same as photo of the card, beyond the limit");
        stir_arena_clear(&arena);
    }
}

/* ---- Calls ---- */

/* A shaken token with these members behind the others, put into canonical form by its writer. */
static void sign_with(char *buf, size_t cap, const char *claims)
{
    char payload[4096];
    snprintf(payload, sizeof(payload),
             "{\"attest\":\"A\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"},\"origid\":\"" ORIGID "\",%s}", claims);
    pki_sign(&pki, buf, cap, GOOD_HEADER, payload, GOOD_PARAMS);
}

enum { ROUNDS = 4 };

/* What a URL gives; text NULL: it cannot be had. */
struct page {
    const char *url, *text;
};

/* Answers every need, in order or backwards, round by round; counts what was asked for. */
static struct stir_verdict *judge(const struct stir_policy *policy, const struct stir_slice *identities, size_t n_identities, const struct page *pages,
                                  bool backwards, size_t *asked)
{
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs = NULL;
    struct stir_call call = call_of(identities, ORIG, DEST);
    size_t n = 0;
    call.n_identity = n_identities;
    assert_err(stir_verify_new(&v, &call, policy, pki.trust, pki.ctx, NOW), STIR_OK);
    *asked = 0;
    for (int round = 0; round < ROUNDS; round++) {
        assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
        for (size_t i = 0; i < n; i++) {
            const struct stir_need *need = &needs[backwards ? n - 1 - i : i];
            for (size_t k = 0; k < n; k++)
                assert_true(&needs[k] == need || needs[k].id != need->id);
            if (need->kind == STIR_NEED_CERT) {
                assert_err(stir_verify_supply_bytes(v, need->id, S("x")), STIR_ENOTFOUND);
                assert_err(stir_verify_supply_pem(v, need->id, stir_slice_of(pki.pem, pki.pem_len)), STIR_OK);
                continue;
            }
            const struct page *page = pages;
            while (page->url && !stir_slice_is(need->url, page->url))
                page++;
            assert_int_equal(need->kind, STIR_NEED_CONTENT);
            assert_int_equal(need->max_bytes, STIR_MAX_CONTENT);
            assert_err(stir_verify_supply_pem(v, need->id, S("x")), STIR_ENOTFOUND);
            assert_err(page->text ? stir_verify_supply_bytes(v, need->id, S(page->text)) : stir_verify_fail(v, need->id, STIR_R_INFO_UNREACHABLE), STIR_OK);
            assert_err(stir_verify_supply_bytes(v, need->id, S("again")), STIR_ENOTFOUND);
            ++*asked;
        }
    }
    assert_int_equal(n, 0);
    assert_err(stir_verify_take(v, &verdict), STIR_OK);
    stir_verify_free(v);
    return verdict;
}

static const struct page pages[] = {{ICON, PNG}, {"https://h.example/c", CARD}, {"https://h.example/p.png", PNG}, {NULL, NULL}};

#define RCD(members, digests) "\"rcd\":{" members "\"nam\":\"x\"},\"rcdi\":{" digests "\"/nam\":\"" X256 "\"}"
#define ICN "\"icn\":\"" ICON "\","
#define JCL "\"jcl\":\"https://h.example/c\","

/* H52. */
/*= RFC9795-8.2b test */
static void content_changes_nothing_but_what_is_said_of_it(void **state)
{
    (void)state;
    static const struct {
        const char *name, *claims;
        bool fetch;
        size_t asked;
        enum stir_outcome outcome;
        enum stir_reason reason, strict; /* strict: of the call under the preset */
    } rows[] = {
        {"no rich call data", "\"crn\":\"why\"", true, 0, STIR_NOT_REACHED, STIR_R_NONE, STIR_R_NONE},
        {"nothing to hold it against", "\"rcd\":{\"nam\":\"x\"}", true, 0, STIR_PASS, STIR_R_NONE, STIR_R_NONE},
        {"inline and good", RCD("", ""), true, 0, STIR_PASS, STIR_R_NONE, STIR_R_NONE},
        {"inline and bad", RCD("\"apn\":\"1\",", "\"/apn\":\"" X256 "\","), true, 0, STIR_WARNING, STIR_R_RCD_DIGEST, STIR_R_RCD_DIGEST},
        {"good content", RCD(ICN, "\"/icn\":\"" PNG256 "\","), true, 1, STIR_PASS, STIR_R_NONE, STIR_R_NONE},
        {"not fetched", RCD(ICN, "\"/icn\":\"" PNG256 "\","), false, 0, STIR_WARNING, STIR_R_RCD_UNVERIFIED, STIR_R_NONE},
        {"other content", RCD(ICN, "\"/icn\":\"" JPG256 "\","), true, 1, STIR_WARNING, STIR_R_RCD_DIGEST, STIR_R_RCD_DIGEST},
        {"no content", RCD("\"icn\":\"https://h.example/no\",", "\"/icn\":\"" PNG256 "\","), true, 1, STIR_WARNING, STIR_R_RCD_UNVERIFIED, STIR_R_NONE},
        {"no digest", RCD(ICN, ""), true, 0, STIR_WARNING, STIR_R_RCD_UNVERIFIED, STIR_R_NONE},
        {"an address", RCD("\"icn\":\"https://10.0.0.1/\",", "\"/icn\":\"" PNG256 "\","), true, 0, STIR_WARNING, STIR_R_RCD_UNVERIFIED, STIR_R_NONE},
        {"a card and its photo", RCD(JCL, "\"/jcl\":\"" CARD256 "\",\"/jcl/1/0/3\":\"" PNG256 "\","), true, 2, STIR_PASS, STIR_R_NONE, STIR_R_NONE},
        {"a card and another photo", RCD(JCL, "\"/jcl\":\"" CARD256 "\",\"/jcl/1/0/3\":\"" JPG256 "\","), true, 2, STIR_WARNING, STIR_R_RCD_DIGEST,
         STIR_R_RCD_DIGEST},
        {"both", RCD("\"icn\":\"https://h.example/no\"," JCL, "\"/icn\":\"" PNG256 "\",\"/jcl\":\"" PNG256 "\","), true, 2, STIR_WARNING, STIR_R_RCD_DIGEST,
         STIR_R_RCD_DIGEST},
        {"the key of old drafts", RCD(ICN, "\"icn\":\"" PNG256 "\","), true, 1, STIR_PASS, STIR_R_NONE, STIR_R_RCDI_LEGACY},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char identity[4096], json[2][8192];
        sign_with(identity, sizeof(identity), rows[i].claims);
        struct stir_slice value = S(identity);
        for (int backwards = 0; backwards < 2; backwards++) {
            struct stir_policy policy = support_policy("shaken");
            size_t asked, n;
            policy.fetch_content = rows[i].fetch;
            struct stir_verdict *verdict = judge(&policy, &value, 1, pages, backwards, &asked);
            const struct stir_check *check = check_of(verdict, STIR_CHECK_RCD);
            if (verdict->verstat != STIR_VERSTAT_PASSED || asked != rows[i].asked || check->outcome != rows[i].outcome || check->reason != rows[i].reason)
                fail_msg("%s: %s, %zu asked, %s %s (%s)", rows[i].name, stir_reason_name(verdict->reason), asked, stir_outcome_text(check->outcome),
                         stir_reason_name(check->reason), check->detail);
            assert_true((check->detail[0] != '\0') == (rows[i].reason != STIR_R_NONE));
            assert_err(stir_verdict_json(json[backwards], sizeof(json[0]), &n, verdict), STIR_OK);
            stir_verdict_free(verdict);
        }
        assert_string_equal(json[0], json[1]); /* whatever the order of the answers */
        struct stir_policy strict = support_policy("strict");
        size_t asked;
        strict.fetch_content = rows[i].fetch;
        struct stir_verdict *verdict = judge(&strict, &value, 1, pages, false, &asked);
        if (verdict->tokens[0].reason != rows[i].strict)
            fail_msg("%s: strict says %s", rows[i].name, stir_reason_name(verdict->tokens[0].reason));
        stir_verdict_free(verdict);
    }
}

static void the_key_of_old_drafts_is_borne_with_a_warning(void **state)
{
    (void)state;
    char identity[4096];
    size_t asked;
    struct stir_policy policy = support_policy("shaken");
    policy.fetch_content = true;
    sign_with(identity, sizeof(identity), RCD(ICN, "\"icn\":\"" PNG256 "\","));
    struct stir_slice value = S(identity);
    struct stir_verdict *verdict = judge(&policy, &value, 1, pages, false, &asked);
    assert_int_equal(check_of(verdict, STIR_CHECK_PAYLOAD)->outcome, STIR_WARNING);
    assert_int_equal(check_of(verdict, STIR_CHECK_PAYLOAD)->reason, STIR_R_RCDI_LEGACY);
    stir_verdict_free(verdict);
    sign_with(identity, sizeof(identity), RCD("", "\"icn\":\"" PNG256 "\",")); /* without an icon it is nothing */
    value = S(identity);
    verdict = judge(&policy, &value, 1, pages, false, &asked);
    assert_int_equal(verdict->reason, STIR_R_RCDI_FORM);
    stir_verdict_free(verdict);
}

static void all_needs_of_all_tokens_are_named_at_once(void **state)
{
    (void)state;
    static char identity[STIR_MAX_IDENTITIES][4096];
    struct stir_slice values[STIR_MAX_IDENTITIES];
    struct stir_policy policy = support_policy("shaken");
    struct stir_verify *v = NULL;
    const struct stir_need *needs = NULL;
    size_t n = 0;
    policy.fetch_content = true;
    for (size_t i = 0; i < STIR_MAX_IDENTITIES; i++) {
        char claims[2048] = "\"rcd\":{\"nam\":\"\",\"new\":[\"\"";
        for (int k = 0; k < STIR_MAX_CONTENTS; k++)
            snprintf(claims + strlen(claims), sizeof(claims) - strlen(claims), ",\"https://h.example/%d\"", k);
        snprintf(claims + strlen(claims), sizeof(claims) - strlen(claims), "]},\"rcdi\":{\"/new/0\":\"" X256 "\"");
        for (int k = 1; k <= STIR_MAX_CONTENTS; k++)
            snprintf(claims + strlen(claims), sizeof(claims) - strlen(claims), ",\"/new/%d\":\"" PNG256 "\"", k);
        snprintf(claims + strlen(claims), sizeof(claims) - strlen(claims), "}");
        sign_with(identity[i], sizeof(identity[i]), claims);
        values[i] = S(identity[i]);
    }
    struct stir_call call = call_of(values, ORIG, DEST);
    call.n_identity = STIR_MAX_IDENTITIES;
    assert_err(stir_verify_new(&v, &call, &policy, pki.trust, pki.ctx, NOW), STIR_OK);
    assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
    assert_int_equal(n, STIR_MAX_IDENTITIES * (1 + STIR_MAX_CONTENTS));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(needs[i].token, i / (1 + STIR_MAX_CONTENTS));
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(needs[i].id, needs[k].id);
    }
    unsigned cert = needs[0].id, content = needs[1].id;
    assert_err(stir_verify_fail(v, cert, STIR_R_INFO_REFUSED), STIR_OK);
    assert_err(stir_verify_fail(v, cert, STIR_R_INFO_REFUSED), STIR_ENOTFOUND);
    assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
    assert_int_equal(needs[0].id, content); /* an id means the same from beginning to end */
    assert_err(stir_verify_supply_bytes(v, content, stir_slice_of(NULL, 1)), STIR_EARG);
    assert_err(stir_verify_supply_bytes(NULL, content, S("")), STIR_EARG);
    assert_err(stir_verify_supply_bytes(v, 0, S("")), STIR_ENOTFOUND);
    assert_err(stir_verify_supply_bytes(v, STIR_MAX_IDENTITIES * 256, S("")), STIR_ENOTFOUND);
    stir_verify_free(v);
}

static void content_longer_than_asked_is_not_verified(void **state)
{
    (void)state;
    char identity[4096];
    struct stir_policy policy = support_policy("shaken");
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs = NULL;
    size_t n = 0;
    char *long_text = calloc(1, STIR_MAX_CONTENT + 1);
    assert_non_null(long_text);
    policy.fetch_content = true;
    sign_with(identity, sizeof(identity), RCD(ICN, "\"/icn\":\"" PNG256 "\","));
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, ORIG, DEST);
    for (size_t more = 0; more < 2; more++) {
        assert_err(stir_verify_new(&v, &call, &policy, pki.trust, pki.ctx, NOW), STIR_OK);
        assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
        assert_int_equal(n, 2);
        assert_err(stir_verify_supply_bytes(v, needs[1].id, stir_slice_of(long_text, STIR_MAX_CONTENT + more)), STIR_OK);
        assert_err(stir_verify_supply_pem(v, needs[0].id, stir_slice_of(pki.pem, pki.pem_len)), STIR_OK);
        assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
        assert_err(stir_verify_take(v, &verdict), STIR_OK);
        assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
        assert_int_equal(check_of(verdict, STIR_CHECK_RCD)->reason, more ? STIR_R_RCD_UNVERIFIED : STIR_R_RCD_DIGEST);
        stir_verdict_free(verdict);
        stir_verify_free(v);
    }
    free(long_text);
}

static void nothing_is_asked_where_nothing_can_pass(void **state)
{
    (void)state;
    char identity[4096];
    size_t asked;
    struct stir_policy policy = support_policy("shaken");
    policy.fetch_content = true;
    policy.max_age = 0;
    assert_err(stir_policy_set(&policy, STIR_R_RCD_DIGEST, STIR_SEVERITY_FAIL), STIR_OK);
    sign_with(identity, sizeof(identity), RCD(ICN "\"apn\":\"1\",", "\"/icn\":\"" PNG256 "\",\"/apn\":\"" X256 "\","));
    struct stir_slice value = S(identity);
    struct stir_verdict *verdict = judge(&policy, &value, 1, pages, false, &asked);
    assert_int_equal(asked, 0);
    assert_int_equal(verdict->reason, STIR_R_RCD_DIGEST);
    assert_int_equal(check_of(verdict, STIR_CHECK_FETCH)->outcome, STIR_NOT_REACHED);
    stir_verdict_free(verdict);
}

/*= RFC9795-8.1d RFC9795-12.2c test */
static void call_data_is_shown_of_tokens_that_passed(void **state)
{
    (void)state;
    char identity[4096], text[8192];
    size_t asked, n;
    struct stir_policy policy = support_policy("shaken");
    sign_with(identity, sizeof(identity), "\"crn\":\"For \\\"your\\\" ears\\u0041\",\"rcd\":{\"nam\":\"x\",\"icn\":\"data:,\"}");
    struct stir_slice value = S(identity);
    struct stir_verdict *verdict = judge(&policy, &value, 1, pages, false, &asked);
    assert_slice(verdict->tokens[0].rcd, "{\"icn\":\"data:,\",\"nam\":\"x\"}");
    assert_slice(verdict->tokens[0].crn, "For \"your\" earsA");
    assert_err(stir_verdict_json(text, sizeof(text), &n, verdict), STIR_OK);
    assert_non_null(strstr(text, ",\"rcd\":{\"icn\":\"data:,\",\"nam\":\"x\"},\"crn\":\"For \\\"your\\\" earsA\",\"warnings\":"));
    assert_err(stir_verdict_explain(text, sizeof(text), &n, verdict), STIR_OK);
    assert_non_null(strstr(text, "\n  call data   {\"icn\":\"data:,\",\"nam\":\"x\"} crn=For?"));
    stir_verdict_free(verdict);
    char *within = strchr(strchr(identity, '.') + 1, '.') + 10; /* nobody signed this */
    *within = *within == 'A' ? 'B' : 'A';
    verdict = judge(&policy, &value, 1, pages, false, &asked);
    assert_int_equal(verdict->reason, STIR_R_SIGNATURE_BAD);
    assert_null(verdict->tokens[0].rcd.p);
    assert_null(verdict->tokens[0].crn.p);
    assert_err(stir_verdict_json(text, sizeof(text), &n, verdict), STIR_OK);
    assert_non_null(strstr(text, ",\"rcd\":null,\"crn\":null,"));
    stir_verdict_free(verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pointers_are_followed),
        cmocka_unit_test(values_of_the_token_are_settled_at_once),
        cmocka_unit_test(urls_want_a_digest),
        cmocka_unit_test(content_is_held_against_its_digest),
        cmocka_unit_test(a_linked_card_is_looked_into_when_it_holds),
        cmocka_unit_test(pictures_must_be_images),
        cmocka_unit_test(pictures_in_the_token_must_be_images_too),
        cmocka_unit_test(no_more_urls_are_asked_for_than_the_limit),
        cmocka_unit_test(the_order_of_answers_makes_no_difference),
        cmocka_unit_test(content_changes_nothing_but_what_is_said_of_it),
        cmocka_unit_test(the_key_of_old_drafts_is_borne_with_a_warning),
        cmocka_unit_test(all_needs_of_all_tokens_are_named_at_once),
        cmocka_unit_test(content_longer_than_asked_is_not_verified),
        cmocka_unit_test(nothing_is_asked_where_nothing_can_pass),
        cmocka_unit_test(call_data_is_shown_of_tokens_that_passed),
    };
    return cmocka_run_group_tests_name("rcd", tests, make_pki, free_pki);
}
