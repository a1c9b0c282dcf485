/* A message to the SIP front, and its answer: whatever comes, an answer can be read, repeats what it must, and holds no line that we did not write. */
#include <stdlib.h>

#include "front/sip_gate.h"
#include "io/socket.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static char answer[STIR_SIP_MAX_REPLY + 1];

static size_t count_lines(struct stir_slice text)
{
    size_t n = 0;
    for (size_t i = 0; i + 1 < text.n; i++)
        n += text.p[i] == '\r' && text.p[i + 1] == '\n';
    return n;
}

/* Lines of a value that goes on over several. */
static size_t folds(struct stir_slice value)
{
    return count_lines(value);
}

static size_t lines_wanted(const struct stir_sip_request *r, size_t more)
{
    size_t n = 1 + 1 + (r->n_vias - 1) + 4 + more + 2; /* status, Via ..., From To Call-ID CSeq, Content-Length and the empty line */
    for (size_t i = 1; i < r->n_vias; i++)
        n += folds(r->vias[i]);
    n += folds(r->via.sent) + folds(r->via.others) + folds(r->from) + folds(r->to) + folds(r->call_id) + folds(r->cseq);
    return n;
}

/* The topmost Via is written anew: folds between its parameters may go. */
static void is_an_answer(const struct stir_sip_request *r, struct stir_slice text, int code, size_t more)
{
    static struct stir_sip again;
    struct stir_diag diag = {0, ""};
    enum stir_err err = stir_sip_parse(&again, text, &diag);
    require(err == STIR_OK || err == STIR_ELIMIT);
    if (err != STIR_OK)
        return;
    require(again.status == code && again.body.n == 0 && again.eol.n == 2);
    require(stir_slice_eq(again.call.from, r->from) && stir_slice_eq(again.call.call_id, r->call_id) && stir_slice_eq(again.call.cseq, r->cseq));
    require(again.call.to.n >= r->to.n && memcmp(again.call.to.p, r->to.p, r->to.n) == 0);
    size_t lines = count_lines(text), wanted = lines_wanted(r, more);
    require(lines >= wanted && lines <= wanted + folds(r->via.params));
}

static void write_answers(const struct stir_sip_request *r, const struct stir_sip_verdict *verdict, const struct sockaddr_storage *peer)
{
    struct stir_sip_reply reply = {.code = verdict->code ? verdict->code : 302, .phrase = verdict->phrase, .tag = "0123456789abcdef"};
    size_t n = 0;
    reply.lines = stir_slice_str(verdict->lines);
    enum stir_err err = stir_sip_reply_write(answer, sizeof(answer), &n, r, peer, &reply);
    require(err == STIR_OK || err == STIR_ELIMIT);
    if (err == STIR_OK)
        is_an_answer(r, stir_slice_of(answer, n), reply.code, count_lines(reply.lines));
    (void)stir_sip_reply_to(r, peer);
}

/* One line, one URI in brackets; embedded headers add no more of them. */
static void write_contacts(const struct stir_sip_request *r)
{
    static char line[8 * STIR_MAX_MESSAGE];
    const struct stir_slice embedded[] = {r->from, r->call_id};
    for (size_t i = 0; i < 2; i++) {
        struct stir_writer w = stir_writer_of(line, sizeof(line));
        struct stir_sip_contact contact = {.ruri = r->ruri, .host = i ? "sbc.example.com:5080" : "", .embedded = embedded, .n_embedded = 2 * i, .date = ""};
        size_t n, opens = 0, closes = 0;
        stir_sip_put_contact(&w, &contact);
        require(stir_writer_end(&w, &n) == STIR_OK && n > 13 && memcmp(line, "Contact: <", 10) == 0 && memcmp(line + n - 3, ">\r\n", 3) == 0);
        for (size_t at = 0; at < n; at++) {
            opens += line[at] == '<';
            closes += line[at] == '>';
            require(at >= n - 2 || (line[at] != '\r' && line[at] != '\n'));
        }
        require(opens == 1 && closes == 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stir_sip_request r;
    struct stir_sip_verdict verdict;
    struct stir_address peer;
    struct stir_slice message = stir_slice_of(data, size);
    if (size == 0 || size > STIR_MAX_MESSAGE + 1 || stir_address_parse(&peer, stir_slice_str("192.0.2.10:5062"), STIR_UDP) != STIR_OK)
        return 0;
    stir_sip_request_read(&r, message);
    require(!r.answerable || (r.n_vias > 0 && r.n_vias <= STIR_SIP_MAX_VIA && r.from.n && r.to.n && r.call_id.n && r.cseq.n));
    for (int i = 0; i < 3; i++) {
        struct stir_sip_gate gate = {.known = i > 0, .ready = i > 1};
        stir_sip_gate(&verdict, &r, &gate);
        bool ack = stir_slice_is(r.method, "ACK");
        require((verdict.step == STIR_SIP_ABSORB) == (ack && !r.response));
        require(verdict.step != STIR_SIP_SERVE || (gate.known && !r.fault && r.answerable && !r.to_tag.n && r.max_forwards != 0));
        if (verdict.step == STIR_SIP_REPLY || verdict.step == STIR_SIP_SERVE || verdict.step == STIR_SIP_CANCEL) {
            require(r.answerable);
            write_answers(&r, &verdict, &peer.at);
        }
        if (verdict.step == STIR_SIP_SERVE)
            write_contacts(&r);
    }
    return 0;
}
