/* What the operator wants: stir.conf(5) as data. server/config reads it through one table of keys; services and fronts read this and no text. A conf is made
 * whole, then never changed, and counted: every call ends on the conf it began with. Strings end with NUL, are never NULL ("" is "not given") and live as long
 * as the conf. Times are milliseconds where the name ends in _ms, seconds otherwise. Sections are in the order of the file. */
#ifndef STIR_SERVICE_CONF_H
#define STIR_SERVICE_CONF_H

#include <stir/policy.h>

/* Words of a key that takes several. */
struct stir_conf_list {
    const char *const *items;
    size_t n;
};

/* Roles, bits. */
enum {
    STIR_ROLE_AS = 1 << 0,
    STIR_ROLE_VS = 1 << 1,
    STIR_ROLE_CR = 1 << 2,
    STIR_ROLE_PA = 1 << 3,
    STIR_ROLE_CA = 1 << 4,
};

/* [server] */
struct stir_conf_server {
    unsigned roles;           /* roles = as vs cr pa ca */
    int64_t workers;          /* 0: as many as cores */
    const char *user, *group; /* become these after the sockets are bound; "": stay */
    const char *control;      /* unix socket for `stir conf reload`; "": none, SIGHUP alone */
    int64_t stop_wait_ms;     /* a stop waits so long for what was accepted */
    int64_t max_waiting;      /* calls that wait for the network at once, all workers together; beyond: answered at once as the policy has it for no usable
                                 certificate */
    int64_t max_queue_ms;     /* overload: an INVITE that waited longer before it was looked at gets 503 with Retry-After, unless it is an emergency call in any
                                 reading */
};

/* What a front's listener does with an INVITE. */
enum stir_conf_nothing {
    STIR_NOTHING_302 = 0, /* there is nothing to do: 302 as always, without Identity */
    STIR_NOTHING_404 = 1, /* 404, for SBCs that route on after it */
};
enum stir_conf_identity_in {
    STIR_IDENTITY_IN_HEADER = 0,
    STIR_IDENTITY_IN_CONTACT = 1, /* <sip:...?Identity=...> */
    STIR_IDENTITY_IN_BOTH = 2,
};

/* [sip NAME]: sockets with one thing to do. */
struct stir_conf_sip {
    const char *name;
    unsigned role;                /* role = as | vs: one */
    struct stir_conf_list listen; /* udp:ADDRESS:PORT tcp:... tls:..., IPv6 in brackets */
    bool any_source;              /* sources = any: requests of unknown trunks too; default trunks: 403 for them */
    const char *contact;          /* HOST[:PORT] put into the Contact of a 302; "": the Request-URI's own */
    enum stir_conf_nothing nothing;
    enum stir_conf_identity_in identity_in;
    int64_t answer_within_ms;                       /* a call that waits for the network is answered after this, as the policy has it */
    int64_t max_answers;                            /* answers remembered for retransmissions, all workers together */
    int64_t max_connections;                        /* TCP and TLS together */
    int64_t max_per_address;                        /* of these; 0: not asked */
    int64_t idle_ms;                                /* a connection without a request is closed after this */
    const char *tls_cert, *tls_key, *tls_client_ca; /* client CA given: clients must have a certificate of it */
};

/* APIs of an HTTP listener, bits. */
enum {
    STIR_API_SIGNING = 1 << 0,      /* /stir/v1/signing, ATIS-1000082 and 3GPP */
    STIR_API_VERIFICATION = 1 << 1, /* /stir/v1/verification */
    STIR_API_NATIVE = 1 << 2,       /* /v1/sign, /v1/verify, batch forms */
    STIR_API_INSPECT = 1 << 3,      /* /v1/inspect */
    STIR_API_SECSIPIDX = 1 << 4,    /* /v1/sign-csv, /v1/check, /v1/pub/ */
    STIR_API_REPOSITORY = 1 << 5,
    STIR_API_OPERATIONS = 1 << 6, /* /healthz /readyz /metrics /version */
    STIR_API_ACME = 1 << 7,       /* what stands below [ca] url */
    STIR_API_PA = 1 << 8,         /* /sti-pa/, /api/v1/, /at/, /download/v1/crl, /pa/ */
};

