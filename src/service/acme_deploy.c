/* After a new certificate is in use: the operator's program, and a stir serve that is asked to reload. */
#include "service/acme_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/bytes.h"
#include "io/control.h"
#include "io/file.h"
#include "io/program.h"
#include "io/settings.h"

enum { CONF_MAX = 1 << 20, SHOWN_LINES = 50 };

static void show(struct stir_acme *acme, struct stir_slice output)
{
    for (size_t n = 0; output.n && n < SHOWN_LINES; n++) {
        size_t end = stir_slice_find(output, '\n');
        struct stir_slice line = stir_slice_trim(stir_slice_upto(output, end));
        if (line.n)
            stir_acme_tell(acme, "deploy-hook: %.*s", (int)(line.n < 400 ? line.n : 400), line.p);
        output = stir_slice_from(output, end < output.n ? end + 1 : end);
    }
}

static enum stir_err run_hook(struct stir_acme *acme, const char *serial, struct stir_diag *diag)
{
    struct stir_acme_current now;
    struct stir_slice output = {NULL, 0};
    char dir[sizeof(now.dir) + 32], name[96], url[STIR_MAX_URL + 32], until[64];
    TRY(stir_acme_current(acme, &now, diag));
    snprintf(dir, sizeof(dir), "STIR_CERT_DIR=%s", now.dir);
    snprintf(name, sizeof(name), "STIR_SERIAL=%s", serial);
    snprintf(url, sizeof(url), "STIR_X5U=%s", now.x5u);
    snprintf(until, sizeof(until), "STIR_NOT_AFTER=%lld", (long long)now.not_after);
    const char *const env[] = {dir, name, url, until}, *const words[] = {now.dir};
    const struct stir_program program = {.command = acme->settings.deploy_hook,
                                         .add = words,
                                         .n_add = 1,
                                         .env = env,
                                         .n_env = 4,
                                         .timeout_ms = STIR_ACME_HOOK_MS,
                                         .join = true,
                                         .stop = acme->told.stop,
                                         .stop_arg = acme->told.arg};
    enum stir_err err = stir_program_run(&output, &program, diag);
    show(acme, output);
    free((char *)(uintptr_t)output.p);
    return err;
}

/* ---- Reload ---- */

/* [server] control of a stir.conf. */
static enum stir_err find_control(char *out, size_t cap, const char *path, struct stir_diag *diag)
{
    struct stir_slice text = {NULL, 0};
    struct stir_setting line;
    bool inside = false;
    out[0] = '\0';
    if (stir_file_read(&text, path, CONF_MAX, false) != STIR_FILE_OK)
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "reload: %.120s cannot be read", path);
    struct stir_settings lines = stir_settings_of(text);
    lines.sections = true;
    while (stir_settings_next(&lines, &line)) {
        if (line.section.p)
            inside = stir_slice_is(line.section, "server");
        else if (inside && !line.fault && stir_slice_is(line.key, "control"))
            snprintf(out, cap, "%.*s", (int)line.value.n, line.value.p);
    }
    stir_file_free(&text);
    return out[0] ? STIR_OK : stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "reload: %.120s has no [server] control", path);
}

static void heard(void *arg, const char *line)
{
    stir_acme_tell(arg, "stir serve: %s", line);
}

static bool stopped(void *arg)
{
    const struct stir_acme *acme = arg;
    return acme->told.stop && acme->told.stop(acme->told.arg);
}

static enum stir_err reload(struct stir_acme *acme, struct stir_diag *diag)
{
    const char *path = acme->settings.reload;
    char control[STIR_SETTINGS_LINE];
    struct stat st;
    int64_t generation = 0;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        TRY(find_control(control, sizeof(control), path, diag));
        path = control;
    }
    TRY(stir_control_reload(path, &(const struct stir_control_ear){heard, stopped, acme}, &generation, diag));
    stir_acme_tell(acme, "stir serve has reloaded, generation %lld", (long long)generation);
    return STIR_OK;
}

enum stir_err stir_acme_deploy(struct stir_acme *acme, const char *serial, struct stir_diag *diag)
{
    struct stir_diag why = {0};
    enum stir_err err = acme->settings.deploy_hook[0] ? run_hook(acme, serial, &why) : STIR_OK;
    err = err == STIR_OK && acme->settings.reload[0] ? reload(acme, &why) : err;
    if (err == STIR_OK || err == STIR_EBUSY || err == STIR_ENOMEM)
        return err == STIR_OK ? err : stir_diag_set(diag, err, SIZE_MAX, "%s", why.text);
    return stir_diag_set(diag, STIR_ESTATE, SIZE_MAX, "certificate %.40s is in use, but: %.130s", serial, why.text);
}
