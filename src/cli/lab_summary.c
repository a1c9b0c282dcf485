/* What others need to know of a lab: where it listens, which files, which credentials. */
#include "cli/lab.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

static json_t *url(const struct lab *lab, enum lab_port port, const char *path)
{
    return json_sprintf("%s://" LAB_HOST ":%u%s", port == LAB_HTTPS ? "https" : "http", lab->port[port], path);
}

static json_t *file(const struct lab *lab, const char *name)
{
    return json_sprintf("%s/%s", lab->dir, name);
}

static json_t *services(const struct lab *lab)
{
    const unsigned *p = lab->port;
    json_t *own = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "sip_sign", json_sprintf("udp:" LAB_HOST ":%u", p[LAB_SIP_AS]), "sip_verify",
                            json_sprintf("udp:" LAB_HOST ":%u", p[LAB_SIP_VS]), "signing", url(lab, LAB_HTTP, "/stir/v1/signing"), "verification",
                            url(lab, LAB_HTTP, "/stir/v1/verification"), "sign", url(lab, LAB_HTTP, "/v1/sign"), "verify", url(lab, LAB_HTTP, "/v1/verify"),
                            "metrics", url(lab, LAB_HTTP, "/metrics"), "health", url(lab, LAB_HTTP, "/healthz"), "ready", url(lab, LAB_HTTP, "/readyz"));
    json_t *world =
        json_pack("{s:o, s:o, s:o, s:o, s:o}", "acme", url(lab, LAB_HTTPS, "/acme/directory"), "pa", url(lab, LAB_HTTPS, ""), "ca_list",
                  url(lab, LAB_HTTPS, "/api/v1/ca-list"), "crl", url(lab, LAB_HTTPS, "/download/v1/crl"), "repository", url(lab, LAB_HTTPS, "/cr/"));
    if (own && world)
        json_object_update(own, world);
    json_decref(world);
    return own;
}

static json_t *ports(const struct lab *lab)
{
    const unsigned *p = lab->port;
    return json_pack("{s:i, s:i, s:i, s:i}", "sip_sign", (int)p[LAB_SIP_AS], "sip_verify", (int)p[LAB_SIP_VS], "http", (int)p[LAB_HTTP], "https",
                     (int)p[LAB_HTTPS]);
}

/* By its name in the summary. */
static const struct {
    const char *name, *path;
} all_files[] = {
    {"conf", "stir.conf"},
    {"log", "serve.log"},
    {"tls_root", "tls-root.pem"},
    {"pa_root", "pa/pa-root.pem"},
    {"ca_root", "ca/root.pem"},
    {"ca_chain", "ca/ca.pem"},
    {"ca_key", "ca/ca.key"},
    {"trust", "trust"},
    {"repository", "cr"},
    {"provider", "provider"},
    {"chain", "provider/current/chain.pem"},
    {"key", "provider/current/key.pem"},
    {"password", "password"},
};

static json_t *files(const struct lab *lab)
{
    const char *elsewhere = cli_get(lab->cli, "--store");
    json_t *all = json_object();
    for (size_t i = 0; i < sizeof(all_files) / sizeof(*all_files); i++)
        json_object_set_new(all, all_files[i].name, file(lab, all_files[i].path));
    if (!elsewhere)
        json_object_set_new(all, "store", file(lab, "store.db"));
    return all;
}

static json_t *credentials(const struct lab *lab)
{
    return json_pack("{s:s, s:s, s:s}", "pa_account", lab->account, "pa_user", "lab", "pa_password", lab->password);
}

static void say_services(const struct lab *lab)
{
    const unsigned *p = lab->port;
    lab_say(lab, "\nThe lab is in %s", lab->dir);
    lab_say(lab, "  signs     udp:" LAB_HOST ":%u (SIP, 302), http://" LAB_HOST ":%u/stir/v1/signing, /v1/sign", p[LAB_SIP_AS], p[LAB_HTTP]);
    lab_say(lab, "  verifies  udp:" LAB_HOST ":%u (SIP, 302), http://" LAB_HOST ":%u/stir/v1/verification, /v1/verify", p[LAB_SIP_VS], p[LAB_HTTP]);
    lab_say(lab, "  tells     http://" LAB_HOST ":%u/metrics, /readyz", p[LAB_HTTP]);
    lab_say(lab, "  ACME      %s/acme/directory (HTTPS of the lab: believe tls-root.pem)", lab->world);
    lab_say(lab, "  PA        %s/api/v1/..., /sti-pa/...: account %s, user lab, its password in the file password", lab->world, lab->account);
    lab_say(lab, "  publishes %s/cr/, /api/v1/ca-list, /download/v1/crl", lab->world);
}

int lab_summary(struct lab *lab)
{
    json_t *all =
        json_pack("{s:i, s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:{s:s, s:s, s:s, s:s, s:s, s:s}}", "schema", 1, "version", stir_version(), "dir", lab->dir, "pid",
                  (int)getpid(), "ports", ports(lab), "services", services(lab), "files", files(lab), "credentials", credentials(lab), "call", "orig", LAB_ORIG,
                  "dest", LAB_DEST, "spc", LAB_SPC, "x5u", lab->x5u, "identity", lab->identity, "verstat", lab->verstat);
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
    int status = text ? lab_write(lab, "lab.json", STIR_FILE_PUBLIC, "%s\n", text) : cli_fail(lab->cli, CLI_CANNOT, "out of memory");
    if (status == CLI_YES && lab->cli->json) {
        printf("%s\n", text);
        fflush(stdout);
    }
    if (status == CLI_YES)
        say_services(lab);
    free(text);
    json_decref(all);
    return status;
}