/* Which of the two dialects that share the paths below `root`. */
enum stir_conf_dialect {
    STIR_DIALECT_AUTO = 0, /* dialect = auto: told by a request's members, ATIS-1000082 where both read the same */
    STIR_DIALECT_ATIS = 1,
    STIR_DIALECT_3GPP = 2,
};

/* [http NAME] */
struct stir_conf_http {
    const char *name;
    struct stir_conf_list listen; /* ADDRESS:PORT */
    unsigned apis;                /* serve = signing verification native inspect secsipidx repository operations acme pa */
    bool open;                    /* open = yes: requests without a token or client certificate are served; never the default for signing */
    const char *root;             /* before the ATIS paths, default "/stir/v1" */
    enum stir_conf_dialect dialect;
    bool camel_case;  /* reason-spelling = camel: reasonCode; default lower: reasoncode, as ATIS peers write */
    int64_t max_body; /* bytes */
    int64_t max_connections, max_per_address;
    int64_t request_ms;            /* a whole request must be there within this, and an answer be taken */
    int64_t idle_ms;               /* a connection without a request is closed after this */
    int64_t answer_within_ms;      /* as of [sip] */
    struct stir_conf_list proxies; /* networks of those who end TLS in front: their X-Forwarded-For says who asks (acme and pa) */
    const char *tls_cert, *tls_key, *tls_client_ca;
};

enum stir_conf_tenant_kind {
    STIR_TENANT_PROVIDER = 0, /* signs with a certificate of its own, what it decides is recorded as its decision */
    STIR_TENANT_CUSTOMER = 1, /* signed with our certificate, never above what our rules allow */
};
enum stir_conf_origid {
    STIR_ORIGID_CALL = 0, /* a fresh one each call */
    STIR_ORIGID_CUSTOMER = 1,
    STIR_ORIGID_TRUNK = 2,
};

/* [tenant NAME]. There is no default tenant across them: who matches none is nobody's, and is signed only by signers that name no tenant. */
struct stir_conf_tenant {
    const char *name;
    enum stir_conf_tenant_kind kind;
    struct stir_conf_list hosts; /* of the Request-URI */
    const char *path;            /* HTTP: /t/PATH/ before the API's path; "": none */
    const char *token_file;      /* bearer tokens, one a line; "": none */
    const char *client_name;     /* mutual TLS: DNS name or common name of its certificate; "": none */
    char max_attest;             /* 'A', 'B', 'C'; 0: rules alone decide */
    enum stir_conf_origid origid;
    const char *origid_value; /* a UUID for `customer`; "": made from the tenant's name and the server's secret */
};

/* [trunk NAME]: where calls come from. The first that matches in the order of the file, by all that it names. */
struct stir_conf_trunk {
    const char *name;
    struct stir_conf_list addresses; /* networks, "192.0.2.0/28" */
    const char *tls_name;            /* of the client's certificate */
    const char *header;              /* "X-Trunk: 17": a header and its value */
    const char *tenant;              /* "": none, or the Request-URI's when `customer` is "" too */
    const char *customer;            /* whose trunk it is, for owned numbers and records; "": nobody's */
    bool trusted;                    /* its attestation headers are believed (as far as rules say), and its Priority psap-callback */
    const char *dial_plan;           /* "US"; "": of [sign], [verify] */
    struct stir_conf_list technical_prefixes, portability_prefixes;
    const char *actions; /* name of an [actions] section; "": default */
    enum stir_conf_origid origid;
    const char *origid_value;  /* a UUID for `trunk` */
    struct stir_tn_options tn; /* made of the above; without a plan when dial_plan is "" */
};

