#include "service/schema.h"

#include "core/json.h"

#include <openssl/rand.h>

/* Times are Unix seconds but where a name ends in _ms. Lists and contacts are JSON. Ids are those of stir_id_new(), serials upper-case hex. */
static const char audit[] = "CREATE TABLE audit (node TEXT NOT NULL, seq BIGINT NOT NULL, at_ms BIGINT NOT NULL, event TEXT NOT NULL, actor TEXT NOT NULL,"
                            " subject TEXT NOT NULL, detail TEXT NOT NULL, hash BYTES NOT NULL, PRIMARY KEY (node, seq));"
                            "CREATE INDEX audit_time ON audit (at_ms);"
                            "CREATE TABLE audit_heads (node TEXT PRIMARY KEY, seq BIGINT NOT NULL, hash BYTES NOT NULL);";

static const char certificate_authority[] =
    "CREATE TABLE acme_accounts (id TEXT PRIMARY KEY, thumbprint BYTES NOT NULL UNIQUE, spki BYTES NOT NULL, status TEXT NOT NULL,"
    " contacts TEXT NOT NULL, agreed BIGINT NOT NULL, binding TEXT, binding_jws TEXT, created BIGINT NOT NULL, updated BIGINT NOT NULL);"
    /* external account bindings: kid, the MAC key, whose it is, the codes it may order for (JSON list; empty: any), the account that used it */
    "CREATE TABLE acme_bindings (kid TEXT PRIMARY KEY, mac BYTES NOT NULL, name TEXT NOT NULL, codes TEXT NOT NULL, state TEXT NOT NULL,"
    " account TEXT, created BIGINT NOT NULL);"
    "CREATE TABLE acme_orders (id TEXT PRIMARY KEY, account TEXT NOT NULL, status TEXT NOT NULL, type TEXT NOT NULL, value TEXT NOT NULL,"
    " tnauth BYTES NOT NULL, profile TEXT NOT NULL, not_before BIGINT NOT NULL, not_after BIGINT NOT NULL, expires BIGINT NOT NULL,"
    " created BIGINT NOT NULL, error TEXT, serial TEXT);"
    "CREATE INDEX acme_orders_account ON acme_orders (account, created);"
    "CREATE INDEX acme_orders_open ON acme_orders (status, expires);"
    /* an authorization and its one challenge */
    "CREATE TABLE acme_authorizations (id TEXT PRIMARY KEY, order_id TEXT NOT NULL, account TEXT NOT NULL, status TEXT NOT NULL,"
    " type TEXT NOT NULL, value TEXT NOT NULL, tnauth BYTES NOT NULL, expires BIGINT NOT NULL, created BIGINT NOT NULL,"
    " challenge TEXT NOT NULL UNIQUE, token TEXT NOT NULL, challenge_status TEXT NOT NULL, validated BIGINT NOT NULL, answer TEXT,"
    " answered BIGINT NOT NULL, error TEXT, jti TEXT, ca BIGINT NOT NULL);"
    "CREATE INDEX acme_authorizations_order ON acme_authorizations (order_id);"
    "CREATE INDEX acme_authorizations_account ON acme_authorizations (account, status);"
    "CREATE INDEX acme_authorizations_work ON acme_authorizations (challenge_status, answered);"
    /* authority tokens that were used */
    "CREATE TABLE acme_tokens (issuer TEXT NOT NULL, jti TEXT NOT NULL, account TEXT NOT NULL, authorization_id TEXT NOT NULL, used BIGINT NOT NULL,"
    " expires BIGINT NOT NULL, PRIMARY KEY (issuer, jti));"
    "CREATE INDEX acme_tokens_expires ON acme_tokens (expires);"
    /* state: intent (serial and TBS hash are committed, nothing is signed for certain), issued, burnt (a crash left an intent: the serial is never used),
     * revoked. published: when its file was seen to be there, 0: not yet. issuer: hex of SHA-256 of the issuing certificate's SubjectPublicKeyInfo */
    "CREATE TABLE certificates (issuer TEXT NOT NULL, serial TEXT NOT NULL, state TEXT NOT NULL, order_id TEXT UNIQUE, account TEXT, profile TEXT NOT NULL,"
    " node TEXT NOT NULL, spc TEXT NOT NULL, tnauth BYTES, spki_hash BYTES NOT NULL, tbs BYTES, tbs_hash BYTES NOT NULL, der BYTES, sha256 BYTES,"
    " not_before BIGINT NOT NULL, not_after BIGINT NOT NULL, created BIGINT NOT NULL, issued BIGINT NOT NULL, revoked BIGINT NOT NULL,"
    " reason BIGINT NOT NULL, published BIGINT NOT NULL, PRIMARY KEY (issuer, serial));"
    "CREATE INDEX certificates_key ON certificates (spki_hash);"
    "CREATE INDEX certificates_sha256 ON certificates (sha256);"
    "CREATE INDEX certificates_spc ON certificates (spc, not_after);"
    "CREATE INDEX certificates_work ON certificates (state, created) WHERE state = 'intent';"
    "CREATE INDEX certificates_unpublished ON certificates (issuer, created) WHERE published = 0;"
    /* revocations on their way to the policy administrator */
    "CREATE TABLE notices (id TEXT PRIMARY KEY, body TEXT NOT NULL, created BIGINT NOT NULL, tries BIGINT NOT NULL, next BIGINT NOT NULL, done BIGINT NOT NULL,"
    " error TEXT);"
    "CREATE INDEX notices_work ON notices (done, next);"
    /* limits that hold for all nodes and after a restart: a bucket of tokens */
    "CREATE TABLE limits (what TEXT NOT NULL, who TEXT NOT NULL, level_ms BIGINT NOT NULL, at_ms BIGINT NOT NULL, PRIMARY KEY (what, who));";

