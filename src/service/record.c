#include "service/record.h"

const char *stir_sign_result_text(enum stir_sign_result result)
{
    switch (result) {
    case STIR_SIGNED: return "signed";
    case STIR_SIGN_PASSED_ON: return "passed-on";
    case STIR_SIGN_UNSIGNED: return "unsigned";
    case STIR_SIGN_REFUSED: break;
    }
    return "refused";
}

const char *stir_act_text(enum stir_conf_act act)
{
    switch (act) {
    case STIR_ACT_STOP: return "stop";
    case STIR_ACT_ALERT: return "alert";
    case STIR_ACT_PASS: break;
    }
    return "pass";
}

const char *stir_way_text(enum stir_record_way way)
{
    switch (way) {
    case STIR_WAY_SIP_UDP: return "sip-udp";
    case STIR_WAY_SIP_TCP: return "sip-tcp";
    case STIR_WAY_SIP_TLS: return "sip-tls";
    case STIR_WAY_HTTP: return "http";
    case STIR_WAY_HTTPS: break;
    }
    return "https";
}