/* [signer NAME]: a signing identity. */
struct stir_conf_signer {
    const char *name;
    const char *key, *cert, *x5u;      /* files, or credential:NAME for systemd's LoadCredential (stir_secret_read()); never the key itself */
    const char *acme;                  /* a folder of `stir acme`: key, certificate and x5u are those of its `current`, and the daemon renews them; "": none */
    const char *tenant;                /* "": for calls of no tenant, and of customers */
    struct stir_conf_list numbers;     /* 12155551212, 1215555* or 12155550000-12155559999; none: any */
    struct stir_conf_list number_sets; /* names of [numbers] */
    struct stir_conf_list trunks;      /* names; none: any */
    bool check_x5u;                    /* fetched from outside and compared before it goes live */
    int64_t warn_before;               /* seconds before notAfter */
    int64_t max_life;                  /* notAfter - notBefore, short enough; 0: not asked */
};

enum stir_conf_numbers_kind {
    STIR_NUMBERS_OWNED = 0,    /* NUMBERS CUSTOMER lines, as stir_spc_table_parse() reads them */
    STIR_NUMBERS_EVIDENCE = 1, /* lines NUMBERS CUSTOMER EVIDENCE REFERENCE EXPIRY: each entry says why it may be A (resporg, loa, delegate), and until when */
};

/* [numbers NAME] */
struct stir_conf_numbers {
    const char *name;
    enum stir_conf_numbers_kind kind;
    const char *file;
};

enum stir_conf_decision {
    STIR_DECIDE_C = 0, /* the lowest is the default */
    STIR_DECIDE_B,
    STIR_DECIDE_A,
    STIR_DECIDE_ASKED,  /* what the source asked for, when it is trusted; else the lowest */
    STIR_DECIDE_NONE,   /* not signed, the call goes on */
    STIR_DECIDE_REFUSE, /* not signed, 403 */
};

/* [rule NAME]: attestation, first match in the order of the file; all that it names must hold. */
struct stir_conf_rule {
    const char *name;
    struct stir_conf_list trunks, tenants, number_sets, numbers; /* any of each */
    bool owned;                                                  /* numbers of the sets must be the trunk's customer's */
    enum stir_conf_decision attest;
};

enum stir_conf_existing {
    STIR_EXISTING_PASS = 0,  /* byte for byte, and no second shaken */
    STIR_EXISTING_STRIP = 1, /* sources that are not trusted: theirs are not in the answer's list, and a fresh one is signed */
};

/* [sign] */
struct stir_conf_sign {
    enum stir_caller_source caller;
    struct stir_tn_options tn; /* dial-plan */
    enum stir_conf_existing existing;
    bool div;                                             /* sign div when the call was diverted */
    int64_t reroute_after;                                /* seconds after which a re-routed call of ours gets a fresh token; default 10 */
    struct stir_conf_list attest_headers, origid_headers; /* asked by trusted trunks; attestation below that of the rules by anybody */
    bool quoted_ppt;
    bool add_date;
    bool any_url; /* labs */
};

/* What is done with a call. */
enum stir_conf_act {
    STIR_ACT_PASS = 0,
    STIR_ACT_STOP = 1,
    STIR_ACT_ALERT = 2, /* goes on with prefix and suffix around the caller's name */
};
enum stir_conf_stop {
    STIR_STOP_RFC8224 = 0, /* the reason's own code */
    STIR_STOP_608 = 1,
    STIR_STOP_603 = 2, /* 603 "Network Blocked" with Reason and redress contact */
};

/* [actions NAME]; the one named "default" holds for trunks that name none, and exists always. */
struct stir_conf_actions {
    const char *name;
    enum stir_conf_act missing, ok, failed, unusable; /* identity_missing, identity_check_ok, identity_check_failed, no usable certificate */
    char min_attest;                                  /* below it a passed call counts as failed; 0: any */
    enum stir_conf_stop stop;
    const char *prefix, *suffix;   /* of ALERT */
    const char *redress;           /* SIP or https URI, for 603 and 608 */
    bool with_attest;              /* verstat "-B", "-C" */
    bool display_name;             /* the alert's text is PAI's display name */
    struct stir_conf_list headers; /* X-headers wanted: attest origid spc reason verstat alert, each with "=Header-Name" */
};

