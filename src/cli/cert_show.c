#include "cli/certs.h"
#include "io/file.h"

#include <stdlib.h>

static const struct cli_option options[] = {
    {NULL, CLI_FLAG, NULL, NULL, false},
};

int certs_read(const struct cli *cli, struct certs *out, const char *path)
{
    struct stir_slice text = {NULL, 0};
    struct stir_diag diag = {0};
    out->n = 0;
    int status = cli_read(cli, &text, path, STIR_MAX_BUNDLE, CLI_NO);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_certs_parse(out->cert, CERTS_MAX, &out->n, text, &diag);
    stir_file_free(&text);
    return err == STIR_OK ? CLI_YES : cli_fail(cli, err == STIR_ENOMEM ? CLI_CANNOT : CLI_NO, "%s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
}

void certs_clear(struct certs *certs)
{
    for (size_t i = 0; i < certs->n; i++)
        stir_cert_free(certs->cert[i]);
    certs->n = 0;
}

const struct stir_cert *certs_issuer(const struct certs *certs, const struct stir_cert *cert)
{
    for (size_t i = 0; i < certs->n; i++)
        if (stir_slice_eq(stir_cert_info(certs->cert[i])->subject_der, stir_cert_info(cert)->issuer_der) &&
            stir_cert_signed_by(cert, certs->cert[i]) == STIR_OK)
            return certs->cert[i];
    return NULL;
}

static const char *key_text(enum stir_cert_key key)
{
    switch (key) {
    case STIR_CERT_KEY_P256: return "P-256";
    case STIR_CERT_KEY_P256_EXPLICIT: return "P-256 with explicit parameters";
    case STIR_CERT_KEY_P384: return "P-384";
    case STIR_CERT_KEY_EC_OTHER: return "EC, another curve";
    case STIR_CERT_KEY_RSA: return "RSA";
    case STIR_CERT_KEY_OTHER: break;
    }
    return "of another kind";
}

static const char *sig_text(enum stir_cert_sig sig)
{
    static const char *const names[] = {"another",     "ECDSA SHA-256", "ECDSA SHA-384", "RSA SHA-256",  "RSA SHA-384",
                                        "RSA SHA-512", "ECDSA SHA-1",   "RSA SHA-1",     "ECDSA SHA-512"};
    return (size_t)sig < sizeof(names) / sizeof(names[0]) ? names[sig] : names[0];
}

static const struct {
    unsigned bit;
    const char *name;
} usages[] = {{STIR_KU_DIGITAL_SIGNATURE, "digitalSignature"},
              {STIR_KU_NON_REPUDIATION, "nonRepudiation"},
              {STIR_KU_KEY_ENCIPHERMENT, "keyEncipherment"},
              {STIR_KU_DATA_ENCIPHERMENT, "dataEncipherment"},
              {STIR_KU_KEY_AGREEMENT, "keyAgreement"},
              {STIR_KU_KEY_CERT_SIGN, "keyCertSign"},
              {STIR_KU_CRL_SIGN, "cRLSign"},
              {STIR_KU_ENCIPHER_ONLY, "encipherOnly"},
              {STIR_KU_DECIPHER_ONLY, "decipherOnly"}};

static void line(const char *name, struct stir_slice value)
{
    printf("  %-12s ", name);
    cli_print(value.p ? value : stir_slice_str("-"));
    printf("\n");
}

static void print_hex(const char *name, struct stir_slice bytes)
{
    printf("  %-12s ", name);
    for (size_t i = 0; i < bytes.n; i++)
        printf("%02X", (unsigned char)bytes.p[i]);
    printf("%s\n", bytes.n ? "" : "-");
}

static void show(const struct stir_cert_info *i)
{
    char from[21] = "?", until[21] = "?";
    char *list = cli_tnauth_text(i->tnauth_list);
    (void)!stir_time_write(from, i->not_before);
    (void)!stir_time_write(until, i->not_after);
    line("subject", stir_slice_str(i->subject));
    line("issuer", stir_slice_str(i->issuer));
    line("serial", stir_slice_str(i->serial_hex));
    printf("  %-12s %s to %s\n", "valid", from, until);
    printf("  %-12s %s, signed with %s\n", "key", key_text(i->key), sig_text(i->sig));
    printf("  %-12s %s", "CA", i->is_ca ? "yes" : "no");
    if (i->is_ca && i->path_len >= 0)
        printf(", pathLen %d", i->path_len);
    printf("\n  %-12s", "key usage");
    for (size_t u = 0; u < sizeof(usages) / sizeof(usages[0]); u++)
        if (i->key_usage_bits & usages[u].bit)
            printf(" %s", usages[u].name);
    printf("%s\n", i->key_usage == STIR_PART_ABSENT ? " -" : i->key_usage == STIR_PART_BAD ? " unreadable" : "");
    line("TNAuthList", stir_slice_str(list ? list : i->tnauth == STIR_PART_ABSENT ? NULL : i->tnauth == STIR_PART_TWICE ? "stands twice" : "unreadable"));
    for (size_t k = 0; k < i->n_policies; k++)
        line("policy", i->policy[k]);
    for (size_t k = 0; k < i->n_crldps; k++) {
        line("CRL", i->crldps[k].url);
        if (!i->crldps[k].crl_issuer.p)
            printf("  %-12s no cRLIssuer\n", "");
    }
    print_hex("SKI", i->ski_id);
    print_hex("AKI", i->aki_id);
    print_hex("SHA-256", stir_slice_of(i->sha256, STIR_SHA256));
    free(list);
}

static void show_json(const struct stir_cert_info *i)
{
    char *list = cli_tnauth_text(i->tnauth_list);
    cli_json_begin(NULL, '{');
    cli_json_str("subject", i->subject);
    cli_json_str("issuer", i->issuer);
    cli_json_str("serial", i->serial_hex);
    cli_json_time("not_before", i->not_before);
    cli_json_time("not_after", i->not_after);
    cli_json_str("key", key_text(i->key));
    cli_json_str("signature", sig_text(i->sig));
    cli_json_bool("ca", i->is_ca);
    cli_json_begin("key_usage", '[');
    for (size_t u = 0; u < sizeof(usages) / sizeof(usages[0]); u++)
        if (i->key_usage_bits & usages[u].bit)
            cli_json_str(NULL, usages[u].name);
    cli_json_end(']');
    cli_json_text("spc", i->tnauth_list ? stir_tnauth_spc(i->tnauth_list) : stir_slice_str(NULL));
    cli_json_str("tnauth", list);
    cli_json_begin("policies", '[');
    for (size_t k = 0; k < i->n_policies; k++)
        cli_json_text(NULL, i->policy[k]);
    cli_json_end(']');
    cli_json_begin("crl", '[');
    for (size_t k = 0; k < i->n_crldps; k++) {
        cli_json_begin(NULL, '{');
        cli_json_text("url", i->crldps[k].url);
        cli_json_bool("names_issuer", i->crldps[k].crl_issuer.p != NULL);
        cli_json_end('}');
    }
    cli_json_end(']');
    cli_json_hex("ski", i->ski_id);
    cli_json_hex("aki", i->aki_id);
    cli_json_hex("sha256", stir_slice_of(i->sha256, STIR_SHA256));
    cli_json_end('}');
    free(list);
}

static int run(struct cli *cli)
{
    struct certs certs;
    int status = certs_read(cli, &certs, cli->operand[0]);
    if (status != CLI_YES)
        return status;
    if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_begin("certificates", '[');
        for (size_t i = 0; i < certs.n; i++)
            show_json(stir_cert_info(certs.cert[i]));
        cli_json_end(']');
        cli_json_end('}');
        cli_json_done();
    } else {
        for (size_t i = 0; i < certs.n; i++) {
            printf("certificate %zu of %zu\n", i + 1, certs.n);
            show(stir_cert_info(certs.cert[i]));
        }
    }
    certs_clear(&certs);
    return CLI_YES;
}

const struct cli_command cmd_cert_show = {"cert", "show", "FILE|-", 1, 1, "say what certificates say", options, run};
