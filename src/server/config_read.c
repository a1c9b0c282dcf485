#include "server/config_read.h"

#include "io/file.h"
#include "io/settings.h"
#include "server/config_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A conf and what it is made of. */
struct config {
    struct stir_conf conf; /* first: the conf is the config */
    struct stir_arena arena;
};

enum { ARENA_LIMIT = 256 << 20, WORD_MAX = 40 };

/* ---- Faults ---- */

static void say(struct stir_config_reading *r, const char *text)
{
    r->faults++;
    if (r->say && r->faults <= STIR_CONFIG_FAULTS)
        r->say->say(r->say->arg, text);
}

static const char *name_of(const struct stir_config_reading *r, const struct stir_config_place *place)
{
    const char *name = NULL;
    if (stir_config_sections[place->kind].named)
        memcpy(&name, stir_config_at(r->conf, place->kind, place->index), sizeof(name));
    return name;
}

void stir_config_fault(struct stir_config_reading *r, size_t line, const struct stir_config_place *place, const char *key, const char *format, ...)
{
    char what[STIR_CONFIG_FAULT + 128], where[2 * STIR_CONFIG_NAME + 16] = "", text[STIR_CONFIG_PATH + sizeof(what) + sizeof(where) + 64];
    const char *name = place ? name_of(r, place) : NULL;
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    for (char *p = what; *p; p++)
        if (*p == '\t')
            *p = ' '; /* the one control character that a line may hold */
    if (place)
        snprintf(where, sizeof(where), " [%s%s%s]", stir_config_sections[place->kind].kind, name ? " " : "", name ? name : "");
    if (line)
        snprintf(text, sizeof(text), "%s:%zu:%s%s%s%s %s", r->file, line, where, key ? " " : "", key ? key : "", place || key ? ":" : "", what);
    else
        snprintf(text, sizeof(text), "%s:%s%s%s%s %s", r->file, where, key ? " " : "", key ? key : "", place || key ? ":" : "", what);
    say(r, text);
}

static size_t key_index(enum stir_config_kind kind, const char *key)
{
    return (size_t)(stir_config_key_of(kind, stir_slice_str(key)) - stir_config_sections[kind].keys);
}

bool stir_config_given(const struct stir_config_place *place, const char *key)
{
    return place->lines[key_index(place->kind, key)] != 0;
}

size_t stir_config_line(const struct stir_config_place *place, const char *key)
{
    return stir_config_given(place, key) ? place->lines[key_index(place->kind, key)] : place->line;
}

/* ---- Did you mean ---- */

/* Letters to change, add or leave out to make one of the other. */
static size_t distance(struct stir_slice a, struct stir_slice b)
{
    size_t row[WORD_MAX + 1], before, above;
    for (size_t k = 0; k <= b.n; k++)
        row[k] = k;
    for (size_t i = 1; i <= a.n; i++) {
        above = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b.n; k++) {
            before = row[k];
            size_t change = above + (stir_lower(a.p[i - 1]) != stir_lower(b.p[k - 1]));
            size_t least = row[k - 1] < row[k] ? row[k - 1] + 1 : row[k] + 1;
            row[k] = change < least ? change : least;
            above = before;
        }
    }
    return row[b.n];
}

/* One is the beginning of the other, and says enough. */
static bool is_cut(struct stir_slice a, struct stir_slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    return n >= 3 && memcmp(a.p, b.p, n) == 0;
}

const char *stir_config_near(struct stir_slice word, size_t n, const char *(*at)(const void *arg, size_t i), const void *arg)
{
    const char *nearest = NULL;
    size_t least = word.n < 5 ? 2 : word.n < 9 ? 3 : 4; /* so many letters are too many */
    for (size_t i = 0; word.n && word.n <= WORD_MAX && i < n; i++) {
        struct stir_slice other = stir_slice_str(at(arg, i));
        size_t d = !other.p || other.n > WORD_MAX ? SIZE_MAX : is_cut(word, other) ? 1 : distance(word, other);
        if (d < least) {
            least = d;
            nearest = other.p;
        }
    }
    return nearest;
}

