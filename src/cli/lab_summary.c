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
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "sip_sign", json_sprintf("udp:" LAB_HOST ":%u", lab->port[LAB_SIP_AS]), "sip_verify",
                     json_sprintf("udp:" LAB_HOST ":%u", lab->port[LAB_SIP_VS]), "signing", url(lab, LAB_HTTP, "/stir/v1/signing"), "verification",
                     url(lab, LAB_HTTP, "/stir/v1/verification"), "sign", url(lab, LAB_HTTP, "/v1/sign"), "verify", url(lab, LAB_HTTP, "/v1/verify"), "metrics",
                     url(lab, LAB_HTTP, "/metrics"));
}

static json_t *ports(const struct lab *lab)
{
    const unsigned *p = lab->port;
    return json_pack("{s:i, s:i, s:i, s:i}", "sip_sign", (int)p[LAB_SIP_AS], "sip_verify", (int)p[LAB_SIP_VS], "http", (int)p[LAB_HTTP], "https",
                     (int)p[LAB_HTTPS]);
}

static json_t *files(const struct lab *lab)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "ca_root", file(lab, "root.pem"), "chain", file(lab, "cr/main.pem"), "conf", file(lab, "stir.conf"),
                     "log", file(lab, "serve.log"), "tls_root", file(lab, "tls-root.pem"), "trust", file(lab, "trust"));
}

static void say_services(const struct lab *lab)
{
    const unsigned *p = lab->port;
    lab_say(lab, "\nThe lab is in %s", lab->dir);
    lab_say(lab, "  signs     udp:" LAB_HOST ":%u (SIP, 302), http://" LAB_HOST ":%u/stir/v1/signing, /v1/sign", p[LAB_SIP_AS], p[LAB_HTTP]);
    lab_say(lab, "  verifies  udp:" LAB_HOST ":%u (SIP, 302), http://" LAB_HOST ":%u/stir/v1/verification, /v1/verify", p[LAB_SIP_VS], p[LAB_HTTP]);
    lab_say(lab, "  tells     http://" LAB_HOST ":%u/metrics, /readyz", p[LAB_HTTP]);
    lab_say(lab, "  HTTPS     https://" LAB_HOST ":%u (its root: tls-root.pem): certificates", p[LAB_HTTPS]);
}

int lab_summary(struct lab *lab)
{
    json_t *all = json_pack("{s:i, s:s, s:s, s:i, s:o, s:o, s:o, s:{s:s, s:s, s:s, s:s, s:s, s:s}}", "schema", 1, "version", stir_version(), "dir", lab->dir,
                            "pid", (int)getpid(), "ports", ports(lab), "services", services(lab), "files", files(lab), "call", "orig", LAB_ORIG, "dest",
                            LAB_DEST, "spc", LAB_SPC, "x5u", lab->x5u, "identity", lab->identity, "verstat", lab->verstat);
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
