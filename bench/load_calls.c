/* The calls of the load: each has a number, a Call-ID and, where it carries one, a token of its own. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char DEST[] = "12025550100";

static void orig_of(size_t index, char buf[16])
{
    snprintf(buf, 16, "1215%07zu", 2000000 + index % 7900000);
}

static char *room(struct load_batch *batch)
{
    if (batch->n_text + LOAD_ROOM > batch->room) {
        batch->room = batch->room ? 2 * batch->room : (size_t)1 << 20;
        batch->text = realloc(batch->text, batch->room);
        if (!batch->text)
            load_die("memory", "there is not enough for this many calls");
    }
    return batch->text + batch->n_text;
}

static void taken(struct load_batch *batch, size_t n)
{
    if (n >= LOAD_ROOM)
        load_die("a request", "is longer than there is room for");
    batch->requests[batch->n++] = (struct load_request){batch->n_text, n};
    batch->n_text += n;
}

static void identity_of(struct load *load, size_t index, char *buf, size_t cap)
{
    const struct load_signer *from = &load->signers[index % load->n_signers];
    struct stir_key_signer held = {from->key, load->ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    struct stir_diag diag = {0};
    struct stir_party orig, dest;
    char number[16], origid[37], x5u[512];
    size_t n = 0, hole = strcspn(from->x5u, "%");
    orig_of(index, number);
    if (from->x5u[hole])
        snprintf(x5u, sizeof(x5u), "%.*s%zu%s", (int)hole, from->x5u, index, from->x5u + hole + 1);
    else
        snprintf(x5u, sizeof(x5u), "%s", from->x5u);
    if (stir_party_parse(&orig, stir_slice_str(number), NULL) != STIR_OK || stir_party_parse(&dest, stir_slice_str(DEST), NULL) != STIR_OK ||
        stir_uuid(origid) != STIR_OK)
        load_die("a call", "could not be made");
    params.claims.ppt = STIR_PPT_SHAKEN;
    params.claims.x5u = stir_slice_str(x5u);
    params.claims.attest = 'A';
    params.claims.origid = stir_slice_str(origid);
    params.claims.orig = &orig;
    params.claims.dest = &dest;
    params.claims.n_dest = 1;
    params.any_url = true;
    params.now = (int64_t)time(NULL);
    if (stir_attest(buf, cap, &n, &params, &signer, load->ctx, &diag) != STIR_OK)
        load_die("signing", diag.text);
}

static size_t make_invite(struct load *load, size_t index, char *buf)
{
    char orig[16], identity[2048] = "", headers[1024] = "";
    size_t n = 0;
    orig_of(index, orig);
    if (load->mode == LOAD_VS)
        identity_of(load, index, identity, sizeof(identity));
    for (size_t i = 0; i < load->n_headers && n < sizeof(headers); i++)
        n += (size_t)snprintf(headers + n, sizeof(headers) - n, "%s\r\n", load->headers[i]);
    return (size_t)snprintf(buf, LOAD_ROOM,
                            "INVITE sip:+%s@%s;user=phone SIP/2.0\r\n"
                            "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK%x-%zu;rport\r\n"
                            "Max-Forwards: 70\r\n"
                            "From: <sip:+%s@sbc.example.net;user=phone>;tag=%zu\r\n"
                            "To: <sip:+%s@%s;user=phone>\r\n"
                            "Call-ID: %zu-%x@load\r\n"
                            "CSeq: 1 INVITE\r\n"
                            "Contact: <sip:+%s@127.0.0.1:5060>\r\n"
                            "P-Asserted-Identity: <sip:+%s@sbc.example.net;user=phone>\r\n"
                            "%s%s%s%s"
                            "Content-Type: application/sdp\r\n"
                            "Content-Length: 87\r\n\r\n"
                            "v=0\r\no=u 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n",
                            DEST, load->host, load->run, index, orig, index, DEST, load->host, index, load->run, orig, orig, headers,
                            identity[0] ? "Identity: " : "", identity, identity[0] ? "\r\n" : "");
}

size_t load_ack(const struct load *load, size_t index, const char *to, size_t n_to, char buf[LOAD_ROOM])
{
    char orig[16];
    orig_of(index, orig);
    return (size_t)snprintf(buf, LOAD_ROOM,
                            "ACK sip:+%s@%s;user=phone SIP/2.0\r\n"
                            "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK%x-%zu;rport\r\n"
                            "Max-Forwards: 70\r\n"
                            "From: <sip:+%s@sbc.example.net;user=phone>;tag=%zu\r\n"
                            "To: %.*s\r\n"
                            "Call-ID: %zu-%x@load\r\n"
                            "CSeq: 1 ACK\r\n"
                            "Content-Length: 0\r\n\r\n",
                            DEST, load->host, load->run, index, orig, index, (int)n_to, to, index, load->run);
}

static size_t make_body(struct load *load, size_t index, char *buf, size_t cap)
{
    char orig[16], identity[2048];
    orig_of(index, orig);
    switch (load->mode) {
    case LOAD_SIGNING:
        return (size_t)snprintf(buf, cap,
                                "{\"signingRequest\":{\"attest\":\"A\",\"dest\":{\"tn\":[\"%s\"]},\"iat\":%lld,\"orig\":{\"tn\":\"%s\"},"
                                "\"origid\":\"%08zx-0000-4000-8000-%012x\"}}",
                                DEST, (long long)time(NULL), orig, index, load->run);
    case LOAD_VERIFYING:
        identity_of(load, index, identity, sizeof(identity));
        return (size_t)snprintf(buf, cap, "{\"verificationRequest\":{\"from\":{\"tn\":\"%s\"},\"to\":{\"tn\":[\"%s\"]},\"time\":%lld,\"identity\":\"%s\"}}",
                                orig, DEST, (long long)time(NULL), identity);
    case LOAD_SIGN_CSV: return (size_t)snprintf(buf, cap, "%s,%s,A,,", orig, DEST);
    default: identity_of(load, index, identity, sizeof(identity)); return (size_t)snprintf(buf, cap, "%s", identity);
    }
}

static size_t make_post(struct load *load, size_t index, char *buf)
{
    static char body[LOAD_ROOM];
    char headers[1024] = "";
    size_t n = 0, n_body = make_body(load, index, body, sizeof(body));
    bool json = load->mode == LOAD_SIGNING || load->mode == LOAD_VERIFYING;
    for (size_t i = 0; i < load->n_headers && n < sizeof(headers); i++)
        n += (size_t)snprintf(headers + n, sizeof(headers) - n, "%s\r\n", load->headers[i]);
    return (size_t)snprintf(buf, LOAD_ROOM, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n%s", load->path, load->host,
                            json ? "application/json" : "text/plain", n_body, headers, body);
}

/* A seed with bytes changed, cut or doubled; every third one nothing but noise. */
static size_t make_junk(struct load *load, size_t index, char *buf)
{
    static char seed[LOAD_ROOM];
    size_t n = 0;
    unsigned dice = load->run * 2654435761u + (unsigned)index * 40503u;
    FILE *file = index % 3 && load->n_seeds ? fopen(load->seeds[index % load->n_seeds], "rb") : NULL;
    if (file) {
        n = fread(seed, 1, sizeof(seed) / 2, file);
        fclose(file);
    }
    for (; n < 1 + index % 97; n++)
        seed[n] = (char)((dice = dice * 1664525u + 1013904223u) >> 24);
    memcpy(buf, seed, n);
    for (size_t i = 0; i < 1 + index % 5; i++) {
        dice = dice * 1664525u + 1013904223u;
        buf[(dice >> 8) % n] = (char)(dice >> 24);
    }
    return index % 7 == 0 ? 1 + n / 2 : n;
}

void load_make(struct load *load, size_t first, size_t n, struct load_batch *out)
{
    memset(out, 0, sizeof(*out));
    out->first = first;
    out->requests = calloc(n, sizeof(*out->requests));
    if (!out->requests)
        load_die("memory", "there is not enough for this many calls");
    for (size_t i = first; i < first + n; i++) {
        char *buf = room(out);
        taken(out, load->mode == LOAD_JUNK ? make_junk(load, i, buf) : load->mode <= LOAD_VS ? make_invite(load, i, buf) : make_post(load, i, buf));
    }
}

void load_batch_free(struct load_batch *batch)
{
    free(batch->requests);
    free(batch->text);
    memset(batch, 0, sizeof(*batch));
}
