/* The keys of the policy administrator and the certificate authority: [store], [pa], [ca] and [profile NAME]. */
#include "server/config_forms.h"
#include "server/config_words.h"

#include <stir/token.h>

static const struct stir_config_word bindings[] = {{"jwk", STIR_TOKEN_BY_JWK}, {"spki", STIR_TOKEN_BY_SPKI}, {"either", STIR_TOKEN_BY_EITHER}, WORD_END};
static const struct stir_config_word token_uses[] = {{"once", STIR_TOKEN_ONCE}, {"account", STIR_TOKEN_ACCOUNT}, WORD_END};
static const struct stir_config_word requireds[] = {{"optional", false}, {"required", true}, WORD_END};
static const struct stir_config_word certificate_keys[] = {{"own", false}, {"any", true}, WORD_END};
static const struct stir_config_word profiles[] = {
    {"shaken", STIR_PROFILE_SHAKEN}, {"delegate", STIR_PROFILE_DELEGATE}, {"delegate-ca", STIR_PROFILE_DELEGATE_CA}, WORD_END};

const struct stir_config_key stir_config_store_keys[] = {
    {"url", STIR_KEY_STORE, AT(stir_conf_store, url), "", 1, STIR_CONFIG_PATH, NULL, stir_word_database, NOTHING, false, false, "FILE|postgresql://...",
     "where state is kept: a file (SQLite, for one node), or a database of PostgreSQL, for several; its password stands in PGPASSFILE",
     "/var/lib/stir/store.db"},
    TEXT("node", stir_conf_store, node, "", 1, 64, stir_word_node, "NAME",
         "this node in the audit log; each of several has its own; not given: the host's name", "ca-1"),
    NUMBER("clerks", stir_conf_store, clerks, "4", 1, 64, "threads that work on requests of pa and ca, each with a connection to the store", "4"),
    NUMBER("max-jobs", stir_conf_store, max_jobs, "1000", 1, 100000, "requests that wait for them; more get 503 with Retry-After", "1000"),
};
_Static_assert(sizeof(stir_config_store_keys) / sizeof(*stir_config_store_keys) == STIR_CONFIG_STORE_KEYS, "config_forms.h counts them");

const struct stir_config_key stir_config_pa_keys[] = {
    TEXT("url", stir_conf_pa, url, "", 9, STIR_CONFIG_URL, stir_word_base, "URL", "how the world reaches it; x5u and links are below it",
         "https://pa.example.com"),
    SECRET_AT("key", stir_conf_pa, key, false, "private key that signs SPC tokens and the list of trusted CAs, PEM, mode 0600", "credential:pa-key"),
    SECRET_AT("cert", stir_conf_pa, cert, false, "its certificate and the issuers, PEM, leaf first", "/etc/stir/pa.pem"),
    SECRET_AT("crl-key", stir_conf_pa, crl_key, false, "private key that signs the CRL, PEM, mode 0600; not given: key", "credential:pa-crl-key"),
    SECRET_AT("crl-cert", stir_conf_pa, crl_cert, false, "its certificate and the issuers; not given: cert, which then must have cRLSign",
              "/etc/stir/pa-crl.pem"),
    SECRET_AT("root", stir_conf_pa, root, false, "the administrator's root, PEM: what CAs and verifiers pin", "/etc/stir/pa-root.pem"),
    TEXT("crl-url", stir_conf_pa, crl_url, "", 9, STIR_CONFIG_URL, stir_word_http_url, "URL",
         "where the CRL is, as certificates name it; not given: URL/download/v1/crl", "https://pa.example.com/download/v1/crl"),
    FOLDER_AT("static-dir", stir_conf_pa, static_dir, "ca-list.jws, crl.der, crl.pem and signer.pem are written here too, for a web server; not given: nowhere",
              "/var/lib/stir/pa"),
    SPAN("token-life", stir_conf_pa, token_life, "24h", MINUTE, YEAR, "how long an SPC token holds", "24h"),
    SPAN("list-life", stir_conf_pa, list_life, "7d", HOUR, YEAR, "how long the list of trusted CAs holds", "7d"),
    SPAN("list-every", stir_conf_pa, list_every, "12h", MINUTE, YEAR, "it is made anew after this, changed or not; sooner than list-life", "12h"),
    SPAN("crl-life", stir_conf_pa, crl_life, "24h", HOUR, YEAR, "how long the CRL holds: its nextUpdate", "24h"),
    SPAN("crl-every", stir_conf_pa, crl_every, "6h", MINUTE, YEAR, "it is made anew after this, changed or not; sooner than crl-life", "6h"),
    SPAN("login-life", stir_conf_pa, login_life, "1h", MINUTE, 31 * DAY, "how long an access token of a login holds", "1h"),
    NUMBER("max-failures", stir_conf_pa, max_failures, "10", 1, 1000, "wrong passwords in a row until an account is locked", "10"),
    SPAN("lock-time", stir_conf_pa, lock_time, "15m", 1, DAY, "how long it stays locked", "15m"),
    NUMBER("tokens-per-hour", stir_conf_pa, tokens_per_hour, "60", 0, 1000000, "SPC tokens of one provider in an hour; 0: any number", "60"),
};
_Static_assert(sizeof(stir_config_pa_keys) / sizeof(*stir_config_pa_keys) == STIR_CONFIG_PA_KEYS, "config_forms.h counts them");

