/* The list of trusted CAs: as it comes, and with the input as the claims that the administrator signed, so that what stands behind a good signature is read,
 * too. */
#include <stdio.h>
#include <stdlib.h>

#include "core/ca_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1780272000, LONGEST = 1 << 16 };

static struct {
    struct stir_slice signer, root;
    struct stir_key *key;
    struct stir_es256_ctx *ctx;
} admin;

static void hold(bool fact)
{
    if (!fact)
        abort();
}

/* A file of tests/data, kept to the end. */
static struct stir_slice file(char *room, size_t cap, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", STIR_TEST_DATA, name);
    FILE *f = fopen(path, "rb");
    hold(f != NULL);
    size_t n = fread(room, 1, cap, f);
    fclose(f);
    return stir_slice_of(room, n);
}

static void begin(void)
{
    static char signer[8192], root[4096], key[2048];
    if (admin.ctx)
        return;
    admin.signer = file(signer, sizeof(signer), "ca-list/signer.pem");
    admin.root = file(root, sizeof(root), "crl/pa-root.pem");
    hold(stir_key_from_pem(&admin.key, file(key, sizeof(key), "ca-list/signer.key"), NULL, NULL, NULL) == STIR_OK);
    hold(stir_es256_ctx_new(&admin.ctx) == STIR_OK);
}

static void check_info(const struct stir_ca_list *list)
{
    const struct stir_ca_list_info *info = stir_ca_list_info(list);
    struct stir_ca_list *again = NULL;
    struct stir_trust_builder *builder = NULL;
    hold(info->sequence >= 0 && info->exp > NOW && info->n_certs > 0 && info->n_certs <= STIR_MAX_LISTED && info->jws.n && info->signer && info->x5u.n);
    hold(stir_ca_list_cert(list, info->n_certs - 1) && !stir_ca_list_cert(list, info->n_certs));
    hold(stir_ca_list_parse(&again, info->jws, admin.signer, admin.root, info->sequence, info->exp - 1 < info->signer_until ? info->exp - 1 : NOW, NULL) ==
         STIR_OK);
    hold(stir_ca_list_info(again)->n_certs == info->n_certs && stir_ca_list_info(again)->n_unread == info->n_unread);
    stir_ca_list_free(again);
    if (info->sequence < INT64_MAX)
        hold(stir_ca_list_parse(&again, info->jws, admin.signer, admin.root, info->sequence + 1, NOW, NULL) == STIR_ETIME);
    hold(stir_ca_list_parse(&again, info->jws, admin.signer, admin.root, -1, info->exp, NULL) == STIR_ETIME);
    hold(stir_trust_builder_new(&builder) == STIR_OK && stir_trust_add_ca_list(builder, list) == STIR_OK);
    stir_trust_builder_free(builder);
}

static void check(struct stir_slice text)
{
    struct stir_ca_list *list = NULL;
    struct stir_diag diag = {0};
    enum stir_err err = stir_ca_list_parse(&list, text, admin.signer, admin.root, -1, NOW, &diag);
    hold((err == STIR_OK) == (list != NULL) && (err == STIR_OK) == (diag.text[0] == '\0'));
    if (list)
        check_info(list);
    stir_ca_list_free(list);
    char url[STIR_MAX_URL + 1];
    enum stir_err named = stir_ca_list_signer_url(url, sizeof(url), text, NULL);
    hold(named == STIR_OK || err != STIR_OK); /* what is good says who signed it */
}

/* The claims under the administrator's signature. */
static struct stir_slice sign(char *text, size_t cap, struct stir_slice claims)
{
    unsigned char digest[STIR_SHA256], sig[STIR_ES256_SIG];
    struct stir_writer w = stir_writer_of(text, cap);
    stir_put_b64url(&w, stir_slice_str("{\"alg\":\"ES256\",\"x5u\":\"https://pa.example/s\"}"));
    stir_put_char(&w, '.');
    stir_put_b64url(&w, claims);
    hold(stir_es256_digest(admin.ctx, stir_slice_of(text, w.need), digest) == STIR_OK && stir_es256_sign(admin.ctx, admin.key, digest, sig) == STIR_OK);
    stir_put_char(&w, '.');
    stir_put_b64url(&w, stir_slice_of(sig, sizeof(sig)));
    hold(w.need <= cap);
    return stir_slice_of(text, w.need);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[2 * LONGEST];
    struct stir_slice input = stir_slice_of(data ? (const void *)data : "", size);
    begin();
    check(input);
    if (size <= LONGEST)
        check(sign(text, sizeof(text), input));
    return 0;
}