static const char policy_administrator[] =
    "CREATE TABLE pa_providers (id TEXT PRIMARY KEY, name TEXT NOT NULL, contacts TEXT NOT NULL, state TEXT NOT NULL, may_ca BIGINT NOT NULL,"
    " created BIGINT NOT NULL, updated BIGINT NOT NULL);"
    /* who holds a code: one provider */
    "CREATE TABLE pa_codes (code TEXT PRIMARY KEY, provider TEXT NOT NULL, added BIGINT NOT NULL);"
    "CREATE INDEX pa_codes_provider ON pa_codes (provider);"
    /* password: scrypt, "scrypt$N$r$p$salt$hash" */
    "CREATE TABLE pa_accounts (id TEXT PRIMARY KEY, provider TEXT NOT NULL, user_id TEXT NOT NULL UNIQUE, password TEXT NOT NULL, state TEXT NOT NULL,"
    " failures BIGINT NOT NULL, locked_until BIGINT NOT NULL, created BIGINT NOT NULL);"
    "CREATE TABLE pa_logins (token_hash BYTES PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL, expires BIGINT NOT NULL);"
    "CREATE TABLE pa_tokens (jti TEXT PRIMARY KEY, account TEXT NOT NULL, provider TEXT NOT NULL, tkvalue TEXT NOT NULL, fingerprint TEXT NOT NULL,"
    " ca BIGINT NOT NULL, issued BIGINT NOT NULL, expires BIGINT NOT NULL);"
    "CREATE INDEX pa_tokens_provider ON pa_tokens (provider, issued);"
    /* trusted certificate authorities; token_hash: what a CA reports its revocations with */
    "CREATE TABLE pa_cas (sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, der BYTES NOT NULL, state TEXT NOT NULL, added BIGINT NOT NULL, removed BIGINT NOT NULL,"
    " token_hash BYTES);"
    /* whose issuers' certificates a CA may report as revoked: DER Names, each of one CA */
    "CREATE TABLE pa_issuers (issuer BYTES PRIMARY KEY, ca TEXT NOT NULL, added BIGINT NOT NULL);"
    /* content: what it lists, as a hash; signer: SHA-256 of the certificate that signed */
    "CREATE TABLE pa_lists (sequence BIGINT PRIMARY KEY, made BIGINT NOT NULL, expires BIGINT NOT NULL, content TEXT NOT NULL, signer TEXT NOT NULL,"
    " jws TEXT NOT NULL);"
    /* crl: the number of the first CRL that has it; 0: none yet */
    "CREATE TABLE pa_revocations (issuer BYTES NOT NULL, serial TEXT NOT NULL, revoked BIGINT NOT NULL, reason BIGINT NOT NULL, reporter TEXT NOT NULL,"
    " told BIGINT NOT NULL, not_after BIGINT NOT NULL, crl BIGINT NOT NULL, PRIMARY KEY (issuer, serial));"
    "CREATE INDEX pa_revocations_work ON pa_revocations (crl) WHERE crl = 0;"
    "CREATE TABLE pa_crls (number BIGINT PRIMARY KEY, made BIGINT NOT NULL, expires BIGINT NOT NULL, signer TEXT NOT NULL, der BYTES NOT NULL);"
    /* what signed tokens, lists and CRLs, for ever, under the name that their x5u has */
    "CREATE TABLE pa_certificates (id TEXT PRIMARY KEY, pem TEXT NOT NULL, added BIGINT NOT NULL);";

static const struct stir_store_migration migrations[] = {
    {"audit log", audit},
    {"certificate authority", certificate_authority},
    {"policy administrator", policy_administrator},
};

const struct stir_store_schema stir_schema = {migrations, sizeof(migrations) / sizeof(*migrations)};

enum stir_err stir_id_new(char id[STIR_ID])
{
    STIR_OSSL_QUIET;
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return STIR_ECRYPTO;
    struct stir_writer w = stir_writer_of(id, STIR_ID);
    stir_put_b64url(&w, stir_slice_of(bytes, sizeof(bytes)));
    return stir_writer_close(&w, NULL);
}
