#include "core/rcd.h"

#include "core/image.h"
#include "core/json_pointer.h"
#include "core/key.h"
#include "core/passport.h"
#include "core/url.h"

#include <openssl/evp.h>

enum { ALGORITHMS = 3, BASE64_MAX = EVP_MAX_MD_SIZE / 3 * 4 + 5 };

/*= RFC9795-6b */
static const struct {
    const char *name, *evp;
} algorithms[ALGORITHMS] = {{"sha256", "SHA256"}, {"sha384", "SHA384"}, {"sha512", "SHA512"}};

/* Bytes and their digests in base64, each made once however many members of rcdi ask for it. */
struct digested {
    struct stir_slice bytes;
    unsigned char text[ALGORITHMS][BASE64_MAX];
    struct stir_slice sum[ALGORITHMS]; /* without padding; absent until it is asked for */
};

static void settle(struct stir_rcd_digest *d, enum stir_rcd_state state, const char *why)
{
    d->state = state;
    d->why = why;
}

/* Which of the algorithms of RFC 9795 §6 a digest names; ALGORITHMS when it is none. */
static size_t algorithm_of(struct stir_slice sum)
{
    struct stir_slice name = stir_slice_upto(sum, stir_slice_find(sum, '-'));
    size_t i = 0;
    while (i < ALGORITHMS && !stir_slice_is(name, algorithms[i].name))
        i++;
    return i;
}

static struct stir_slice without_padding(struct stir_slice base64)
{
    while (base64.n && base64.p[base64.n - 1] == '=')
        base64.n--;
    return base64;
}

static enum stir_err digest(struct digested *d, size_t i)
{
    STIR_OSSL_QUIET;
    unsigned char md[EVP_MAX_MD_SIZE];
    size_t n = 0;
    if (!EVP_Q_digest(NULL, algorithms[i].evp, NULL, d->bytes.n ? d->bytes.p : "", d->bytes.n, md, &n))
        return stir_ossl_failure();
    d->sum[i] = without_padding(stir_slice_of(d->text[i], (size_t)EVP_EncodeBlock(d->text[i], md, (int)n)));
    return STIR_OK;
}

/* `sum` is a digest of the bytes. Base64 of one digest has one spelling but for its padding, which the RFC's own examples leave out. */
static enum stir_err is_digest_of(bool *same, struct stir_slice sum, struct digested *d)
{
    size_t i = algorithm_of(sum);
    if (!d->sum[i].p)
        TRY(digest(d, i));
    *same = stir_slice_eq(d->sum[i], without_padding(stir_slice_from(sum, stir_slice_find(sum, '-') + 1)));
    return STIR_OK;
}

/* The deterministic form of a value, strings with their quotes. */
static enum stir_err is_digest_of_value(bool *same, struct stir_rcd *r, struct stir_slice sum, struct stir_json value)
{
    if (value.text.n > r->room) { /* the form is never longer than the text was */
        r->scratch = stir_arena_get(r->arena, value.text.n);
        r->room = r->scratch ? value.text.n : 0;
    }
    if (!r->scratch)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(r->scratch, r->room);
    *same = false;
    if (stir_json_put_canonical(&w, value) != STIR_OK || w.need > w.cap)
        return STIR_OK;
    struct digested d = {.bytes = stir_slice_of(r->scratch, w.need)};
    return is_digest_of(same, sum, &d);
}

static bool begins_with(struct stir_slice text, const char *start)
{
    struct stir_slice s = stir_slice_str(start);
    return text.n >= s.n && stir_slice_ieq(stir_slice_upto(text, s.n), s);
}

/* Content that is fetched, or would be. */
static bool is_link(struct stir_slice text)
{
    return begins_with(text, "https://") || begins_with(text, "http://");
}

/* "%41" is 'A'; bytes that are no escape stand for themselves. */
static struct stir_slice percent_decode(char *to, struct stir_slice s)
{
    struct stir_writer w = stir_writer_of(to, s.n);
    for (size_t i = 0; i < s.n; i++) {
        bool escape = s.p[i] == '%' && s.n - i > 2 && stir_hex_value(s.p[i + 1]) >= 0 && stir_hex_value(s.p[i + 2]) >= 0;
        stir_put_char(&w, escape ? (char)(stir_hex_value(s.p[i + 1]) * 16 + stir_hex_value(s.p[i + 2])) : s.p[i]);
        i += escape ? 2 : 0;
    }
    return stir_slice_of(to, w.need);
}