static const char *kind_at(const void *arg, size_t i)
{
    (void)arg;
    return stir_config_sections[i].kind;
}

static const char *key_at(const void *arg, size_t i)
{
    return ((const struct stir_config_section *)arg)->keys[i].name;
}

/* ---- Reading ---- */

static struct stir_settings settings_of(struct stir_slice text)
{
    struct stir_settings settings = stir_settings_of(text);
    settings.sections = true;
    settings.max_line = STIR_CONFIG_LINE;
    return settings;
}

/* "kind NAME" into its two words. */
static enum stir_config_kind split(struct stir_slice section, struct stir_slice *name)
{
    size_t blank = 0;
    while (blank < section.n && !stir_is_space(section.p[blank]))
        blank++;
    *name = stir_slice_trim(stir_slice_from(section, blank));
    return stir_config_kind_of(stir_slice_upto(section, blank));
}

/* What has to be known before the first section is filled: how many there are of each kind, and by which preset [verify] begins. */
struct survey {
    size_t n[STIR_SECTIONS + 1], all;
    struct stir_slice preset;
};

static void survey(struct survey *out, struct stir_slice text)
{
    struct stir_settings settings = settings_of(text);
    struct stir_setting setting;
    struct stir_slice name;
    enum stir_config_kind kind = STIR_SECTION_NONE;
    *out = (struct survey){.all = 0};
    while (stir_settings_next(&settings, &setting)) {
        if (setting.section.p && !setting.fault) {
            kind = split(setting.section, &name);
            out->n[kind]++;
            out->all++;
        } else if (kind == STIR_SECTION_VERIFY && !setting.fault && stir_slice_is(setting.key, "preset") && !out->preset.p) {
            out->preset = setting.value;
        }
    }
}

/* The one of a kind that is there whether it is written or not, and comes first; NULL: there is none. */
static const char *given_name(enum stir_config_kind kind)
{
    return kind == STIR_SECTION_ACTIONS ? "default" : kind == STIR_SECTION_PROFILE ? "shaken" : NULL;
}

/* Room for all sections, those that stand once at their defaults, and those that are there unwritten. */
static bool prepare(struct stir_config_reading *r, const struct survey *s)
{
    r->places = stir_arena_get(r->room.arena, (s->all + 1) * sizeof(*r->places));
    if (!r->places)
        return false;
    for (size_t kind = 0; kind < STIR_SECTIONS; kind++) {
        const struct stir_config_section *section = &stir_config_sections[kind];
        char *at = (char *)r->conf + section->offset;
        if (section->named) {
            void *all = stir_arena_get(r->room.arena, (s->n[kind] + 1) * section->size);
            if (!all)
                return false;
            memcpy(at, &all, sizeof(all));
        } else if (!stir_config_default(&r->room, (enum stir_config_kind)kind, at, s->preset)) {
            return false;
        }
    }
    r->conf->n_actions = r->conf->n_profiles = 1;
    if (!stir_config_default(&r->room, STIR_SECTION_ACTIONS, r->conf->actions, s->preset) ||
        !stir_config_default(&r->room, STIR_SECTION_PROFILE, r->conf->profiles, s->preset))
        return false;
    r->conf->actions[0].name = given_name(STIR_SECTION_ACTIONS);
    r->conf->profiles[0].name = given_name(STIR_SECTION_PROFILE);
    return true;
}

static void unknown_section(struct stir_config_reading *r, const struct stir_setting *setting)
{
    size_t blank = 0;
    while (blank < setting->section.n && !stir_is_space(setting->section.p[blank]))
        blank++;
    const char *meant = stir_config_near(stir_slice_upto(setting->section, blank), STIR_SECTIONS, kind_at, NULL);
    stir_config_fault(r, setting->line, NULL, NULL, "[%.*s]: no such section%s%s%s", STIR_SHOW(setting->section),
                      meant ? "; did you mean [" : "; stir conf keys lists them", meant ? meant : "", meant ? "]?" : "");
}

