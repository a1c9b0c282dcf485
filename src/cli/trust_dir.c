#include "cli/trust_dir.h"

#include "core/json.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATE_MAX = 8192 };

enum trust_life trust_life(int64_t from, int64_t until, int64_t now)
{
    if (now >= until)
        return TRUST_OVER;
    return from < until && now - from >= (until - from) / 2 ? TRUST_HALF_OVER : TRUST_FRESH;
}

/* ---- Paths, files, locks ---- */

bool trust_path(char path[TRUST_PATH], const struct trust_domain *domain, const char *file)
{
    int n = snprintf(path, TRUST_PATH, "%s/%s%s%s", domain->dir, domain->name, file[0] ? "/" : "", file);
    return n > 0 && n < TRUST_PATH;
}

int trust_read(const struct cli *cli, struct stir_slice *out, const struct trust_domain *domain, const char *file, size_t max)
{
    char path[TRUST_PATH];
    *out = stir_slice_str(NULL);
    if (!trust_path(path, domain, file))
        return cli_fail(cli, CLI_CANNOT, "%s: the name is too long", domain->dir);
    return access(path, F_OK) == 0 ? cli_read(cli, out, path, max, CLI_CANNOT) : CLI_YES;
}

int trust_write(const struct cli *cli, const struct trust_domain *domain, const char *file, struct stir_slice content)
{
    char path[TRUST_PATH];
    if (!trust_path(path, domain, file))
        return cli_fail(cli, CLI_CANNOT, "%s: the name is too long", domain->dir);
    return cli_file(cli, stir_file_write(path, content, STIR_FILE_PUBLIC), path);
}

int trust_pem(const struct cli *cli, struct stir_slice *out, struct stir_cert *const *certs, size_t n)
{
    size_t room = 1, len = 0, used = 0;
    for (size_t i = 0; i < n; i++)
        room += stir_cert_info(certs[i])->der.n * 3 / 2 + 128; /* base64, line ends, the lines around */
    char *text = malloc(room);
    if (!text)
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    for (size_t i = 0; i < n; i++) {
        if (stir_cert_write_pem(text + used, room - used, &len, certs[i]) != STIR_OK) {
            free(text);
            return cli_fail(cli, CLI_CANNOT, "out of memory");
        }
        used += len;
    }
    *out = stir_slice_of(text, used);
    return CLI_YES;
}

/* ---- state.json ---- */

