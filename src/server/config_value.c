#include "server/config_value.h"

#include "io/settings.h"
#include "server/config_words.h"

#include <stdio.h>

/* ---- Words ---- */

static bool wrong(char fault[STIR_CONFIG_FAULT], const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(char fault[STIR_CONFIG_FAULT], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(fault, STIR_CONFIG_FAULT, format, args);
    va_end(args);
    return false;
}

/* The next word of a list; false at the end. */
static bool next_word(struct stir_slice *rest, struct stir_slice *word)
{
    size_t n = 0;
    *rest = stir_slice_trim(*rest);
    while (n < rest->n && !stir_is_space(rest->p[n]))
        n++;
    *word = stir_slice_upto(*rest, n);
    *rest = stir_slice_from(*rest, n);
    return n > 0;
}

/* The same of a list of texts with ';' between. An empty one is a word too, for whoever judges it. */
static bool next_phrase(struct stir_slice *rest, struct stir_slice *word)
{
    if (!rest->p)
        return false;
    size_t n = stir_slice_find(*rest, ';');
    *word = stir_slice_trim(stir_slice_upto(*rest, n));
    *rest = n < rest->n ? stir_slice_from(*rest, n + 1) : (struct stir_slice){NULL, 0};
    return true;
}

typedef bool cut(struct stir_slice *rest, struct stir_slice *word);

static size_t count(struct stir_slice value, cut *next)
{
    struct stir_slice word;
    size_t n = 0;
    while (next(&value, &word))
        n++;
    return n;
}

static void put_words(struct stir_writer *w, const struct stir_config_word *words)
{
    for (size_t i = 0; words[i].word; i++)
        stir_put_format(w, "%s%s", i == 0 ? "" : words[i + 1].word ? ", " : " or ", words[i].word);
}

/* The word's value; false when there is none. */
static bool find_word(const struct stir_config_word *words, struct stir_slice word, unsigned *value)
{
    for (size_t i = 0; words[i].word; i++) {
        if (stir_slice_is(word, words[i].word)) {
            *value = words[i].value;
            return true;
        }
    }
    return false;
}

/* ---- Numbers with units ---- */

struct unit {
    const char *unit;
    int64_t worth;
};
static const struct unit units_ms[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};
static const struct unit units_s[] = {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}, {NULL, 0}};
static const struct unit units_bytes[] = {{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"", 1}, {NULL, 0}};
static const struct unit units_none[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(enum stir_config_type type)
{
    return type == STIR_KEY_SPAN_MS ? units_ms : type == STIR_KEY_SPAN ? units_s : type == STIR_KEY_SIZE ? units_bytes : units_none;
}

/* In the largest unit that it is a whole number of. */
static void put_amount(struct stir_writer *w, enum stir_config_type type, int64_t amount)
{
    const struct unit *unit = units_of(type);
    while (unit[1].unit && (amount % unit->worth || (amount == 0 && unit->unit[0] != 's')))
        unit++;
    stir_put_int(w, amount / unit->worth);
    stir_put_text(w, unit->unit);
}

void stir_config_bounds(struct stir_writer *w, const struct stir_config_key *key)
{
    switch (key->type) {
    case STIR_KEY_NUMBER:
    case STIR_KEY_SPAN:
    case STIR_KEY_SPAN_MS:
    case STIR_KEY_SIZE:
        put_amount(w, key->type, key->low);
        stir_put_text(w, " to ");
        put_amount(w, key->type, key->high);
        break;
    case STIR_KEY_COUNT: stir_put_format(w, "none, or 0 to %lld", (long long)key->low); break;
    case STIR_KEY_CHOICE:
    case STIR_KEY_FLAGS: put_words(w, key->words); break;
    default: break;
    }
}

static bool out_of_bounds(char fault[STIR_CONFIG_FAULT], const struct stir_config_key *key, struct stir_slice value)
{
    char bounds[64] = "";
    size_t n;
    struct stir_writer w = stir_writer_of(bounds, sizeof(bounds));
    stir_config_bounds(&w, key);
    (void)!stir_writer_close(&w, &n);
    return wrong(fault, "%.*s is out of bounds; %s is what it may be", STIR_SHOW(value), bounds);
}

static bool set_amount(const struct stir_config_key *key, int64_t *at, struct stir_slice value, char fault[STIR_CONFIG_FAULT])
{
    static const char *const examples[] = {[STIR_KEY_NUMBER] = "digits alone",
                                           [STIR_KEY_SPAN_MS] = "500ms, 5s, 10m, 12h or 7d with its unit",
                                           [STIR_KEY_SPAN] = "5s, 10m, 12h or 7d with its unit",
                                           [STIR_KEY_SIZE] = "4096, 64K, 256M or 2G"};
    size_t digits = 0;
    int64_t n;
    while (digits < value.n && stir_is_digit(value.p[digits]))
        digits++;
    const struct unit *unit = units_of(key->type);
    while (unit->unit && !stir_slice_is(stir_slice_from(value, digits), unit->unit))
        unit++;
    if (!digits || !unit->unit)
        return wrong(fault, "\"%.*s\" is none; such are written as %s", STIR_SHOW(value), examples[key->type]);
    if (!stir_settings_number(&n, stir_slice_upto(value, digits), INT64_MAX / 16 / unit->worth) || n * unit->worth < key->low || n * unit->worth > key->high)
        return out_of_bounds(fault, key, value);
    *at = n * unit->worth;
    return true;
}

static bool set_count(const struct stir_config_key *key, int64_t *at, struct stir_slice value, char fault[STIR_CONFIG_FAULT])
{
    int64_t n = -1;
    if (!stir_slice_is(value, "none") && !stir_settings_number(&n, value, key->low))
        return wrong(fault, "\"%.*s\" is none; it is none, or 0 to %lld", STIR_SHOW(value), (long long)key->low);
    *at = n;
    return true;
}

static void put_count(struct stir_writer *w, int64_t n)
{
    if (n < 0)
        stir_put_text(w, "none");
    else
        stir_put_int(w, n);
}

/* ---- Choices ---- */

/* An enum, an unsigned, a bool or a char. */
static void store(void *at, size_t size, unsigned value)
{
    unsigned char small = (unsigned char)value;
    memcpy(at, size == 1 ? (const void *)&small : (const void *)&value, size == 1 ? 1 : sizeof(value));
}

static unsigned load(const void *at, size_t size)
{
    unsigned char small;
    unsigned value;
    memcpy(size == 1 ? (void *)&small : (void *)&value, at, size == 1 ? 1 : sizeof(value));
    return size == 1 ? small : value;
}

static bool no_such_word(char fault[STIR_CONFIG_FAULT], const struct stir_config_key *key, struct stir_slice word)
{
    char words[160] = "";
    size_t n;
    struct stir_writer w = stir_writer_of(words, sizeof(words));
    put_words(&w, key->words);
    (void)!stir_writer_close(&w, &n);
    return wrong(fault, "\"%.*s\" is none of %s", STIR_SHOW(word), words);
}

static bool set_choice(const struct stir_config_key *key, void *at, struct stir_slice value, char fault[STIR_CONFIG_FAULT])
{
    unsigned found;
    if (!find_word(key->words, value, &found))
        return no_such_word(fault, key, value);
    store(at, key->size, found);
    return true;
}

static bool set_flags(const struct stir_config_key *key, void *at, struct stir_slice value, char fault[STIR_CONFIG_FAULT])
{
    struct stir_slice word;
    unsigned all = 0, found;
    while (next_word(&value, &word)) {
        if (!find_word(key->words, word, &found))
            return no_such_word(fault, key, word);
        if (all & found)
            return wrong(fault, "\"%.*s\" stands twice", STIR_SHOW(word));
        all |= found;
    }
    store(at, key->size, all);
    return true;
}

static bool set_bool(bool *at, struct stir_slice value, char fault[STIR_CONFIG_FAULT])
{
    if (!stir_slice_is(value, "yes") && !stir_slice_is(value, "no"))
        return wrong(fault, "\"%.*s\" is neither yes nor no", STIR_SHOW(value));
    *at = stir_slice_is(value, "yes");
    return true;
}

/* ---- Texts ---- */

/* A copy that lives as long as the conf; "" when there is no memory, which the room remembers. */
static const char *keep(struct stir_config_room *room, struct stir_slice text)
{
    const char *copy = stir_arena_copy(room->arena, text.p ? text : stir_slice_str("")).p;
    room->no_memory = room->no_memory || !copy;
    return copy ? copy : "";
}

static bool is_long(const struct stir_config_key *key, struct stir_slice text, char fault[STIR_CONFIG_FAULT])
{
    if ((int64_t)text.n >= key->low && (int64_t)text.n <= key->high)
        return false;
    if (key->low == key->high)
        wrong(fault, "\"%.*s\" has %zu characters; it must have %lld", STIR_SHOW(text), text.n, (long long)key->low);
    else
        wrong(fault, "\"%.*s\" has %zu characters; %lld to %lld are what it may have", STIR_SHOW(text), text.n, (long long)key->low, (long long)key->high);
    return true;
}

static bool set_text(struct stir_config_room *room, const struct stir_config_key *key, const char **at, struct stir_slice value, char fault[STIR_CONFIG_FAULT])
{
    const char *what = key->check ? key->check(value) : NULL;
    if (what)
        return wrong(fault, "\"%.*s\" %s", STIR_SHOW(value), what);
    if (is_long(key, value, fault))
        return false;
    *at = keep(room, value);
    return true;
}

static bool set_list(struct stir_config_room *room, const struct stir_config_key *key, struct stir_conf_list *at, struct stir_slice value,
                     char fault[STIR_CONFIG_FAULT])
{
    cut *next = key->type == STIR_KEY_PHRASES ? next_phrase : next_word;
    size_t n = count(value, next);
    struct stir_slice rest = value, word;
    if (key->otherwise[0] && stir_slice_is(value, "none")) {
        *at = (struct stir_conf_list){NULL, 0};
        return true;
    }
    if ((int64_t)n > key->high)
        return wrong(fault, "has %zu words; %lld are the most", n, (long long)key->high);
    while (next(&rest, &word)) {
        const char *what = key->check ? key->check(word) : NULL;
        if (what)
            return wrong(fault, "\"%.*s\" %s", STIR_SHOW(word), what);
        struct stir_slice before = stir_slice_of(value.p, (size_t)(word.p - value.p)), other;
        while (next(&before, &other))
            if (stir_slice_eq(other, word))
                return wrong(fault, "\"%.*s\" stands twice", STIR_SHOW(word));
    }
    const char **items = stir_arena_get(room->arena, (n + 1) * sizeof(*items)); /* and a NULL behind them */
    if (!items) {
        room->no_memory = true;
        return true;
    }
    for (size_t i = 0; next(&value, &word); i++)
        items[i] = keep(room, word);
    *at = (struct stir_conf_list){items, n};
    return true;
}

/* ---- Paths ---- */

/* What is pasted from a key file, or a key in JSON. */
static bool looks_inline(struct stir_slice value)
{
    size_t n = 0;
    while (n < value.n && (stir_is_alpha(value.p[n]) || stir_is_digit(value.p[n]) || strchr("+/=-_", value.p[n])))
        n++;
    return value.p[0] == '{' || (n == value.n && n >= 60 && value.p[0] != '/');
}

static const char credential[] = "credential:";

static bool is_credential(struct stir_slice value)
{
    return value.n >= sizeof(credential) - 1 && memcmp(value.p, credential, sizeof(credential) - 1) == 0;
}

static const char *path_fault(const struct stir_config_key *key, struct stir_slice value)
{
    bool named = is_credential(value);
    struct stir_slice name = stir_slice_from(value, named ? sizeof(credential) - 1 : 0);
    if (key->secret && looks_inline(value))
        return "looks like the secret itself; write that into a file of mode 0600 and name the file here, or credential:NAME";
    if (named && !key->secret)
        return "must be a path; only keys, certificates and tokens come from credentials";
    if (named && (!name.n || name.n > 255 || stir_slice_find(name, '/') < name.n || name.p[0] == '.'))
        return "is no credential; one is credential:main-key, as systemd's LoadCredential names it";
    if (stir_slice_is(value, "-"))
        return "must be a path; standard input can be read only once, and a reload reads again";
    return NULL;
}

static bool set_path(struct stir_config_room *room, const struct stir_config_key *key, const char **at, struct stir_slice value, char fault[STIR_CONFIG_FAULT])
{
    const char *what = path_fault(key, value);
    if (what && key->secret)
        return wrong(fault, "the value %s", what);
    if (what)
        return wrong(fault, "\"%.*s\" %s", STIR_SHOW(value), what);
    char path[STIR_CONFIG_PATH + 1];
    bool whole = value.p[0] == '/' || (key->secret && is_credential(value));
    int n = snprintf(path, sizeof(path), "%s%.*s", whole ? "" : room->folder, (int)value.n, value.p);
    if (n < 0 || (size_t)n >= sizeof(path))
        return wrong(fault, "a path has at most %d bytes", STIR_CONFIG_PATH);
    *at = keep(room, stir_slice_str(path));
    return true;
}

/* A file of SQLite, with or without "sqlite:", or a database. */
static bool set_store(struct stir_config_room *room, const struct stir_config_key *key, const char **at, struct stir_slice value, char fault[STIR_CONFIG_FAULT])
{
    static const char head[] = "sqlite:";
    size_t n = sizeof(head) - 1;
    if (stir_word_is_database(value) && key->check(value))
        return wrong(fault, "the URL %s", key->check(value)); /* which is not repeated */
    if (stir_word_is_database(value))
        return set_text(room, key, at, value, fault);
    for (size_t i = 0; i + 3 <= value.n; i++)
        if (memcmp(value.p + i, "://", 3) == 0) /* it may hold a password: not repeated either */
            return wrong(fault, "a store is a file (SQLite) or postgresql://...; other databases are not known");
    return set_path(room, key, at, value.n > n && memcmp(value.p, head, n) == 0 ? stir_slice_from(value, n) : value, fault);
}

/* ---- Parts of a policy ---- */

static bool set_preset(struct stir_slice value, char fault[STIR_CONFIG_FAULT])
{
    struct stir_policy policy;
    char names[160] = "";
    size_t n = 0;
    if (stir_policy_preset(&policy, value) == STIR_OK)
        return true; /* it was the first thing that was read of its section: stir_config_default() */
    for (size_t i = 0; stir_policy_preset_at(i) && n < sizeof(names); i++)
        n += (size_t)snprintf(names + n, sizeof(names) - n, " %s", stir_policy_preset_at(i));
    return wrong(fault, "\"%.*s\" is no preset; there are%s", STIR_SHOW(value), names);
}

static bool set_plan(const struct stir_dial_plan **at, struct stir_slice value, char fault[STIR_CONFIG_FAULT])
{
    char names[64] = "";
    size_t n = 0;
    if (stir_slice_is(value, "none")) {
        *at = NULL;
        return true;
    }
    const struct stir_dial_plan *plan = stir_tn_plan(value);
    if (plan)
        *at = plan;
    for (size_t i = 0; !plan && stir_tn_plan_at(i) && n < sizeof(names); i++)
        n += (size_t)snprintf(names + n, sizeof(names) - n, " %s", stir_tn_plan_at(i));
    return plan || wrong(fault, "\"%.*s\" is no dial plan; there are none%s", STIR_SHOW(value), names);
}

/* The preset brings this severity of its own. */
static bool is_of_preset(const struct stir_policy *preset, enum stir_reason reason, enum stir_severity severity)
{
    for (size_t i = 0; i < preset->n_overrides; i++)
        if (preset->overrides[i].reason == reason)
            return preset->overrides[i].severity == severity;
    return false;
}

/* The policy holds another severity than its preset: a key has named the reason already. */
static bool is_changed(const struct stir_policy *policy, enum stir_reason reason)
{
    struct stir_policy preset;
    if (stir_policy_preset(&preset, stir_slice_str(policy->name)) != STIR_OK)
        return false;
    for (size_t i = 0; i < policy->n_overrides; i++)
        if (policy->overrides[i].reason == reason)
            return !is_of_preset(&preset, reason, policy->overrides[i].severity);
    return false;
}

static bool set_reasons(const struct stir_config_key *key, struct stir_policy *at, struct stir_slice value, char fault[STIR_CONFIG_FAULT])
{
    struct stir_policy changed = *at;
    struct stir_slice word;
    while (next_word(&value, &word)) {
        enum stir_reason reason = stir_reason_by_name(word);
        if (reason == STIR_R_NONE)
            return wrong(fault, "\"%.*s\" is no reason; docs/REASONS.md lists them", STIR_SHOW(word));
        if (is_changed(&changed, reason))
            return wrong(fault, "\"%.*s\" stands twice in fail, warn and off", STIR_SHOW(word));
        switch (stir_policy_set(&changed, reason, (enum stir_severity)key->low)) {
        case STIR_OK: break;
        case STIR_ELIMIT: return wrong(fault, "more than %d reasons are changed", STIR_POLICY_OVERRIDES);
        default: return wrong(fault, "\"%.*s\" stays fatal: without it anybody could be anybody", STIR_SHOW(word));
        }
    }
    *at = changed;
    return true;
}

static bool is_oid(struct stir_slice word)
{
    bool digit = false;
    size_t dots = 0;
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] != '.' && !stir_is_digit(word.p[i]))
            return false;
        if (word.p[i] == '.' && (!digit || ++dots == 0))
            return false;
        digit = word.p[i] != '.';
    }
    return digit && dots > 0 && word.n <= 64;
}

