/** @file stir/lint.h  Where a certificate departs from the SHAKEN profile. Trust is another matter: stir/chain.h.
 *  Pure: no I/O. Thread-safe. */
#ifndef STIR_LINT_H
#define STIR_LINT_H

#include <stir/cert.h>

STIR_BEGIN

/** Editions of the profile. Bits, so that a rule can belong to several. */
enum stir_lint_profile {
    STIR_LINT_ATIS_V3 = 1 << 0,  /**< ATIS-1000080 v003 */
    STIR_LINT_ATIS_V4 = 1 << 1,  /**< ATIS-1000080 v004 */
    STIR_LINT_ATIS_V5 = 1 << 2,  /**< ATIS-1000080 v005 */
    STIR_LINT_CP_1_3 = 1 << 3,   /**< US SHAKEN certificate policy 1.3 */
    STIR_LINT_CP_1_4 = 1 << 4,   /**< US SHAKEN certificate policy 1.4 */
    STIR_LINT_RFC = 1 << 5,      /**< RFC 5280, RFC 8226 and RFC 9060, always looked at */
    STIR_LINT_DELEGATE = 1 << 6, /**< delegates (RFC 9060): any entries and names, claim constraints; key and usage of those who sign calls */
};
/** What is looked at by default: the newest editions. */
#define STIR_LINT_DEFAULT (STIR_LINT_RFC | STIR_LINT_ATIS_V5 | STIR_LINT_CP_1_4)

enum stir_lint_severity {
    STIR_LINT_NOTICE = 0,  /**< worth knowing */
    STIR_LINT_WARNING = 1, /**< against a SHOULD */
    STIR_LINT_ERROR = 2,   /**< against a MUST or SHALL */
};

/** One rule. All strings are constant. */
struct stir_lint_rule {
    const char *id; /**< stable, such as "ku-leaf-only-digital-signature" */
    enum stir_lint_severity severity;
    unsigned profiles;  /**< bits of enum stir_lint_profile */
    const char *clause; /**< where it stands */
    const char *text;   /**< what is wrong when it is reported, in one line */
};

/** The `index`th rule of the table, from 0.
 *  @return NULL past the end. */
STIR_API const struct stir_lint_rule *stir_lint_rule_at(size_t index);

/** The profile that a name means: "v3", "v4", "v5", "cp1.3", "cp1.4", "rfc", "delegate", "default", "all".
 *  @return bits of enum stir_lint_profile (STIR_LINT_RFC always among them), 0 when it is none. */
STIR_API unsigned stir_lint_profile_by_name(struct stir_slice name);

/** Called for each departure; `detail` is one line about this certificate, or "". */
typedef void (*stir_lint_cb)(const struct stir_lint_rule *rule, const char *detail, void *arg);

/** Hold `cert` against the rules of `profiles`; `issuer`, when not NULL, lets the rules about it be looked at.
 *  Root, intermediate or end entity is taken from the certificate itself.
 *  @return the number of departures of severity STIR_LINT_ERROR. */
STIR_API size_t stir_lint_cert(const struct stir_cert *cert, const struct stir_cert *issuer, unsigned profiles, stir_lint_cb report, void *arg);

STIR_END
#endif