/* What a data URL holds (RFC 2397 §3); *good false when it cannot be read. */
static enum stir_err read_data_url(bool *good, struct stir_slice *out, struct stir_arena *arena, struct stir_slice url)
{
    static const char base64[] = ";base64";
    size_t comma = stir_slice_find(url, ',');
    *good = comma < url.n;
    if (!*good)
        return STIR_OK;
    char *room = stir_arena_get(arena, 2 * url.n);
    if (!room)
        return STIR_ENOMEM;
    struct stir_slice head = stir_slice_upto(url, comma), data = percent_decode(room, stir_slice_from(url, comma + 1));
    *out = data;
    if (head.n < sizeof(base64) || !stir_slice_ieq(stir_slice_from(head, head.n - (sizeof(base64) - 1)), stir_slice_str(base64)))
        return STIR_OK;
    data = without_padding(data);
    for (size_t i = 0; i < data.n; i++) /* the alphabet that stir_b64url_decode() reads */
        room[i] = data.p[i] == '+' ? '-' : data.p[i] == '/' ? '_' : data.p[i];
    *good = stir_b64url_decode((unsigned char *)room + url.n, &out->n, data) == STIR_OK;
    out->p = room + url.n;
    return STIR_OK;
}

/* The digest waits for what stands behind `url`; several may wait for one URL. What a linked jCard names is asked for anew: whether the rest has come by then
 * must make no difference. */
static void wait_for(struct stir_rcd *r, struct stir_rcd_digest *d, struct stir_slice url)
{
    struct stir_url parts;
    enum stir_url_fault fault = stir_url_parse_content(&parts, url, r->any_url);
    if (fault != STIR_URL_GOOD) {
        settle(d, STIR_RCD_UNVERIFIED, stir_url_fault_text(fault));
        return;
    }
    size_t i = r->of_card;
    while (i < r->n_contents && !stir_slice_eq(r->contents[i].url, url))
        i++;
    if (i == STIR_MAX_CONTENTS) {
        settle(d, STIR_RCD_UNVERIFIED, "the token names more URLs than are fetched");
        return;
    }
    if (i == r->n_contents)
        r->contents[r->n_contents++] = (struct stir_rcd_content){url, false};
    d->content = i;
    d->inside = false;
    settle(d, STIR_RCD_WAITS, NULL);
}

/* A string is a name or number in nam and apn, whatever it looks like. */
static bool may_be_link(struct stir_slice pointer)
{
    return !stir_slice_is(pointer, "/nam") && !stir_slice_is(pointer, "/apn");
}

static enum stir_err settle_value(struct stir_rcd *r, struct stir_rcd_digest *d, struct stir_json value)
{
    struct stir_slice text = {NULL, 0}, data = {NULL, 0};
    bool same, is_data;
    if (value.type == STIR_JSON_STRING && may_be_link(d->pointer))
        TRY(stir_json_string(&text, value, r->arena));
    if (is_link(text)) {
        wait_for(r, d, text);
        return STIR_OK;
    }
    TRY(is_digest_of_value(&same, r, d->sum, value));
    if (!same && begins_with(text, "data:")) {
        TRY(read_data_url(&is_data, &data, r->arena, text)); /* the image's bytes (§6.1.2); others take the string, which holds the same */
        struct digested bytes = {.bytes = data};
        if (is_data)
            TRY(is_digest_of(&same, d->sum, &bytes));
    }
    settle(d, same ? STIR_RCD_HOLDS : STIR_RCD_DIFFERS, same ? NULL : "it differs");
    return STIR_OK;
}

/* A jCard's photo and logo are images; `pointer` leads from `root` to one of the values behind that name. */
static enum stir_err is_picture(bool *is, struct stir_rcd *r, struct stir_json root, struct stir_slice pointer)
{
    char name[64];
    struct stir_writer w = stir_writer_of(name, sizeof(name));
    struct stir_json value;
    bool found;
    while (pointer.n && pointer.p[pointer.n - 1] != '/')
        pointer.n--;
    *is = false;
    stir_put_slice(&w, pointer);
    stir_put_char(&w, '0');
    if (w.need > w.cap)
        return STIR_OK;
    TRY(stir_json_point(&found, &value, root, stir_slice_of(name, w.need), r->arena));
    *is = found && (stir_slice_is(value.text, "\"photo\"") || stir_slice_is(value.text, "\"logo\""));
    return STIR_OK;
}

static enum stir_err settle_at(struct stir_rcd *r, struct stir_rcd_digest *d, struct stir_json root, struct stir_slice pointer)
{
    struct stir_json value;
    bool found;
    TRY(stir_json_point(&found, &value, root, pointer, r->arena));
    d->is_image = stir_slice_is(d->pointer, "/icn");
    if (d->inside || begins_with(d->pointer, "/jcd/"))
        TRY(is_picture(&d->is_image, r, root, pointer));
    if (found)
        return settle_value(r, d, value);
    settle(d, STIR_RCD_DIFFERS, "there is nothing at this place");
    return STIR_OK;
}