/* The line that begins a section, when it is the name that is wrong: the section is read all the same, so that what is wrong inside is told too. */
static void check_name(struct stir_config_reading *r, const struct stir_setting *setting, enum stir_config_kind kind, struct stir_slice name)
{
    const struct stir_config_section *section = &stir_config_sections[kind];
    if (!section->named && name.n)
        stir_config_fault(r, setting->line, NULL, NULL, "[%.*s]: there is one such section, without a name: [%s]", STIR_SHOW(setting->section), section->kind);
    else if (section->named && !name.n)
        stir_config_fault(r, setting->line, NULL, NULL, "[%s]: needs a name: [%s NAME]", section->kind, section->kind);
    else if (section->named && stir_word_name(name))
        stir_config_fault(r, setting->line, NULL, NULL, "[%.*s]: \"%.*s\" %s", STIR_SHOW(setting->section), STIR_SHOW(name), stir_word_name(name));
}

static struct stir_config_place *once(struct stir_config_reading *r, enum stir_config_kind kind, size_t index)
{
    for (size_t i = 0; i < r->n_places; i++)
        if (r->places[i].kind == kind && r->places[i].index == index)
            return &r->places[i];
    return NULL;
}

/* The struct of a new section of that name. */
static bool new_section(struct stir_config_reading *r, struct stir_config_place *place, struct stir_slice name)
{
    const struct stir_config_section *section = &stir_config_sections[place->kind];
    char *first, *counted = (char *)r->conf + section->counted;
    memcpy(&first, (char *)r->conf + section->offset, sizeof(first));
    memcpy(&place->index, counted, sizeof(place->index));
    if (!stir_config_default(&r->room, place->kind, first + place->index * section->size, stir_slice_str("")))
        return false;
    const char *copy = stir_arena_copy(r->room.arena, stir_slice_upto(name, name.n < STIR_CONFIG_NAME ? name.n : STIR_CONFIG_NAME)).p;
    size_t n = place->index + 1;
    if (!copy)
        return false;
    memcpy(first + place->index * section->size, &copy, sizeof(copy));
    memcpy(counted, &n, sizeof(n));
    return true;
}

/* A section begins. NULL: none that is known, or no memory. */
static struct stir_config_place *begin(struct stir_config_reading *r, const struct stir_setting *setting)
{
    struct stir_slice name;
    enum stir_config_kind kind = split(setting->section, &name);
    if (kind == STIR_SECTION_NONE) {
        unknown_section(r, setting);
        return NULL;
    }
    check_name(r, setting, kind, name);
    const char *given = given_name(kind);
    bool single = !stir_config_sections[kind].named || (given && stir_slice_is(name, given));
    const struct stir_config_place *before = single ? once(r, kind, 0) : NULL;
    if (before)
        stir_config_fault(r, setting->line, NULL, NULL, "[%.*s]: stands twice; it began in line %zu", STIR_SHOW(setting->section), before->line);
    struct stir_config_place *place = &r->places[r->n_places];
    *place = (struct stir_config_place){.kind = kind, .line = setting->line};
    if (!single && !new_section(r, place, name.n ? name : stir_slice_str("?"))) {
        r->room.no_memory = true;
        return NULL;
    }
    r->n_places++;
    return place;
}

static void unknown_key(struct stir_config_reading *r, const struct stir_setting *setting, const struct stir_config_place *place)
{
    const struct stir_config_section *section = &stir_config_sections[place->kind];
    char key[STIR_CONFIG_NAME + 1];
    snprintf(key, sizeof(key), "%.*s", (int)setting->key.n, setting->key.p);
    const char *meant = stir_config_near(setting->key, section->n_keys, key_at, section);
    for (size_t i = 0; !meant && i < STIR_SECTIONS; i++) {
        if (!stir_config_key_of((enum stir_config_kind)i, setting->key))
            continue;
        stir_config_fault(r, setting->line, place, key, "there is no such key here; it stands in [%s%s]", stir_config_sections[i].kind,
                          stir_config_sections[i].named ? " NAME" : "");
        return;
    }
    stir_config_fault(r, setting->line, place, key, "there is no such key%s%s%s", meant ? "; did you mean " : "; stir conf keys lists them", meant ? meant : "",
                      meant ? "?" : "");
}

