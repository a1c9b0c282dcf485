/* One call that is signed, between the files that do it: as_sign.c has what both ways share. */
#ifndef STIR_SERVICE_AS_SIGN_H
#define STIR_SERVICE_AS_SIGN_H

#include "core/divert.h"
#include "service/as_book.h"

/* A call on its way. */
struct stir_signing {
    struct stir_worker *worker;
    const struct stir_as_book *book;
    const struct stir_conf *conf;
    const struct stir_as_call *call;
    struct stir_as_answer *answer;
    struct stir_as_question question;
    struct stir_as_decision decision;
    const struct stir_as_signer *signer;
    struct stir_message message;
    size_t used; /* of answer->text */
    int64_t now, iat;
    bool add_date;
    bool fresh; /* a token of ours is replaced: its time is now, whatever Date says */
    char origid_before[STIR_MAX_ORIGID + 1];
};

/* Why nothing (more) is signed. */
void stir_as_because(struct stir_signing *s, enum stir_err err, const char *format, ...) __attribute__((format(printf, 3, 4)));
void stir_as_told(struct stir_signing *s, enum stir_err err, const struct stir_diag *diag);

/* Whose signers: the tenant's place, or STIR_NAMES_NOBODY. False: the source is not what it says it is. */
bool stir_as_find_group(struct stir_signing *s, uint32_t *group);
/* Ask the rules; false when they say that nothing is signed. */
bool stir_as_ask_rules(struct stir_signing *s);
/* As [evidence] when-full has it. */
bool stir_as_may_sign(struct stir_signing *s);
/* May we say that this number sent the call on? */
bool stir_as_may_divert(const struct stir_signing *s, const struct stir_party *by);
void stir_as_refuse(struct stir_signing *s);
enum stir_err stir_as_find_origid(struct stir_signing *s) STIR_MUST_USE;
/* One more token behind those of the answer. */
enum stir_err stir_as_sign_token(struct stir_signing *s, const struct stir_passport_params *claims, const struct stir_as_signer *signer,
                                 struct stir_diag *diag) STIR_MUST_USE;
void stir_as_fill_signer(struct stir_signing *s, const struct stir_as_signer *signer);

void stir_as_sign_sip(struct stir_signing *s);
void stir_as_sign_http(struct stir_signing *s);

#endif