static struct stir_rcd_digest *digest_of(struct stir_rcd *r, struct stir_slice pointer)
{
    for (size_t i = 0; i < r->n_digests; i++)
        if (stir_slice_eq(r->digests[i].pointer, pointer))
            return &r->digests[i];
    return NULL;
}

/* A URL at `pointer` must have a digest of its content. */
/*= RFC9795-4 RFC9795-6.1.2 */
static enum stir_err want_digest(struct stir_rcd *r, struct stir_json value, struct stir_slice pointer)
{
    struct stir_slice text;
    if (r->bare.p || value.type != STIR_JSON_STRING)
        return STIR_OK;
    TRY(stir_json_string(&text, value, r->arena));
    if (is_link(text) && !digest_of(r, pointer))
        r->bare = text;
    return STIR_OK;
}

/* An image that stands in the token itself must be one. */
static enum stir_err want_image(struct stir_rcd *r, struct stir_json value)
{
    struct stir_slice text, data;
    bool good;
    if (r->unfit || value.type != STIR_JSON_STRING)
        return STIR_OK;
    TRY(stir_json_string(&text, value, r->arena));
    if (!begins_with(text, "data:"))
        return STIR_OK;
    TRY(read_data_url(&good, &data, r->arena, text));
    r->unfit = !good ? "its data URL cannot be read" : begins_with(text, "data:image/") ? stir_image_fault(data) : "its data URL is not of an image";
    return STIR_OK;
}

/* Every URL of a jCard: values of type "uri" (RFC 7095 §3.3). */
/*= RFC9795-6.1.3 */
static enum stir_err want_digests(struct stir_rcd *r, struct stir_json card, const char *base)
{
    struct stir_json properties;
    bool found;
    TRY(stir_json_point(&found, &properties, card, stir_slice_str("/1"), r->arena));
    if (!found || properties.type != STIR_JSON_ARRAY)
        return STIR_OK;
    struct stir_json_iter it = stir_json_iter(properties);
    for (size_t i = 0; stir_json_next(&it); i++) {
        struct stir_json_iter of = stir_json_iter(it.value);
        bool is_uri = false, is_image = false;
        for (size_t k = 0; stir_json_next(&of); k++) {
            char pointer[64];
            struct stir_writer w = stir_writer_of(pointer, sizeof(pointer));
            stir_put_format(&w, "%s/1/%zu/%zu", base, i, k);
            is_image = is_image || (k == 0 && (stir_slice_is(of.value.text, "\"photo\"") || stir_slice_is(of.value.text, "\"logo\"")));
            is_uri = is_uri || (k == 2 && stir_slice_is(of.value.text, "\"uri\""));
            if (k > 2 && is_uri && is_image)
                TRY(want_image(r, of.value));
            if (k > 2 && is_uri)
                TRY(want_digest(r, of.value, stir_slice_of(pointer, w.need)));
        }
    }
    return STIR_OK;
}

static enum stir_err read_digest(struct stir_rcd *r, struct stir_rcd_digest *d, const struct stir_json_iter *member)
{
    TRY(stir_json_unescape(&d->pointer, member->name, r->arena));
    TRY(stir_json_string(&d->sum, member->value, r->arena));
    if (stir_slice_is(d->pointer, "icn")) /* as drafts of the RFC had it */
        d->pointer = stir_slice_str("/icn");
    d->inside = begins_with(d->pointer, "/jcl/");
    if (algorithm_of(d->sum) < ALGORITHMS)
        return d->inside ? STIR_OK : settle_at(r, d, r->rcd, d->pointer);
    settle(d, STIR_RCD_UNVERIFIED, "its algorithm is none that is known here");
    return STIR_OK;
}

/* What stands inside the jCard behind jcl waits for the jCard; nothing of it counts unless the jCard holds. */
static void hang_on_card(struct stir_rcd *r)
{
    const struct stir_rcd_digest *card = digest_of(r, stir_slice_str("/jcl"));
    for (size_t i = 0; i < r->n_digests; i++) {
        struct stir_rcd_digest *d = &r->digests[i];
        if (!d->inside || d->state != STIR_RCD_WAITS)
            continue;
        if (card && card->state == STIR_RCD_WAITS)
            d->content = card->content;
        else
            settle(d, STIR_RCD_UNVERIFIED, "the jCard that it stands in is not verified");
    }
}

