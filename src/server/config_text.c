/* A conf as text and as JSON, and the hash that evidence names it by. */
#include "server/config_read.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

/* One section of any kind, for its defaults. */
union any_section {
    struct stir_conf_server server;
    struct stir_conf_sip sip;
    struct stir_conf_http http;
    struct stir_conf_tenant tenant;
    struct stir_conf_trunk trunk;
    struct stir_conf_signer signer;
    struct stir_conf_numbers numbers;
    struct stir_conf_rule rule;
    struct stir_conf_sign sign;
    struct stir_conf_actions actions;
    struct stir_conf_verify verify;
    struct stir_conf_trust trust;
    struct stir_conf_fetch fetch;
    struct stir_conf_repository repository;
    struct stir_conf_store store;
    struct stir_conf_pa pa;
    struct stir_conf_ca ca;
    struct stir_conf_profile profile;
    struct stir_conf_log log;
    struct stir_conf_evidence evidence;
    struct stir_conf_webhook webhook;
    struct stir_conf_metrics metrics;
};

enum { VALUE_MAX = STIR_CONFIG_LINE + STIR_CONFIG_PATH }; /* bytes of a value as it is written: no longer than it was read, but that a path is whole */

/* What writes one section. */
struct form {
    struct stir_writer *w;
    bool json, effective;
    bool no_memory;
    size_t written;          /* keys of this section */
    char *value, *otherwise; /* room for a value and its default */
};

static void write_value(char *out, const struct stir_config_key *key, const void *at, const void *preset)
{
    struct stir_writer w = stir_writer_of(out, VALUE_MAX);
    stir_config_put(&w, key, at, preset);
    out[w.need < VALUE_MAX ? w.need : 0] = '\0';
}

static bool is_plain(const struct stir_config_key *key)
{
    return key->type == STIR_KEY_NUMBER || key->type == STIR_KEY_BOOL;
}

static void put_json_key(struct form *f, const struct stir_config_key *key, const char *value)
{
    stir_put_text(f->w, f->written ? "," : "");
    stir_put_json_string(f->w, stir_slice_str(key->name));
    stir_put_char(f->w, ':');
    if (key->type == STIR_KEY_BOOL)
        stir_put_text(f->w, value[0] == 'y' ? "true" : "false");
    else if (is_plain(key))
        stir_put_text(f->w, value);
    else
        stir_put_json_string(f->w, stir_slice_str(value));
}

static void put_line(struct stir_writer *w, const char *key, const char *value, bool is_default)
{
    stir_put_text(w, is_default ? "#" : "");
    stir_put_text(w, key);
    stir_put_text(w, value[0] ? " = " : " =");
    stir_put_text(w, value);
    stir_put_char(w, '\n');
}

static void put_key(struct form *f, const struct stir_config_key *key, const char *value, bool is_default)
{
    if (is_default && !f->effective)
        return;
    if (f->json)
        put_json_key(f, key, value);
    else
        put_line(f->w, key->name, value, is_default);
    f->written++;
}

static void put_keys(struct form *f, const struct stir_config_section *section, const void *at, const void *preset)
{
    for (size_t i = 0; i < section->n_keys; i++) {
        const struct stir_config_key *key = &section->keys[i];
        write_value(f->value, key, at, preset);
        write_value(f->otherwise, key, preset, preset);
        /* A key that is needed is written whatever it says: the default of a choice is none that anybody chose. `preset` has the section's own. */
        const char *usual = key->type == STIR_KEY_PRESET ? key->otherwise : f->otherwise;
        put_key(f, key, f->value, !key->required && strcmp(f->value, usual) == 0);
    }
}

static const char *name_of(const struct stir_config_section *section, const void *at)
{
    const char *name = NULL;
    if (section->named)
        memcpy(&name, at, sizeof(name));
    return name;
}

static void put_section(struct form *f, enum stir_config_kind kind, const void *at, const void *preset)
{
    const struct stir_config_section *section = &stir_config_sections[kind];
    const char *name = name_of(section, at);
    size_t before = f->w->need;
    f->written = 0;
    if (f->json) {
        stir_put_char(f->w, '{');
        if (name) {
            stir_put_text(f->w, "\"name\":");
            stir_put_json_string(f->w, stir_slice_str(name));
            f->written++;
        }
        put_keys(f, section, at, preset);
        stir_put_char(f->w, '}');
        return;
    }
    stir_put_text(f->w, before ? "\n[" : "[");
    stir_put_text(f->w, section->kind);
    stir_put_text(f->w, name ? " " : "");
    stir_put_text(f->w, name ? name : "");
    stir_put_text(f->w, "]\n");
    put_keys(f, section, at, preset);
    if (!f->written && (!name || (kind == STIR_SECTION_PROFILE && strcmp(name, "shaken") == 0)))
        f->w->need = before; /* nothing to say */
}