/* [verify] */
struct stir_conf_verify {
    struct stir_policy policy; /* preset and what [verify] changes; id is set by whoever makes the snapshot */
    int64_t replay_entries;    /* 0: no memory */
    const char *numbers;       /* a file for stir_spc_table_parse(): who holds a number; "": none */
    enum stir_reason_protocol_conf { STIR_CONF_REASON_STIR = 0, STIR_CONF_REASON_SIP = 1 } reason_protocol;
};

/* [trust] */
struct stir_conf_trust {
    const char *dir;
    bool refresh; /* ask the administrator and the CRL points of each domain */
};

/* [fetch]: as struct stir_net_options. */
struct stir_conf_fetch {
    struct stir_conf_list allow_net;
    const char *tls_root, *resolver, *cache_dir;
    bool any_url;
    int64_t timeout_ms, max_fetches, max_connections, memory_bytes, disk_bytes, chains, chain_bytes, tables;
};

/* [repository] */
struct stir_conf_repository {
    const char *dir;
    const char *path; /* "/cr/" */
    int64_t max_age;  /* Cache-Control */
};

/* [store]: of pa and ca. Changes hold from a restart on. */
struct stir_conf_store {
    const char *url;  /* a path of SQLite, or postgresql://... */
    const char *node; /* the name of this node in audit chains and nonces; default: the host's */
    int64_t clerks;   /* threads that work on requests of pa and ca, each with a connection; SQLite has one writer at a time */
    int64_t max_jobs; /* requests that wait for a clerk; beyond: 503 with Retry-After */
};

/* [pa] */
struct stir_conf_pa {
    const char *url;                                    /* how the world reaches it, "https://pa.example": x5u and links are below it */
    const char *key, *cert;                             /* of tokens and lists; the chain, leaf first, its root among them or in `root` */
    const char *crl_key, *crl_cert;                     /* of the CRL; "": those above, whose certificate then must have cRLSign */
    const char *root;                                   /* the pinned root that CAs and verifiers have, PEM */
    const char *crl_url;                                /* where the CRL is: what certificates name; "": URL/download/v1/crl */
    const char *static_dir;                             /* ca-list.jws, crl.der, crl.pem, signer.pem are written there too, each by one rename; "": nowhere */
    int64_t token_life;                                 /* seconds; default 24h */
    int64_t list_life, list_every, crl_life, crl_every; /* until it is over, and how often it is made anew */
    int64_t login_life, max_failures, lock_time;        /* of access tokens; wrong passwords until an account is locked, and for how long */
    int64_t tokens_per_hour;                            /* of one provider; 0: no limit */
};

enum stir_conf_token_use {
    STIR_TOKEN_ONCE = 0,    /* a jti authorises once */
    STIR_TOKEN_ACCOUNT = 1, /* again for the same account, until it is over (RFC 9447 §4) */
};
/* [ca] */
struct stir_conf_ca {
    const char *url;                    /* of ACME, "https://ca.example/acme": the directory is at URL/directory */
    const char *key, *cert;             /* the issuing key, and its chain: issuing certificate first */
    const char *pa_root;                /* PEM: the administrator's roots; tokens are trusted by nothing else */
    struct stir_conf_list token_hosts;  /* hosts that an x5u of a token may name; none: any whose chain holds */
    unsigned binding;                   /* fingerprint = jwk | spki | either (enum stir_token_binding) */
    enum stir_conf_token_use token_use; /* token-use = once | account */
    int64_t max_token_life;             /* seconds; 0: any */
    bool binding_required;              /* external-account = required */
    bool account_key_allowed;           /* certificate-key = any: an account key may be a certificate's; default refused */
    const char *terms, *website;        /* of the directory's meta */
    const char *token_authority;        /* said in challenges; "": not */
    const char *profile;                /* the default one, of [profile] */
    int64_t order_life, authorization_life;
    int64_t orders_per_account, orders_per_code, accounts_per_address, requests_per_address; /* an hour; 0: no limit */
    const char *crl_url, *crl_issuer, *policy;                                               /* of certificates; crl_issuer a one-line name */
    const char *publish_dir;               /* where chains go as SERIAL.pem: [repository] dir of a repository; "": nowhere */
    const char *publish_url;               /* what stands before SERIAL.pem in x5u; "": the order names none */
    const char *report_url, *report_token; /* revocations are POSTed there, a file with the token; "": where [pa] is in the same store, directly */
    const char *tls_root;                  /* of peers: x5u of tokens, report-url; "": the system's */
    bool any_url;                          /* labs */
    int64_t chaos;                         /* a seed: nonces refused, orders slow, answers in odd order, for tests of clients; 0: never */
};