const struct stir_config_key stir_config_ca_keys[] = {
    TEXT("url", stir_conf_ca, url, "", 9, STIR_CONFIG_URL, stir_word_base, "URL", "how clients reach ACME: the directory is at URL/directory",
         "https://ca.example.com/acme"),
    SECRET_AT("key", stir_conf_ca, key, false, "the issuing key, PEM, mode 0600", "credential:ca-key"),
    SECRET_AT("cert", stir_conf_ca, cert, false, "its certificate and the issuers, PEM: the issuing certificate first", "/etc/stir/ca.pem"),
    SECRET_AT("pa-root", stir_conf_ca, pa_root, false, "the policy administrator's roots, PEM: tokens are trusted by nothing else", "/etc/stir/pa-root.pem"),
    LIST("token-hosts", stir_conf_ca, token_hosts, "", 64, stir_word_host, "HOST...",
         "hosts where certificates of token signers are fetched (x5u); not given: any that pa-root vouches for", "authenticate-api.iconectiv.com"),
    CHOICE("fingerprint", stir_conf_ca, binding, "jwk", bindings, false,
           "what binds a token to an account: jwk (the key's thumbprint, RFC 9448), spki (a hash of its SubjectPublicKeyInfo, as some clients do), either",
           "either"),
    CHOICE("token-use", stir_conf_ca, token_use, "once", token_uses, false,
           "a token authorises: once, or again for the same account until it is over (account)", "once"),
    SPAN("max-token-life", stir_conf_ca, max_token_life, "0s", 0, 10LL * YEAR, "a token that ends later than this from now is refused; 0s: any end", "365d"),
    CHOICE("external-account", stir_conf_ca, binding_required, "optional", requireds, false,
           "external account binding of new accounts (stir ca binding): optional, or required", "required"),
    CHOICE("certificate-key", stir_conf_ca, account_key_allowed, "own", certificate_keys, false,
           "the key of a certificate: own (none that is an account's), or any, for clients that use one key for both", "own"),
    TEXT("terms", stir_conf_ca, terms, "", 9, STIR_CONFIG_URL, stir_word_http_url, "URL", "terms of service, which new accounts must agree to; not given: none",
         "https://ca.example.com/terms"),
    TEXT("website", stir_conf_ca, website, "", 9, STIR_CONFIG_URL, stir_word_http_url, "URL", "website in the directory; not given: none",
         "https://ca.example.com/"),
    TEXT("token-authority", stir_conf_ca, token_authority, "", 9, STIR_CONFIG_URL, stir_word_http_url, "URL",
         "where clients get tokens, said in challenges; not given: not said", "https://pa.example.com"),
    {"profile", STIR_KEY_TEXT, AT(stir_conf_ca, profile), "shaken", 1, STIR_CONFIG_NAME, NULL, stir_word_name, STIR_SECTION_PROFILE, false, false, "NAME",
     "of orders that name none", "shaken"},
    SPAN("order-life", stir_conf_ca, order_life, "7d", 10 * MINUTE, 90 * DAY, "an order that is not finished after this is over", "7d"),
    SPAN("authorization-life", stir_conf_ca, authorization_life, "1d", 10 * MINUTE, 90 * DAY, "how long an authorization holds, within its order", "1d"),
    NUMBER("orders-per-account", stir_conf_ca, orders_per_account, "300", 0, 1000000, "new orders of one account in an hour; 0: any number", "300"),
    NUMBER("orders-per-code", stir_conf_ca, orders_per_code, "300", 0, 1000000, "certificates for one code in an hour, of all accounts together; 0: any number",
           "300"),
    NUMBER("accounts-per-address", stir_conf_ca, accounts_per_address, "20", 0, 1000000,
           "new accounts from one address (an IPv6 /64 counts as one) in an hour; 0: any number", "20"),
    NUMBER("requests-per-address", stir_conf_ca, requests_per_address, "20000", 0, 100000000, "requests from one address in an hour; 0: any number", "20000"),
    TEXT("crl-url", stir_conf_ca, crl_url, "", 9, STIR_CONFIG_URL, stir_word_http_url, "URL",
         "the administrator's CRL, as certificates name it; not given: that of [pa], where it is a role of this process",
         "https://authenticate-api.iconectiv.com/download/v1/crl"),
    TEXT("crl-issuer", stir_conf_ca, crl_issuer, "", 3, 512, NULL, "NAME",
         "who signs it: the subject of its signer's certificate; not given: that of [pa] crl-cert, where it is a role of this process",
         "CN=STI-PA CRL, OU=STI-PA, O=iconectiv, L=Bridgewater, ST=New Jersey, C=US"),
    TEXT("policy", stir_conf_ca, policy, "2.16.840.1.114569.1.1.4", 5, 64, stir_word_oid, "OID", "certificate policy of what is issued",
         "2.16.840.1.114569.1.1.4"),
    FOLDER_AT("publish-dir", stir_conf_ca, publish_dir, "chains go here as SERIAL.pem: [repository] dir of a repository; not given: nowhere",
              "/var/lib/stir/cr"),
    TEXT("publish-url", stir_conf_ca, publish_url, "", 9, STIR_CONFIG_URL, stir_word_folder_http_url, "URL",
         "what stands before SERIAL.pem in the x5u that orders name; not given: they name none", "https://cr.example.com/cr/"),
    TEXT("report-url", stir_conf_ca, report_url, "", 9, STIR_CONFIG_URL, stir_word_http_url, "URL",
         "revocations are posted here, to the administrator; not given: to [pa] in the same store, where it is a role of this process",
         "https://pa.example.com/sti-pa/revocation"),
    SECRET_AT("report-token", stir_conf_ca, report_token, false, "the token for it, on a line, mode 0600 (stir pa ca add gives it)", "credential:report-token"),
    FILE_AT("tls-root", stir_conf_ca, tls_root, false, "roots of HTTPS for x5u of tokens and report-url, PEM; not given: the system's",
            "/etc/stir/lab-root.pem"),
    YES_NO("any-url", stir_conf_ca, any_url, "no", "labs: x5u of tokens and report-url may be http, with any port and address", "no"),
    NUMBER("chaos", stir_conf_ca, chaos, "0", 0, INT32_MAX, "labs: a seed; nonces are refused, orders slow and members in odd order, to try clients; 0: never",
           "0"),
};
_Static_assert(sizeof(stir_config_ca_keys) / sizeof(*stir_config_ca_keys) == STIR_CONFIG_CA_KEYS, "config_forms.h counts them");