/*= RFC9795-6.1.4a */
enum stir_err stir_rcd_read(struct stir_rcd *out, struct stir_arena *arena, struct stir_slice rcd, struct stir_slice rcdi, bool any_url)
{
    static const char *const links[] = {"/icn", "/jcl"};
    const struct stir_json object = {STIR_JSON_OBJECT, rcdi};
    struct stir_json value;
    bool found;
    *out = (struct stir_rcd){.arena = arena, .any_url = any_url, .rcd = {STIR_JSON_OBJECT, rcd}};
    out->digests = stir_arena_get(arena, STIR_MAX_MEMBERS * sizeof(*out->digests));
    if (!out->digests)
        return STIR_ENOMEM;
    for (struct stir_json_iter it = stir_json_iter(object); out->n_digests < STIR_MAX_MEMBERS && stir_json_next(&it); out->n_digests++)
        TRY(read_digest(out, &out->digests[out->n_digests], &it));
    hang_on_card(out);
    for (size_t i = 0; i < 2; i++) {
        TRY(stir_json_point(&found, &value, out->rcd, stir_slice_str(links[i]), arena));
        if (found)
            TRY(want_digest(out, value, stir_slice_str(links[i])));
        if (found && i == 0)
            TRY(want_image(out, value));
    }
    return stir_json_member(out->rcd, "jcd", &value) ? want_digests(out, value, "/jcd") : STIR_OK;
}

/* Look into the jCard behind jcl, whose digest `of` holds. */
/*= RFC9795-5.1.5c RFC9795-6.1.4b */
static enum stir_err open_card(struct stir_rcd *r, struct stir_rcd_digest *of, size_t content, struct stir_slice body)
{
    struct stir_json card;
    if (body.n > STIR_MAX_JCARD) {
        settle(of, STIR_RCD_UNVERIFIED, "it is longer than jCards are");
        return STIR_OK;
    }
    struct stir_slice copy = stir_arena_copy(r->arena, body);
    if (body.n && !copy.p)
        return STIR_ENOMEM;
    if (stir_json_parse(&card, copy, NULL, NULL) != STIR_OK || !stir_is_jcard(card)) {
        settle(of, STIR_RCD_UNVERIFIED, "it is no jCard");
        return STIR_OK;
    }
    if (!r->of_card)
        r->of_card = r->n_contents;
    for (size_t i = 0; i < r->n_digests; i++) {
        struct stir_rcd_digest *d = &r->digests[i];
        if (d->state == STIR_RCD_WAITS && d->inside && d->content == content)
            TRY(settle_at(r, d, card, stir_slice_from(d->pointer, sizeof("/jcl") - 1)));
    }
    return want_digests(r, card, "/jcl");
}

/* The body's bytes; for a jCard its deterministic form too, from which the RFC's own examples are made (§6.1.4). */
/*= RFC9795-8.2a */
static enum stir_err settle_body(struct stir_rcd *r, struct stir_rcd_digest *d, struct digested *body)
{
    struct stir_json value;
    bool same;
    TRY(is_digest_of(&same, d->sum, body));
    if (!same && stir_slice_is(d->pointer, "/jcl") && body->bytes.n <= STIR_MAX_JCARD && stir_json_parse(&value, body->bytes, NULL, NULL) == STIR_OK)
        TRY(is_digest_of_value(&same, r, d->sum, value));
    const char *fault = same && d->is_image ? stir_image_fault(body->bytes) : NULL;
    settle(d, fault ? STIR_RCD_UNVERIFIED : same ? STIR_RCD_HOLDS : STIR_RCD_DIFFERS, same ? fault : "what its URL gave differs");
    return STIR_OK;
}

enum stir_err stir_rcd_supply(struct stir_rcd *rcd, size_t content, struct stir_slice body)
{
    struct digested digested = {.bytes = body};
    for (size_t i = 0; i < rcd->n_digests; i++) {
        struct stir_rcd_digest *d = &rcd->digests[i];
        if (d->state == STIR_RCD_WAITS && !d->inside && d->content == content)
            TRY(settle_body(rcd, d, &digested));
    }
    struct stir_rcd_digest *card = digest_of(rcd, stir_slice_str("/jcl"));
    enum stir_err err = STIR_OK;
    if (card && card->content == content && card->state == STIR_RCD_HOLDS)
        err = open_card(rcd, card, content, body);
    rcd->contents[content].settled = err == STIR_OK;
    hang_on_card(rcd);
    return err;
}

/*= RFC9795-8.2b */
void stir_rcd_miss(struct stir_rcd *rcd, size_t content, const char *why)
{
    rcd->contents[content].settled = true;
    for (size_t i = 0; i < rcd->n_digests; i++) {
        struct stir_rcd_digest *d = &rcd->digests[i];
        if (d->state == STIR_RCD_WAITS && d->content == content)
            settle(d, STIR_RCD_UNVERIFIED, why);
    }
}
