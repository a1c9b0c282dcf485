#include "cli/trust_dir.h"

int trust_failed(const struct cli *cli, enum stir_err err, const struct stir_diag *diag, const char *what, int status_bad)
{
    bool ours = err == STIR_EIO || err == STIR_ENOMEM || err == STIR_ECRYPTO || err == STIR_ENOTFOUND;
    return cli_fail(cli, ours ? CLI_CANNOT : status_bad, "%s%s%s", what ? what : "", what ? ": " : "", diag->text[0] ? diag->text : stir_err_text(err));
}

int trust_name(const struct cli *cli, const char **out)
{
    *out = cli_get(cli, "--domain") ? cli_get(cli, "--domain") : "default";
    return stir_trust_name_is_good(*out) ? CLI_YES : cli_fail(cli, CLI_USAGE, "\"%s\" is no name of a domain: 1 to 32 letters, digits, '-', '_'", *out);
}

int trust_hold(const struct cli *cli, struct stir_trust_folder *out, const char *dir, const char *name)
{
    struct stir_diag diag = {0};
    enum stir_err err = stir_trust_folder_hold(out, dir, name, &diag);
    return err == STIR_OK ? CLI_YES : trust_failed(cli, err, &diag, NULL, CLI_CANNOT);
}

static void say(void *arg, const char *fault)
{
    cli_warn(arg, "%s", fault);
}

int trust_read(const struct cli *cli, struct stir_trust_store **out, const char *dir, int64_t now)
{
    struct stir_trust_store_options options = STIR_TRUST_STORE_OPTIONS_INIT;
    struct stir_diag diag = {0};
    options.say = say;
    options.arg = (void *)(uintptr_t)cli;
    enum stir_err err = stir_trust_store_read(out, dir, now, &options, &diag);
    return err == STIR_OK ? CLI_YES : trust_failed(cli, err, &diag, NULL, CLI_CANNOT);
}

static void warn(const struct cli *cli, const char *dir, const struct stir_trust_item *item)
{
    if (item->changed)
        cli_warn(cli, "%s/%s/%s is not what was imported there; import again", dir, item->domain, item->file);
    if (item->kind == STIR_TRUST_CRL && item->life == STIR_TRUST_GRACE)
        cli_warn(cli, "the revocation list %s of domain %s is out of date and used on for its grace; stir crl update fetches a newer one", item->file,
                 item->domain);
    else if (item->kind == STIR_TRUST_LIST && item->life == STIR_TRUST_GRACE)
        cli_warn(cli, "the list of domain %s has expired and is still used for its grace; stir trust update fetches a newer one", item->domain);
    else if (item->kind == STIR_TRUST_LIST && item->life == STIR_TRUST_OVER)
        cli_warn(cli,
                 item->n_certs ? "the list of domain %s has expired, its grace is over: nobody is trusted there"
                               : "domain %s has no list yet: stir trust update fetches one, stir trust import takes one in",
                 item->domain);
}

int trust_dir_add(const struct cli *cli, struct stir_trust_builder *builder, const char *dir, int64_t now)
{
    struct stir_trust_store *store = NULL;
    struct stir_diag diag = {0};
    size_t n;
    int status = trust_read(cli, &store, dir, now);
    if (status != CLI_YES)
        return status;
    const struct stir_trust_item *items = stir_trust_store_items(store, &n);
    for (size_t i = 0; i < n; i++)
        warn(cli, dir, &items[i]);
    enum stir_err err = stir_trust_store_add(store, builder, &diag);
    stir_trust_store_free(store);
    return err == STIR_OK ? CLI_YES : trust_failed(cli, err, &diag, NULL, CLI_CANNOT);
}

const char *trust_life_text(enum stir_trust_life life)
{
    switch (life) {
    case STIR_TRUST_FRESH: return "fresh";
    case STIR_TRUST_HALF_OVER: return "half-over";
    case STIR_TRUST_GRACE: return "grace";
    case STIR_TRUST_OVER: return "expired";
    }
    return "expired";
}

void trust_print_alarm(enum stir_trust_life life, const char *what)
{
    static const char *const texts[] = {NULL, "half of its life is over", "expired, and used on for its grace", "expired"};
    if (life != STIR_TRUST_FRESH)
        printf("  alarm    %s: %s\n", texts[life], what);
}