static bool set_oids(struct stir_config_room *room, struct stir_policy *at, struct stir_slice value, char fault[STIR_CONFIG_FAULT])
{
    struct stir_slice rest = value, word;
    if (count(value, next_word) > STIR_POLICY_OIDS)
        return wrong(fault, "more than %d policies", STIR_POLICY_OIDS);
    while (!stir_slice_is(value, "any") && next_word(&rest, &word))
        if (!is_oid(word))
            return wrong(fault, "\"%.*s\" is no policy; one is 2.16.840.1.114569.1.1.4, and any is all of them", STIR_SHOW(word));
    at->n_policy_oids = 0;
    while (!stir_slice_is(value, "any") && next_word(&value, &word))
        at->policy_oid[at->n_policy_oids++] = keep(room, word);
    return true;
}

bool stir_config_set(struct stir_config_room *room, const struct stir_config_key *key, void *base, struct stir_slice value, char fault[STIR_CONFIG_FAULT])
{
    void *at = (char *)base + key->offset;
    switch (key->type) {
    case STIR_KEY_TEXT: return set_text(room, key, at, value, fault);
    case STIR_KEY_LIST:
    case STIR_KEY_PHRASES: return set_list(room, key, at, value, fault);
    case STIR_KEY_COUNT: return set_count(key, at, value, fault);
    case STIR_KEY_STORE: return set_store(room, key, at, value, fault);
    case STIR_KEY_NUMBER:
    case STIR_KEY_SPAN_MS:
    case STIR_KEY_SPAN:
    case STIR_KEY_SIZE: return set_amount(key, at, value, fault);
    case STIR_KEY_BOOL: return set_bool(at, value, fault);
    case STIR_KEY_CHOICE: return set_choice(key, at, value, fault);
    case STIR_KEY_FLAGS: return set_flags(key, at, value, fault);
    case STIR_KEY_FILE:
    case STIR_KEY_FOLDER: return set_path(room, key, at, value, fault);
    case STIR_KEY_PRESET: return set_preset(value, fault);
    case STIR_KEY_PLAN: return set_plan(at, value, fault);
    case STIR_KEY_REASONS: return set_reasons(key, at, value, fault);
    case STIR_KEY_OIDS: return set_oids(room, at, value, fault);
    }
    return false;
}

