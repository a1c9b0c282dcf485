/* stir pa publish, stir pa revoke. */
#include "cli/pa.h"

#include <string.h>

#include "core/json.h"
#include "service/audit.h"

static const struct cli_option publish_options[] = {CLI_DESK_OPTIONS, {NULL, CLI_FLAG, NULL, NULL, false}};
static const struct cli_option revoke_options[] = {
    CLI_DESK_OPTIONS,
    {"--reason", CLI_VALUE, "REASON", "such as keyCompromise, or the number of a CRLReason; default unspecified", false},
    {"--at", CLI_VALUE, "TIME", "since when; default now", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int tell(const struct cli *cli, bool list)
{
    if (!cli->json) {
        printf(list ? "the list and the CRL are made\n" : "the CRL is made\n");
        return CLI_YES;
    }
    cli_json_begin(NULL, '{');
    cli_json_bool("list", list);
    cli_json_bool("crl", true);
    cli_json_end('}');
    cli_json_done();
    return CLI_YES;
}

static int publish(struct cli *cli, struct cli_desk *desk, struct stir_pa *pa)
{
    struct stir_diag diag = {0};
    int status = desk_open(cli, desk, true);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_pa_publish(pa, &desk->clerk, desk->now, &diag);
    if (err == STIR_ENOTFOUND)
        cli_warn(cli, "%s", diag.text);
    return err == STIR_OK || err == STIR_ENOTFOUND ? tell(cli, err == STIR_OK) : desk_failed(cli, err, &diag);
}

static int run_publish(struct cli *cli)
{
    struct cli_desk desk = {.now = 0};
    struct stir_pa *pa = NULL;
    int status = desk_read(cli, &desk);
    if (status == CLI_YES)
        status = pa_reading(cli, &pa, &desk);
    if (status == CLI_YES)
        status = publish(cli, &desk, pa);
    stir_pa_free(pa);
    desk_close(&desk);
    return status;
}

/* ---- By hand ---- */

struct revoking {
    struct cli_desk *desk;
    const struct stir_cert_info *cert;
    int64_t at;
    int reason;
};

static enum stir_err write_revocation(struct stir_store *store, void *arg)
{
    const struct revoking *r = arg;
    char detail[100];
    enum stir_err err = stir_pa_revoke(store, r->cert->issuer_der, r->cert->serial_hex, r->at, r->reason, r->cert->not_after, r->desk->actor, r->desk->now);
    snprintf(detail, sizeof(detail), "{\"notAfter\":%lld,\"reason\":%d}", (long long)r->cert->not_after, r->reason);
    const struct stir_audit_entry entry = {"revocation recorded", r->desk->actor, r->cert->serial_hex, detail};
    return err == STIR_OK ? stir_audit_add(store, r->desk->node, r->desk->now * 1000, &entry) : err;
}

static int revoke(struct cli *cli, struct cli_desk *desk, const struct stir_cert *cert)
{
    struct revoking r = {.desk = desk, .cert = stir_cert_info(cert)};
    struct stir_diag diag = {0};
    int status = cli_revocation_reason(cli, 0, &r.reason);
    if (status == CLI_YES)
        status = cli_time(cli, "--at", cli_now(), &r.at);
    if (status == CLI_YES)
        status = pa_open(cli, desk, true);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_store_transact(desk->clerk.store, write_revocation, &r, &diag);
    return err == STIR_OK ? pa_done(cli, "certificate", r.cert->serial_hex, "reason", cli_revocation_reason_name(r.reason)) : desk_failed(cli, err, &diag);
}

static int run_revoke(struct cli *cli)
{
    struct cli_desk desk = {.now = 0};
    struct stir_cert *cert = NULL;
    int status = cli_cert(cli, &cert, cli->operand[0], CLI_NO);
    if (status == CLI_YES)
        status = revoke(cli, &desk, cert);
    stir_cert_free(cert);
    desk_close(&desk);
    return status;
}

const struct cli_command cmd_pa_publish = {"pa", "publish", "", 0, 0, "make the list of trusted CAs and the CRL now", publish_options, run_publish};
const struct cli_command cmd_pa_revoke = {"pa", "revoke", "FILE", 1, 1, "put a certificate on the CRL by hand", revoke_options, run_revoke};
