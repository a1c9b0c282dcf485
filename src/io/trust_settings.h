/* domain.conf of a domain's folder: where its policy administrator is, and what the domain asks of its own. */
#ifndef STIR_IO_TRUST_SETTINGS_H
#define STIR_IO_TRUST_SETTINGS_H

#include <stir/trust.h>

#include "io/settings.h"

#define STIR_TRUST_FILE_SETTINGS "domain.conf"

enum {
    STIR_TRUST_URLS = 8,    /* revocation lists of one administrator: real ones have one */
    STIR_TRUST_HOSTS = 32,  /* hosts whose distribution points are asked: one for each CA that has lists of its own */
    STIR_TRUST_VALUE = 256, /* bytes of a value that is no URL */
};

/* Strings are empty, and counts 0, when nothing is said. */
struct stir_trust_settings {
    char pa_url[STIR_MAX_URL + 1]; /* the administrator's interface, without a '/' at its end */
    char login_file[STIR_TRUST_VALUE + 1], login_env[STIR_TRUST_VALUE + 1];
    char crl_url[STIR_TRUST_URLS][STIR_MAX_URL + 1];
    char crl_host[STIR_TRUST_HOSTS][STIR_TRUST_VALUE + 1]; /* small letters; with ":port" when it is not 443 */
    size_t n_crl_urls, n_crl_hosts;
    char policy_oid[STIR_DOMAIN_POLICIES][STIR_TRUST_VALUE + 1];
    char country[STIR_DOMAIN_COUNTRIES][4];
    size_t n_policy_oids, n_countries;
    size_t spc_min, spc_max;
    int64_t list_grace, crl_grace;     /* seconds that the last good one is used on after its end */
    int64_t list_refresh, crl_refresh; /* seconds after which it is asked for again */
    bool is_said[16];                  /* of each row of the table */
};

/* What counts where nothing is said. */
void stir_trust_settings_init(struct stir_trust_settings *out);

/* Read a file's text. `say`, when it is there, is told of each wrong line. @return how many lines are wrong; `out` holds what the others say. */
size_t stir_trust_settings_read(struct stir_trust_settings *out, struct stir_slice text, void (*say)(void *arg, size_t line, const char *what), void *arg);

/* May revocation lists and their signers' certificates be fetched from `url`? Its host and port must be those of the interface or of a list that the settings
 * name, or stand among the hosts. */
bool stir_trust_settings_allow(const struct stir_trust_settings *settings, struct stir_slice url);

/* What the domain asks of its own, borrowed from `settings`. */
struct stir_domain_options stir_trust_settings_options(const struct stir_trust_settings *settings);

#endif