static void digest_hex(char hex[TRUST_HEX], struct stir_slice bytes)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t n = 0;
    hex[0] = '\0';
    if (!EVP_Q_digest(NULL, "SHA256", NULL, bytes.p, bytes.n, digest, &n) || n != STIR_SHA256)
        return;
    for (size_t i = 0; i < n; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

bool trust_is_whole(const struct trust_state *state, struct stir_slice ca_pem)
{
    char hex[TRUST_HEX];
    digest_hex(hex, ca_pem);
    return hex[0] && strcmp(hex, state->ca_sha256) == 0;
}

static bool get_number(struct stir_json object, const char *name, int64_t *out)
{
    struct stir_json value;
    return stir_json_member(object, name, &value) && stir_json_integer(out, value);
}

static bool get_text(struct stir_json object, const char *name, char *out, size_t cap)
{
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_json value;
    struct stir_slice text = {NULL, 0};
    bool good = stir_json_member(object, name, &value) && stir_json_string(&text, value, &arena) == STIR_OK && text.n < cap;
    if (good) {
        memcpy(out, text.p, text.n);
        out[text.n] = '\0';
    }
    stir_arena_clear(&arena);
    return good;
}

static bool parse_state(struct trust_state *out, struct stir_slice text)
{
    struct trust_state state = {.there = true, .sequence = -1};
    struct stir_json object;
    char source[8];
    if (stir_json_parse(&object, text, NULL, NULL) != STIR_OK || object.type != STIR_JSON_OBJECT)
        return false;
    if (!get_text(object, "source", source, sizeof(source)) || !get_number(object, "imported", &state.imported) ||
        !get_text(object, "ca_sha256", state.ca_sha256, sizeof(state.ca_sha256)))
        return false;
    state.listed = strcmp(source, "list") == 0;
    if (state.listed && (!get_number(object, "sequence", &state.sequence) || !get_number(object, "exp", &state.exp) || state.sequence < 0 ||
                         !get_text(object, "signer", state.signer, sizeof(state.signer))))
        return false;
    *out = state;
    return true;
}

static int read_state(const struct cli *cli, struct trust_domain *domain)
{
    struct stir_slice text;
    domain->state = (struct trust_state){.sequence = -1};
    int status = trust_read(cli, &text, domain, "state.json", STATE_MAX);
    if (status == CLI_YES && text.p && !parse_state(&domain->state, text))
        status = cli_fail(cli, CLI_CANNOT, "%s/state.json cannot be read: what sequence was known is lost; take the folder away to begin anew", domain->path);
    stir_file_free(&text);
    return status;
}

static int write_state(const struct cli *cli, const struct trust_domain *domain)
{
    char text[STATE_MAX];
    size_t n = 0;
    const struct trust_state *state = &domain->state;
    struct stir_writer w = stir_writer_of(text, sizeof(text) - 1);
    stir_put_format(&w, "{\"schema\":1,\"source\":\"%s\",\"imported\":%lld,\"ca_sha256\":\"%s\"", state->listed ? "list" : "pem", (long long)state->imported,
                    state->ca_sha256);
    if (state->listed) {
        stir_put_format(&w, ",\"sequence\":%lld,\"exp\":%lld,\"signer\":", (long long)state->sequence, (long long)state->exp);
        stir_put_json_string(&w, stir_slice_str(state->signer));
    }
    stir_put_text(&w, "}\n");
    if (stir_writer_close(&w, &n) != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "%s/state.json would be too long", domain->path);
    return trust_write(cli, domain, "state.json", stir_slice_of(text, n));
}

int trust_commit(const struct cli *cli, struct trust_domain *domain, struct stir_slice ca_pem)
{
    digest_hex(domain->state.ca_sha256, ca_pem);
    int status = trust_write(cli, domain, "ca.pem", ca_pem);
    return status == CLI_YES ? write_state(cli, domain) : status;
}

/* ---- Domains ---- */

/* As stir_trust_domain() has it, so that no name leads out of the folder. */
static bool is_name(const char *name)
{
    struct stir_trust_builder *builder = NULL;
    bool good = stir_trust_builder_new(&builder) == STIR_OK && stir_trust_domain(builder, stir_slice_str(name)) == STIR_OK;
    stir_trust_builder_free(builder);
    return good;
}

static int begin_domain(const struct cli *cli, struct trust_domain *out, const char *dir, const char *name, int status_bad)
{
    *out = (struct trust_domain){.dir = dir, .name = name, .lock = -1};
    if (!is_name(name))
        return cli_fail(cli, status_bad, "\"%s\" is no name of a domain: 1 to 32 letters, digits, '-', '_'", name);
    return trust_path(out->path, out, "") ? CLI_YES : cli_fail(cli, CLI_CANNOT, "%s: the name is too long", dir);
}

int trust_domain_look(const struct cli *cli, struct trust_domain *out, const char *dir, const char *name)
{
    int status = begin_domain(cli, out, dir, name, CLI_CANNOT);
    return status == CLI_YES ? read_state(cli, out) : status;
}

int trust_domain_hold(const struct cli *cli, struct trust_domain *out, const char *dir, const char *name)
{
    int status = begin_domain(cli, out, dir, name, CLI_USAGE);
    if (status == CLI_YES)
        status = cli_file(cli, stir_dir_make(dir), dir);
    if (status == CLI_YES)
        status = cli_file(cli, stir_dir_make(out->path), out->path);
    if (status == CLI_YES)
        status = cli_file(cli, stir_dir_lock(&out->lock, out->path), out->path);
    return status == CLI_YES ? read_state(cli, out) : status;
}

void trust_domain_release(struct trust_domain *domain)
{
    if (domain->path[0] && rmdir(domain->path) == 0)
        (void)rmdir(domain->dir);
    if (domain->lock >= 0)
        stir_dir_unlock(domain->lock);
    domain->lock = -1;
}

static int list(const struct cli *cli, struct stir_names *out, const char *path, const char *suffix, size_t max)
{
    enum stir_file_err err = stir_dir_list(out, path, suffix, max);
    if (err == STIR_FILE_TOO_LONG)
        return cli_fail(cli, CLI_CANNOT, "%s: holds more than %zu %s", path, max, suffix ? "revocation lists" : "domains");
    return cli_file(cli, err, path);
}

int trust_names(const struct cli *cli, struct stir_names *out, const char *dir)
{
    int status = list(cli, out, dir, NULL, STIR_MAX_DOMAINS);
    if (status == CLI_YES && out->n == 0)
        status = cli_fail(cli, CLI_CANNOT, "%s: holds no domain; stir trust import makes one", dir);
    return status;
}

int trust_crls(const struct cli *cli, struct stir_names *out, const struct trust_domain *domain)
{
    return list(cli, out, domain->path, ".crl", STIR_MAX_CRLS);
}

static int add_crls(const struct cli *cli, struct stir_trust_builder *builder, const struct trust_domain *domain)
{
    struct stir_names names = {NULL, 0};
    char path[TRUST_PATH];
    int status = trust_crls(cli, &names, domain);
    for (size_t i = 0; status == CLI_YES && i < names.n; i++)
        status =
            trust_path(path, domain, names.name[i]) ? cli_add_crl(cli, builder, path) : cli_fail(cli, CLI_CANNOT, "%s: the name is too long", domain->path);
    stir_names_free(&names);
    return status;
}

static void warn_of_age(const struct cli *cli, const struct trust_domain *domain, struct stir_slice ca_pem, int64_t now)
{
    const struct trust_state *state = &domain->state;
    if (state->there && !trust_is_whole(state, ca_pem))
        cli_warn(cli, "%s/ca.pem is not what was imported there; import again", domain->path);
    if (state->listed && trust_life(state->imported, state->exp, now) == TRUST_OVER)
        cli_warn(cli, "the list of domain %s has expired and is still used; import a newer one", domain->name);
}

static int add_domain(const struct cli *cli, struct stir_trust_builder *builder, const struct trust_domain *domain, int64_t now)
{
    struct stir_slice pem;
    struct stir_diag diag = {0};
    char pa[TRUST_PATH];
    if (stir_trust_domain(builder, stir_slice_str(domain->name)) != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "%s: there is another domain of this name, or there are more than %d", domain->path, STIR_MAX_DOMAINS);
    int status = trust_read(cli, &pem, domain, "ca.pem", STIR_MAX_BUNDLE);
    if (status == CLI_YES && !pem.p)
        status = cli_fail(cli, CLI_CANNOT, "%s: holds no ca.pem; stir trust import makes one", domain->path);
    if (status == CLI_YES && stir_trust_add_pem(builder, pem, &diag) != STIR_OK)
        status = cli_fail(cli, CLI_CANNOT, "%s/ca.pem: %s", domain->path, diag.text);
    if (status == CLI_YES)
        warn_of_age(cli, domain, pem, now);
    stir_file_free(&pem);
    if (status == CLI_YES && trust_path(pa, domain, "pa.pem") && access(pa, F_OK) == 0)
        status = cli_add_pa(cli, builder, pa);
    return status == CLI_YES ? add_crls(cli, builder, domain) : status;
}

int trust_dir_add(const struct cli *cli, struct stir_trust_builder *builder, const char *dir, int64_t now)
{
    struct stir_names names = {NULL, 0};
    struct trust_domain domain;
    int status = trust_names(cli, &names, dir);
    for (size_t i = 0; status == CLI_YES && i < names.n; i++) {
        status = trust_domain_look(cli, &domain, dir, names.name[i]);
        if (status == CLI_YES)
            status = add_domain(cli, builder, &domain, now);
    }
    stir_names_free(&names);
    return status;
}
