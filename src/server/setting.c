/* A configuration read, and everything behind its names: keys, certificates, number files. All of it, or nothing and every fault said. */
#include "io/file.h"
#include "server/config.h"
#include "server/server.h"
#include "service/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void say(const struct stir_server_say *to, bool fatal, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(const struct stir_server_say *to, bool fatal, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    to->say(to->arg, fatal, line);
}

static void say_fault(void *arg, const char *text)
{
    const struct stir_server_say *to = arg;
    to->say(to->arg, true, text);
}

static enum stir_err read_numbers(struct stir_setting *setting, const struct stir_server_say *to)
{
    const char *path = setting->conf->verify.numbers;
    struct stir_slice text = {NULL, 0};
    struct stir_diag diag = {0};
    if (!path[0])
        return STIR_OK;
    if (stir_file_read(&text, path, STIR_MAX_SPC_TABLE, false) != STIR_FILE_OK) {
        say(to, true, "[verify] numbers: %s cannot be read", path);
        return STIR_EIO;
    }
    enum stir_err err = stir_spc_table_parse(&setting->numbers, text, &diag);
    stir_file_free(&text);
    if (err != STIR_OK)
        say(to, true, "[verify] numbers: %s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
    return err;
}

/* Goes on behind a fault, so that all are said. */
static enum stir_err worse(enum stir_err first, enum stir_err then)
{
    return first != STIR_OK ? first : then;
}

enum stir_err stir_setting_read(struct stir_setting **out, const char *path, int64_t now, const struct stir_server_say *to)
{
    struct stir_setting *setting = calloc(1, sizeof(*setting));
    struct stir_config_say config_say = {say_fault, NULL};
    struct stir_server_say mine = *to;
    struct stir_as_say as_say = {to->say, to->arg};
    struct stir_diag diag = {0};
    if (!setting)
        return STIR_ENOMEM;
    atomic_init(&setting->owners, 1);
    setting->free_conf = stir_config_free;
    config_say.arg = &mine;
    enum stir_err err = stir_config_read(&setting->conf, path, &config_say);
    if (err == STIR_OK) {
        err = stir_source_book_new(&setting->sources, setting->conf, &diag);
        if (err != STIR_OK)
            say(to, true, "%s", diag.text[0] ? diag.text : stir_err_text(err));
        if (setting->conf->server.roles & STIR_ROLE_AS)
            err = worse(err, stir_as_book_new(&setting->as, setting->conf, now, &as_say));
        if (setting->conf->server.roles & STIR_ROLE_VS)
            err = worse(err, read_numbers(setting, to));
    }
    if (err != STIR_OK) {
        stir_setting_free(setting);
        return err;
    }
    *out = setting;
    return STIR_OK;
}

bool stir_setting_check_x5u(const struct stir_setting *setting, bool starting, const struct stir_server_say *to)
{
    struct stir_as_say as_say = {to->say, to->arg};
    if (!setting->as)
        return true;
    enum stir_err err = stir_as_check_x5u(setting->as, starting, &as_say);
    if (err == STIR_OK || (err == STIR_EVALUE && starting && (setting->conf->server.roles & ~(unsigned)STIR_ROLE_AS)))
        return true;
    say(to, true,
        err != STIR_EVALUE ? "x5u of signers: %s"
        : starting         ? "%s: no signer is left"
                           : "%s: fix what x5u gives, or cert",
        err != STIR_EVALUE ? stir_err_text(err) : "x5u of signers");
    return false;
}