/* ---- Back to text ---- */

static void put_choice(struct stir_writer *w, const struct stir_config_key *key, const void *at)
{
    unsigned value = load(at, key->size);
    for (size_t i = 0; key->words[i].word; i++)
        if (key->words[i].value == value)
            stir_put_text(w, key->words[i].word);
}

static void put_flags(struct stir_writer *w, const struct stir_config_key *key, const void *at)
{
    unsigned value = load(at, key->size);
    const char *gap = "";
    for (size_t i = 0; key->words[i].word; i++) {
        if (!(key->words[i].value & value))
            continue;
        stir_put_format(w, "%s%s", gap, key->words[i].word);
        gap = " ";
    }
}

static void put_list(struct stir_writer *w, const struct stir_config_key *key, const struct stir_conf_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        stir_put_format(w, "%s%s", !i ? "" : key->type == STIR_KEY_PHRASES ? "; " : " ", list->items[i]);
    if (!list->n && key->otherwise[0])
        stir_put_text(w, "none");
}

static void put_plan(struct stir_writer *w, const struct stir_dial_plan *plan)
{
    if (!plan)
        stir_put_text(w, "none");
    for (size_t i = 0; plan && stir_tn_plan_at(i); i++)
        if (stir_tn_plan(stir_slice_str(stir_tn_plan_at(i))) == plan)
            stir_put_text(w, stir_tn_plan_at(i));
}

