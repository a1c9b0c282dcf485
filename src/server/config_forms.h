/* What the tables of keys are written with: a macro for each type of key, the units of their bounds, and the tables that are not in config_keys.c. For these
 * alone. */
#ifndef STIR_SERVER_CONFIG_FORMS_H
#define STIR_SERVER_CONFIG_FORMS_H

#include "server/config_keys.h"

enum { SECOND = 1000, MINUTE = 60, HOUR = 3600, DAY = 86400, YEAR = 365 * DAY, KIB = 1024, MIB = 1024 * 1024 };

#define NOTHING STIR_SECTION_NONE
#define WORD_END \
    {            \
        NULL, 0  \
    }

/* Where in the section's struct a key's value stands, and what else each type needs. */
#define AT(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)
#define TEXT(key, type, member, otherwise, low, high, check, form, help, example)                                           \
    {                                                                                                                       \
        key, STIR_KEY_TEXT, AT(type, member), otherwise, low, high, NULL, check, NOTHING, false, false, form, help, example \
    }
#define NEEDED_TEXT(key, type, member, low, high, check, form, help, example)                                       \
    {                                                                                                               \
        key, STIR_KEY_TEXT, AT(type, member), "", low, high, NULL, check, NOTHING, true, false, form, help, example \
    }
#define NAME(key, type, member, kind, help, example)                                                                                   \
    {                                                                                                                                  \
        key, STIR_KEY_TEXT, AT(type, member), "", 1, STIR_CONFIG_NAME, NULL, stir_word_name, kind, false, false, "NAME", help, example \
    }
#define LIST(key, type, member, otherwise, high, check, form, help, example)                                              \
    {                                                                                                                     \
        key, STIR_KEY_LIST, AT(type, member), otherwise, 1, high, NULL, check, NOTHING, false, false, form, help, example \
    }
#define NEEDED_LIST(key, type, member, high, check, form, help, example)                                          \
    {                                                                                                             \
        key, STIR_KEY_LIST, AT(type, member), "", 1, high, NULL, check, NOTHING, true, false, form, help, example \
    }
#define PHRASES(key, type, member, high, check, form, help, example)                                                  \
    {                                                                                                                 \
        key, STIR_KEY_PHRASES, AT(type, member), "", 1, high, NULL, check, NOTHING, false, false, form, help, example \
    }
#define NAMES(key, type, member, kind, help, example)                                                                                      \
    {                                                                                                                                      \
        key, STIR_KEY_LIST, AT(type, member), "", 1, STIR_CONFIG_ITEMS, NULL, stir_word_name, kind, false, false, "NAME...", help, example \
    }
#define NUMBER(key, type, member, otherwise, low, high, help, example)                                                           \
    {                                                                                                                            \
        key, STIR_KEY_NUMBER, AT(type, member), otherwise, low, high, NULL, NULL, NOTHING, false, false, "NUMBER", help, example \
    }
#define SPAN_MS(key, type, member, otherwise, low, high, help, example)                                                         \
    {                                                                                                                           \
        key, STIR_KEY_SPAN_MS, AT(type, member), otherwise, low, high, NULL, NULL, NOTHING, false, false, "SPAN", help, example \
    }
#define SPAN(key, type, member, otherwise, low, high, help, example)                                                         \
    {                                                                                                                        \
        key, STIR_KEY_SPAN, AT(type, member), otherwise, low, high, NULL, NULL, NOTHING, false, false, "SPAN", help, example \
    }
#define SIZE(key, type, member, otherwise, low, high, help, example)                                                         \
    {                                                                                                                        \
        key, STIR_KEY_SIZE, AT(type, member), otherwise, low, high, NULL, NULL, NOTHING, false, false, "SIZE", help, example \
    }
#define YES_NO(key, type, member, otherwise, help, example)                                                               \
    {                                                                                                                     \
        key, STIR_KEY_BOOL, AT(type, member), otherwise, 0, 1, NULL, NULL, NOTHING, false, false, "yes|no", help, example \
    }
#define CHOICE(key, type, member, otherwise, words, needed, help, example)                                                  \
    {                                                                                                                       \
        key, STIR_KEY_CHOICE, AT(type, member), otherwise, 0, 0, words, NULL, NOTHING, needed, false, "WORD", help, example \
    }
#define FLAGS(key, type, member, otherwise, words, needed, help, example)                                                     \
    {                                                                                                                         \
        key, STIR_KEY_FLAGS, AT(type, member), otherwise, 0, 0, words, NULL, NOTHING, needed, false, "WORD...", help, example \
    }
#define FILE_AT(key, type, member, needed, help, example)                                                                        \
    {                                                                                                                            \
        key, STIR_KEY_FILE, AT(type, member), "", 1, STIR_CONFIG_PATH, NULL, NULL, NOTHING, needed, false, "FILE", help, example \
    }
#define SECRET_AT(key, type, member, needed, help, example)                                                                                     \
    {                                                                                                                                           \
        key, STIR_KEY_FILE, AT(type, member), "", 1, STIR_CONFIG_PATH, NULL, NULL, NOTHING, needed, true, "FILE|credential:NAME", help, example \
    }
#define FOLDER_AT(key, type, member, help, example)                                                                                 \
    {                                                                                                                               \
        key, STIR_KEY_FOLDER, AT(type, member), "", 1, STIR_CONFIG_PATH, NULL, NULL, NOTHING, false, false, "FOLDER", help, example \
    }
#define SPECIAL(key, kind, type, member, otherwise, low, form, help, example)                                  \
    {                                                                                                          \
        key, kind, AT(type, member), otherwise, low, 0, NULL, NULL, NOTHING, false, false, form, help, example \
    }

/* What all listeners that speak TLS have. */
#define TLS_KEYS(type)                                                                                                                               \
    SECRET_AT("tls-cert", type, tls_cert, false, "certificate and its issuers, PEM, of the listener", "/etc/stir/tls.pem"),                          \
        SECRET_AT("tls-key", type, tls_key, false, "its private key, PEM, mode 0600", "credential:tls-key"),                                         \
        SECRET_AT("tls-client-ca", type, tls_client_ca, false, "clients must have a certificate under one of these, PEM; not given: they need none", \
                  "/etc/stir/clients.pem")

/* config_keys_office.c */
extern const struct stir_config_key stir_config_store_keys[], stir_config_pa_keys[], stir_config_ca_keys[], stir_config_profile_keys[];
enum { STIR_CONFIG_STORE_KEYS = 4, STIR_CONFIG_PA_KEYS = 17, STIR_CONFIG_CA_KEYS = 30, STIR_CONFIG_PROFILE_KEYS = 9 };

#endif