static void read_key(struct stir_config_reading *r, const struct stir_setting *setting, struct stir_config_place *place)
{
    const struct stir_config_key *key = stir_config_key_of(place->kind, setting->key);
    const struct stir_config_section *section = &stir_config_sections[place->kind];
    char fault[STIR_CONFIG_FAULT];
    if (!key) {
        unknown_key(r, setting, place);
        return;
    }
    unsigned *line = &place->lines[key - section->keys];
    if (*line) {
        stir_config_fault(r, setting->line, place, key->name, "stands twice; line %u has it already", *line);
        return;
    }
    *line = (unsigned)setting->line;
    char *at = (char *)r->conf + section->offset;
    if (section->named)
        memcpy(&at, (char *)r->conf + section->offset, sizeof(at));
    if (!stir_config_set(&r->room, key, at + place->index * section->size, setting->value, fault))
        stir_config_fault(r, setting->line, place, key->name, "%s", fault);
}

static bool holds(struct stir_slice text, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, word, n) == 0)
            return true;
    return false;
}

/* A pasted key or certificate: one fault, and its lines are never shown. */
static bool is_pasted(struct stir_config_reading *r, struct stir_settings *settings, const struct stir_setting *setting, struct stir_config_place *place)
{
    const struct stir_config_key *key = place ? stir_config_key_of(place->kind, setting->key) : NULL;
    struct stir_setting next = *setting;
    if (!holds(setting->text, "-----BEGIN"))
        return false;
    stir_config_fault(r, setting->line, NULL, NULL,
                      "the text of a key or certificate does not stand in a configuration; write it into a file, a key's of mode 0600, and name the file, or "
                      "credential:NAME");
    if (key)
        place->lines[key - stir_config_sections[place->kind].keys] = (unsigned)setting->line; /* not missing, at any rate */
    while (!holds(next.text, "-----END")) {
        struct stir_settings ahead = *settings;
        if (!stir_settings_next(&ahead, &next) || next.section.p)
            break;
        *settings = ahead;
    }
    return true;
}

static void check_required(struct stir_config_reading *r, const struct stir_config_place *place)
{
    const struct stir_config_section *section = &stir_config_sections[place->kind];
    for (size_t i = 0; i < section->n_keys; i++)
        if (section->keys[i].required && !place->lines[i])
            stir_config_fault(r, place->line, place, section->keys[i].name, "is needed: %s", section->keys[i].help);
}

static void read_lines(struct stir_config_reading *r, struct stir_slice text)
{
    struct stir_settings settings = settings_of(text);
    struct stir_setting setting;
    struct stir_config_place *place = NULL;
    bool known = false, begun = false;
    while (!r->room.no_memory && stir_settings_next(&settings, &setting)) {
        if (is_pasted(r, &settings, &setting, known ? place : NULL))
            continue;
        if (setting.fault) {
            stir_config_fault(r, setting.line, known ? place : NULL, NULL, "the line %s", setting.fault);
        } else if (setting.section.p) {
            if (known)
                check_required(r, place);
            place = begin(r, &setting);
            known = place != NULL;
            begun = true;
        } else if (known) {
            read_key(r, &setting, place);
        } else if (!begun) {
            stir_config_fault(r, setting.line, NULL, NULL, "a key stands before the first section; [server] is the usual first one");
            begun = true;
        }
    }
    if (known)
        check_required(r, place);
}