static void put_reasons(struct stir_writer *w, const struct stir_config_key *key, const struct stir_policy *policy, const struct stir_policy *preset)
{
    const char *gap = "";
    for (size_t i = 0; i < policy->n_overrides; i++) {
        if ((int64_t)policy->overrides[i].severity != key->low || is_of_preset(preset, policy->overrides[i].reason, policy->overrides[i].severity))
            continue;
        stir_put_format(w, "%s%s", gap, stir_reason_name(policy->overrides[i].reason));
        gap = " ";
    }
}

static void put_oids(struct stir_writer *w, const struct stir_policy *policy)
{
    for (size_t i = 0; i < policy->n_policy_oids; i++)
        stir_put_format(w, "%s%s", i ? " " : "", policy->policy_oid[i]);
    if (!policy->n_policy_oids)
        stir_put_text(w, "any");
}

void stir_config_put(struct stir_writer *w, const struct stir_config_key *key, const void *base, const void *preset)
{
    const void *at = (const char *)base + key->offset;
    switch (key->type) {
    case STIR_KEY_TEXT:
    case STIR_KEY_FILE:
    case STIR_KEY_STORE:
    case STIR_KEY_FOLDER: stir_put_text(w, *(const char *const *)at); break;
    case STIR_KEY_LIST:
    case STIR_KEY_PHRASES: put_list(w, key, at); break;
    case STIR_KEY_COUNT: put_count(w, *(const int64_t *)at); break;
    case STIR_KEY_NUMBER:
    case STIR_KEY_SPAN_MS:
    case STIR_KEY_SPAN:
    case STIR_KEY_SIZE: put_amount(w, key->type, *(const int64_t *)at); break;
    case STIR_KEY_BOOL: stir_put_text(w, *(const bool *)at ? "yes" : "no"); break;
    case STIR_KEY_CHOICE: put_choice(w, key, at); break;
    case STIR_KEY_FLAGS: put_flags(w, key, at); break;
    case STIR_KEY_PRESET: stir_put_text(w, ((const struct stir_policy *)at)->name); break;
    case STIR_KEY_PLAN: put_plan(w, *(const struct stir_dial_plan *const *)at); break;
    case STIR_KEY_REASONS: put_reasons(w, key, at, (const void *)((const char *)preset + key->offset)); break;
    case STIR_KEY_OIDS: put_oids(w, at); break;
    }
}

