/* Configurations for tests: read, and what was said of them. */
#ifndef STIR_TESTS_CONFIG_SUPPORT_H
#define STIR_TESTS_CONFIG_SUPPORT_H

#include "support.h"

#include "server/config.h"
#include "server/config_read.h"

/* What was said: a line each. */
struct said {
    char text[65536];
    size_t n, lines;
};

static inline void say(void *arg, const char *text)
{
    struct said *said = arg;
    said->lines++;
    if (said->n < sizeof(said->text))
        said->n += (size_t)snprintf(said->text + said->n, sizeof(said->text) - said->n, "%s\n", text);
}

static inline enum stir_err parse(struct stir_conf **out, struct stir_slice text, struct said *said)
{
    const struct stir_config_say to = {say, said};
    *said = (struct said){.n = 0};
    *out = NULL;
    return stir_config_parse(out, text, "stir.conf", &to);
}

static inline struct stir_conf *good(const char *text)
{
    struct stir_conf *conf;
    struct said said;
    if (parse(&conf, S(text), &said) != STIR_OK)
        fail_msg("%s", said.text);
    return conf;
}

/* The smallest of each role. */
#define AS "[server]\nroles = as\n[sip s]\nrole = as\nlisten = udp:127.0.0.1:5060\n"
#define SIGNER "[signer m]\nkey = /k.pem\ncert = /c.pem\nx5u = https://cr.example.com/c.pem\n"
#define VS "[server]\nroles = vs\n[sip v]\nrole = vs\nlisten = udp:127.0.0.1:5070\n[trust]\ndir = /trust\n"

#endif