static enum stir_err read_all(struct stir_config_reading *r, struct stir_slice text)
{
    struct survey s;
    survey(&s, text);
    if (s.all > STIR_CONFIG_SECTIONS) {
        stir_config_fault(r, 0, NULL, NULL, "has %zu sections; %d are the most", s.all, STIR_CONFIG_SECTIONS);
        return STIR_ELIMIT;
    }
    if (!prepare(r, &s))
        return STIR_ENOMEM;
    read_lines(r, text);
    if (r->room.no_memory)
        return STIR_ENOMEM;
    stir_config_check(r);
    if (r->room.no_memory)
        return STIR_ENOMEM;
    if (r->faults > STIR_CONFIG_FAULTS && r->say) {
        char more[64];
        snprintf(more, sizeof(more), "and %zu faults more", r->faults - STIR_CONFIG_FAULTS);
        r->say->say(r->say->arg, more);
    }
    if (r->faults)
        return STIR_EVALUE;
    return stir_config_hash(r->conf) ? STIR_OK : STIR_ENOMEM;
}

static enum stir_err parse(struct stir_conf **out, struct stir_slice text, const char *name, const char *folder, const struct stir_config_say *to)
{
    struct config *config = calloc(1, sizeof(*config));
    if (!config)
        return STIR_ENOMEM;
    config->arena.limit = ARENA_LIMIT;
    struct stir_config_reading r = {.file = name, .say = to, .room = {&config->arena, folder, false}, .conf = &config->conf};
    enum stir_err err = STIR_ELIMIT;
    if (text.n > STIR_CONFIG_MAX)
        stir_config_fault(&r, 0, NULL, NULL, "is longer than %d bytes, which no configuration is; long lists stand in files of their own ([numbers NAME] file)",
                          STIR_CONFIG_MAX);
    else
        err = read_all(&r, text);
    if (err != STIR_OK) {
        stir_config_free(&config->conf);
        return err;
    }
    *out = &config->conf;
    return STIR_OK;
}

enum stir_err stir_config_parse(struct stir_conf **out, struct stir_slice text, const char *name, const struct stir_config_say *to)
{
    return parse(out, text, name, "", to);
}

/* The folder of `path` with a '/' at its end: where relative paths in the file begin, whoever starts the server wherever. */
static bool folder_of(char *buf, size_t cap, const char *path)
{
    const char *slash = strrchr(path, '/');
    char here[STIR_CONFIG_PATH + 1] = "";
    if (path[0] != '/' && !getcwd(here, sizeof(here)))
        return false;
    int n = snprintf(buf, cap, "%s%s%.*s", here, path[0] == '/' || !here[1] ? "" : "/", slash ? (int)(slash - path) + 1 : 0, path);
    return n > 0 && (size_t)n < cap;
}

enum stir_err stir_config_read(struct stir_conf **out, const char *path, const struct stir_config_say *to)
{
    struct stir_config_reading r = {.file = path, .say = to};
    struct stir_slice text = {NULL, 0};
    char folder[STIR_CONFIG_PATH + 1];
    enum stir_file_err read = stir_file_read(&text, path, STIR_CONFIG_MAX, false);
    if (read != STIR_FILE_OK || !folder_of(folder, sizeof(folder), path)) {
        stir_file_free(&text);
        if (read == STIR_FILE_NOMEM)
            return STIR_ENOMEM;
        stir_config_fault(&r, 0, NULL, NULL, "%s",
                          read == STIR_FILE_TOO_LONG    ? "is longer than any configuration is"
                          : read == STIR_FILE_DIRECTORY ? "is a folder, no file"
                                                        : "cannot be read; is it there, and may this user read it?");
        return read == STIR_FILE_TOO_LONG ? STIR_ELIMIT : STIR_EIO;
    }
    enum stir_err err = parse(out, text, path, folder, to);
    stir_file_free(&text);
    return err;
}

void stir_config_free(struct stir_conf *conf)
{
    struct config *config = (struct config *)(void *)conf;
    if (!config)
        return;
    stir_arena_clear(&config->arena); /* holds no config itself */
    free(config);
}
