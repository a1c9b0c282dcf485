/* The account at a policy administrator's interface: read where domain.conf says, sent, cleansed, never said. */
#ifndef STIR_IO_TRUST_LOGIN_H
#define STIR_IO_TRUST_LOGIN_H

#include "io/trust_folder.h"

enum {
    STIR_TRUST_LOGIN_FILE = 4096,    /* bytes of a file with an account */
    STIR_TRUST_LOGIN_ANSWER = 16384, /* bytes of the answer to a login: a token has one or two thousand */
    STIR_TRUST_TOKEN = 8192,         /* bytes of an access token: what a header may have */
};

/* The JSON to POST, {"userId":...,"password":...}; absent when the settings name no account. Free with stir_file_free(). STIR_EIO, STIR_EVALUE, STIR_ENOTFOUND
 * (the environment has no such variable), STIR_ENOMEM. */
enum stir_err stir_trust_login_read(struct stir_slice *body, const struct stir_trust_folder *folder, const struct stir_trust_settings *settings,
                                    struct stir_diag *diag) STIR_MUST_USE;

/* The access token of {"status":"success","accessToken":...}: only what a header can carry. Free with stir_file_free(). STIR_EJSON, STIR_EVALUE, STIR_ENOMEM.
 */
enum stir_err stir_trust_token_read(struct stir_slice *token, struct stir_slice answer, struct stir_diag *diag) STIR_MUST_USE;

#endif