enum stir_conf_profile_kind {
    STIR_PROFILE_SHAKEN = 0,      /* end entity with one SPC (ATIS-1000080) */
    STIR_PROFILE_DELEGATE = 1,    /* end entity of numbers or codes (RFC 9060) */
    STIR_PROFILE_DELEGATE_CA = 2, /* a CA that delegates on */
};
/* [profile NAME] */
struct stir_conf_profile {
    const char *name;
    enum stir_conf_profile_kind kind;
    int64_t life, max_life;                                      /* seconds; asked for less in an order: less */
    int64_t backdate;                                            /* notBefore that long before now, for clocks that go wrong */
    int64_t path_len;                                            /* of delegate-ca; -1: none */
    struct stir_conf_list must_include, must_exclude, permitted; /* claim constraints; permitted: "claim=value|value" */
    struct stir_conf_list orgs;                                  /* O that a CSR may ask for; none: any that the CSR names */
};

enum stir_conf_mask {
    STIR_NUMBERS_MASKED = 0, /* last two digits hidden */
    STIR_NUMBERS_HASHED = 1,
    STIR_NUMBERS_FULL = 2,
};

/* [log] */
struct stir_conf_log {
    bool json;
    int level; /* 0 error, 1 warning, 2 notice, 3 info, 4 debug */
    enum stir_conf_mask mask;
    int64_t calls_per_second; /* lines about calls beyond it are sampled, and how many is said; 0: every one */
    const char *file;         /* "": standard error */
};

enum stir_conf_full {
    STIR_FULL_GO_ON = 0,    /* evidence that cannot be written is counted and alarmed, calls go on unrecorded */
    STIR_FULL_UNSIGNED = 1, /* without evidence nothing is signed (calls go on unsigned); verification goes on */
};

/* [evidence] */
struct stir_conf_evidence {
    const char *dir; /* "": none */
    int64_t rotate_bytes, rotate_after, keep;
    int64_t memory_bytes; /* records that wait for the disk */
    enum stir_conf_full when_full;
    bool sync; /* fsync each second */
};

/* [webhook] */
struct stir_conf_webhook {
    const char *url; /* "": none */
    const char *token_file;
    int64_t queue; /* records that wait; beyond: dropped and counted */
    int64_t batch;
    bool only_failed;
};

/* [metrics] */
struct stir_conf_metrics {
    int64_t max_trunks; /* trunk and tenant labels beyond it are "other" */
};

struct stir_conf {
    struct stir_conf_server server;
    struct stir_conf_sip *sip;
    size_t n_sip;
    struct stir_conf_http *http;
    size_t n_http;
    struct stir_conf_tenant *tenants;
    size_t n_tenants;
    struct stir_conf_trunk *trunks;
    size_t n_trunks;
    struct stir_conf_signer *signers;
    size_t n_signers;
    struct stir_conf_numbers *numbers;
    size_t n_numbers;
    struct stir_conf_rule *rules;
    size_t n_rules;
    struct stir_conf_actions *actions; /* [0] is the default one */
    size_t n_actions;
    struct stir_conf_sign sign;
    struct stir_conf_verify verify;
    struct stir_conf_trust trust;
    struct stir_conf_fetch fetch;
    struct stir_conf_repository repository;
    struct stir_conf_store store;
    struct stir_conf_pa pa;
    struct stir_conf_ca ca;
    struct stir_conf_profile *profiles; /* [0] is "shaken", written or not */
    size_t n_profiles;
    struct stir_conf_log log;
    struct stir_conf_evidence evidence;
    struct stir_conf_webhook webhook;
    struct stir_conf_metrics metrics;
    char hash[17]; /* of the effective configuration: what evidence names it by */
};

#endif
