/* Parts of a conf made by hand, for tests of what reads one: no text, every string "" unless given. */
#ifndef STIR_TESTS_CONF_SUPPORT_H
#define STIR_TESTS_CONF_SUPPORT_H

#include "support.h"

#include "service/conf.h"

/* A list of texts: CONF_LIST("192.0.2.0/24", "198.51.100.1"). */
#define CONF_LIST(...)                                                                                  \
    (struct stir_conf_list)                                                                             \
    {                                                                                                   \
        (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) \
    }

static inline struct stir_conf_trunk conf_trunk(const char *name)
{
    return (struct stir_conf_trunk){.name = name,
                                    .tls_name = "",
                                    .header = "",
                                    .tenant = "",
                                    .customer = "",
                                    .dial_plan = "",
                                    .actions = "",
                                    .origid_value = "",
                                    .tn = STIR_TN_OPTIONS_INIT};
}

static inline struct stir_conf_tenant conf_tenant(const char *name, enum stir_conf_tenant_kind kind)
{
    return (struct stir_conf_tenant){.name = name, .kind = kind, .path = "", .token_file = "", .client_name = "", .origid_value = ""};
}

#endif
