/* Both fronts of one reading of the configuration. */
#include "server/server.h"

enum stir_err stir_fronts_new(struct stir_fronts *out, struct stir_setting *setting, struct stir_server *server, const struct stir_fronts *before,
                              struct stir_diag *diag)
{
    struct stir_fronts fronts = {.setting = stir_setting_ref(setting)};
    enum stir_err err = stir_sip_front_new(&fronts.sip, setting->conf, &server->shared, before->sip, diag);
    if (err == STIR_OK)
        err = stir_http_front_new(&fronts.http, setting->conf, &server->shared, before->http, diag);
    if (err != STIR_OK) {
        stir_fronts_free(&fronts);
        return err;
    }
    stir_http_front_health(fronts.http, (struct stir_http_health){stir_watch_ready, server});
    *out = fronts;
    return STIR_OK;
}

void stir_fronts_free(struct stir_fronts *fronts)
{
    if (fronts->sip)
        stir_sip_front_free(fronts->sip);
    if (fronts->http)
        stir_http_front_free(fronts->http);
    stir_setting_free(fronts->setting);
    *fronts = (struct stir_fronts){.sip = NULL};
}