/* ---- Defaults ---- */

/* Texts are never NULL. */
static void begin(const struct stir_config_section *section, void *at)
{
    const char *empty = "";
    memset(at, 0, section->size);
    for (size_t i = 0; i < section->n_keys; i++) {
        const struct stir_config_key *key = &section->keys[i];
        if (key->type == STIR_KEY_TEXT || key->type == STIR_KEY_FILE || key->type == STIR_KEY_FOLDER || key->type == STIR_KEY_STORE)
            memcpy((char *)at + key->offset, &empty, sizeof(empty));
    }
}

bool stir_config_default(struct stir_config_room *room, enum stir_config_kind kind, void *at, struct stir_slice preset)
{
    const struct stir_config_section *section = &stir_config_sections[kind];
    char fault[STIR_CONFIG_FAULT];
    begin(section, at);
    if (kind == STIR_SECTION_VERIFY && stir_policy_preset(&((struct stir_conf_verify *)at)->policy, preset) != STIR_OK &&
        stir_policy_preset(&((struct stir_conf_verify *)at)->policy, stir_slice_str("shaken")) != STIR_OK)
        return false;
    if (kind == STIR_SECTION_SIGN)
        ((struct stir_conf_sign *)at)->tn = (struct stir_tn_options)STIR_TN_OPTIONS_INIT;
    for (size_t i = 0; i < section->n_keys; i++) {
        const struct stir_config_key *key = &section->keys[i];
        if (key->otherwise && key->otherwise[0] && !stir_config_set(room, key, at, stir_slice_str(key->otherwise), fault))
            return false;
    }
    return !room->no_memory;
}