static void put_kind(struct form *f, const struct stir_conf *conf, enum stir_config_kind kind)
{
    const struct stir_config_section *section = &stir_config_sections[kind];
    struct stir_arena arena = {0};
    struct stir_config_room room = {&arena, "", false};
    union any_section preset;
    if (!stir_config_default(&room, kind, &preset, stir_slice_str(conf->verify.policy.name)))
        f->no_memory = true;
    if (f->json) {
        stir_put_text(f->w, kind ? "," : "");
        stir_put_json_string(f->w, stir_slice_str(section->kind));
        stir_put_text(f->w, section->named ? ":[" : ":");
    }
    for (size_t i = 0; i < stir_config_count(conf, kind) && !f->no_memory; i++) {
        if (f->json && i)
            stir_put_char(f->w, ',');
        put_section(f, kind, stir_config_at(conf, kind, i), &preset);
    }
    if (f->json && section->named)
        stir_put_char(f->w, ']');
    stir_arena_clear(&arena);
}

static void put_conf(struct form *f, const struct stir_conf *conf)
{
    stir_put_text(f->w, f->json ? "{" : "");
    for (size_t kind = 0; kind < STIR_SECTIONS && !f->no_memory; kind++)
        put_kind(f, conf, (enum stir_config_kind)kind);
    stir_put_text(f->w, f->json ? "}" : "");
}

/* Twice: to see how long it is, and to write it. */
static char *write_conf(struct form *f, const struct stir_conf *conf)
{
    put_conf(f, conf);
    size_t n = f->w->need;
    char *text = f->no_memory ? NULL : malloc(n + 1);
    if (!text)
        return NULL;
    *f->w = stir_writer_of(text, n);
    put_conf(f, conf);
    text[n] = '\0';
    if (!f->no_memory)
        return text;
    free(text);
    return NULL;
}

static char *text_of(const struct stir_conf *conf, bool effective, bool json)
{
    struct stir_writer w = stir_writer_of(NULL, 0);
    struct form f = {.w = &w, .json = json, .effective = effective};
    char *text = NULL;
    f.value = malloc(VALUE_MAX);
    f.otherwise = malloc(VALUE_MAX);
    if (f.value && f.otherwise)
        text = write_conf(&f, conf);
    free(f.value);
    free(f.otherwise);
    return text;
}

char *stir_config_text(const struct stir_conf *conf, bool effective)
{
    return text_of(conf, effective, false);
}

char *stir_config_json(const struct stir_conf *conf, bool effective)
{
    return text_of(conf, effective, true);
}

/* They are written the same. What is too long to be compared is another: 64 networks are the longest of such keys, and fit. */
static bool is_same(const struct stir_config_key *key, const void *a, const void *b)
{
    char texts[2][4096];
    struct stir_writer first = stir_writer_of(texts[0], sizeof(texts[0])), second = stir_writer_of(texts[1], sizeof(texts[1]));
    stir_config_put(&first, key, a, a);
    stir_config_put(&second, key, b, b);
    return first.need == second.need && first.need <= sizeof(texts[0]) && memcmp(texts[0], texts[1], first.need) == 0;
}

/* The sections that hold such keys stand once. */
bool stir_config_fixed(const struct stir_conf *before, const struct stir_conf *after, char text[STIR_CONFIG_KEY_TEXT])
{
    for (size_t kind = 0; kind < STIR_SECTIONS; kind++) {
        const struct stir_config_section *section = &stir_config_sections[kind];
        const void *a = stir_config_at(before, (enum stir_config_kind)kind, 0), *b = stir_config_at(after, (enum stir_config_kind)kind, 0);
        for (size_t i = 0; i < section->n_keys; i++) {
            const struct stir_config_key *key = &section->keys[i];
            if (!stir_config_at_start(section, key) || is_same(key, a, b))
                continue;
            snprintf(text, STIR_CONFIG_KEY_TEXT, "[%s] %s", section->kind, key->name);
            return true;
        }
    }
    return false;
}

bool stir_config_hash(struct stir_conf *conf)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    char *text = stir_config_text(conf, true);
    STIR_OSSL_QUIET;
    bool good = text && EVP_Digest(text, strlen(text), sum, &n, EVP_sha256(), NULL) == 1;
    free(text);
    for (size_t i = 0; good && i + 1 < sizeof(conf->hash); i++)
        conf->hash[i] = "0123456789abcdef"[i % 2 ? sum[i / 2] & 15 : sum[i / 2] >> 4];
    return good;
}