const struct stir_config_key stir_config_profile_keys[] = {
    CHOICE("kind", stir_conf_profile, kind, "shaken", profiles, false,
           "shaken (an end entity with one code), delegate (an end entity with numbers or codes, RFC 9060), delegate-ca (a CA that delegates on)", "shaken"),
    SPAN("life", stir_conf_profile, life, "90d", HOUR, 10LL * YEAR, "how long a certificate is valid when its order asks for nothing else", "90d"),
    SPAN("max-life", stir_conf_profile, max_life, "366d", HOUR, 10LL * YEAR, "and what an order may ask for at most", "366d"),
    SPAN("backdate", stir_conf_profile, backdate, "5m", 0, 7 * DAY, "notBefore lies so long before now, for clocks that go wrong", "5m"),
    SPECIAL("path-length", STIR_KEY_COUNT, stir_conf_profile, path_len, "none", 10, "none|NUMBER",
            "delegate-ca: how many CAs may stand below it; none: no limit is written", "0"),
    LIST("must-include", stir_conf_profile, must_include, "", 16, stir_word_claim, "CLAIM...", "claims that its PASSporTs must have (JWTClaimConstraints)",
         "rcd"),
    LIST("must-exclude", stir_conf_profile, must_exclude, "", 16, stir_word_claim, "CLAIM...", "claims that they must not have (RFC 9118)", "rcd"),
    PHRASES("permitted", stir_conf_profile, permitted, 16, stir_word_permitted, "CLAIM=VALUE|VALUE; ...", "values that claims may have", "attest=A|B"),
    PHRASES("organizations", stir_conf_profile, orgs, 200, stir_word_organization, "NAME; NAME...",
            "organizations that a request may name as its subject; not given: whatever it names", "Example Telecom, Inc.; Example Mobile"),
};
_Static_assert(sizeof(stir_config_profile_keys) / sizeof(*stir_config_profile_keys) == STIR_CONFIG_PROFILE_KEYS, "config_forms.h counts them");
