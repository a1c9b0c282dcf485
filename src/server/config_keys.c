#include "server/config_forms.h"
#include "server/config_words.h"

static const int64_t GIB = 1024LL * 1024 * 1024;

static const struct stir_config_word roles[] = {{"as", STIR_ROLE_AS}, {"vs", STIR_ROLE_VS}, {"cr", STIR_ROLE_CR},
                                                {"pa", STIR_ROLE_PA}, {"ca", STIR_ROLE_CA}, WORD_END};
static const struct stir_config_word fronts[] = {{"as", STIR_ROLE_AS}, {"vs", STIR_ROLE_VS}, WORD_END};
static const struct stir_config_word sources[] = {{"trunks", false}, {"any", true}, WORD_END};
static const struct stir_config_word nothings[] = {{"302", STIR_NOTHING_302}, {"404", STIR_NOTHING_404}, WORD_END};
static const struct stir_config_word identity_ins[] = {
    {"header", STIR_IDENTITY_IN_HEADER}, {"contact", STIR_IDENTITY_IN_CONTACT}, {"both", STIR_IDENTITY_IN_BOTH}, WORD_END};
static const struct stir_config_word apis[] = {{"signing", STIR_API_SIGNING},
                                               {"verification", STIR_API_VERIFICATION},
                                               {"native", STIR_API_NATIVE},
                                               {"inspect", STIR_API_INSPECT},
                                               {"secsipidx", STIR_API_SECSIPIDX},
                                               {"repository", STIR_API_REPOSITORY},
                                               {"operations", STIR_API_OPERATIONS},
                                               {"acme", STIR_API_ACME},
                                               {"pa", STIR_API_PA},
                                               WORD_END};
static const struct stir_config_word dialects[] = {{"auto", STIR_DIALECT_AUTO}, {"atis", STIR_DIALECT_ATIS}, {"3gpp", STIR_DIALECT_3GPP}, WORD_END};
static const struct stir_config_word spellings[] = {{"lower", false}, {"camel", true}, WORD_END};
static const struct stir_config_word tenants[] = {{"provider", STIR_TENANT_PROVIDER}, {"customer", STIR_TENANT_CUSTOMER}, WORD_END};
static const struct stir_config_word attests[] = {{"A", 'A'}, {"B", 'B'}, {"C", 'C'}, {"none", 0}, WORD_END};
static const struct stir_config_word origids[] = {{"call", STIR_ORIGID_CALL}, {"customer", STIR_ORIGID_CUSTOMER}, {"trunk", STIR_ORIGID_TRUNK}, WORD_END};
static const struct stir_config_word lists[] = {{"owned", STIR_NUMBERS_OWNED}, {"evidence", STIR_NUMBERS_EVIDENCE}, WORD_END};
static const struct stir_config_word decisions[] = {{"A", STIR_DECIDE_A},
                                                    {"B", STIR_DECIDE_B},
                                                    {"C", STIR_DECIDE_C},
                                                    {"asked", STIR_DECIDE_ASKED},
                                                    {"none", STIR_DECIDE_NONE},
                                                    {"refuse", STIR_DECIDE_REFUSE},
                                                    WORD_END};
static const struct stir_config_word callers[] = {{"pai-from", STIR_CALLER_PAI_FROM}, {"from", STIR_CALLER_FROM}, {"from-pai", STIR_CALLER_FROM_PAI}, WORD_END};
static const struct stir_config_word existings[] = {{"pass", STIR_EXISTING_PASS}, {"strip", STIR_EXISTING_STRIP}, WORD_END};
static const struct stir_config_word acts[] = {{"pass", STIR_ACT_PASS}, {"stop", STIR_ACT_STOP}, {"alert", STIR_ACT_ALERT}, WORD_END};
static const struct stir_config_word stops[] = {{"rfc8224", STIR_STOP_RFC8224}, {"608", STIR_STOP_608}, {"603", STIR_STOP_603}, WORD_END};
static const struct stir_config_word accepts[] = {{"none", 1U << STIR_PPT_NONE}, {"shaken", 1U << STIR_PPT_SHAKEN}, {"rcd", 1U << STIR_PPT_RCD}, WORD_END};
static const struct stir_config_word protocols[] = {{"stir", STIR_CONF_REASON_STIR}, {"sip", STIR_CONF_REASON_SIP}, WORD_END};
static const struct stir_config_word formats[] = {{"text", false}, {"json", true}, WORD_END};
static const struct stir_config_word levels[] = {{"error", 0}, {"warning", 1}, {"notice", 2}, {"info", 3}, {"debug", 4}, WORD_END};
static const struct stir_config_word masks[] = {{"masked", STIR_NUMBERS_MASKED}, {"hashed", STIR_NUMBERS_HASHED}, {"full", STIR_NUMBERS_FULL}, WORD_END};
static const struct stir_config_word fulls[] = {{"go-on", STIR_FULL_GO_ON}, {"unsigned", STIR_FULL_UNSIGNED}, WORD_END};

static const struct stir_config_key server[] = {
    FLAGS("roles", stir_conf_server, roles, "", roles, true,
          "what this process does: as (authentication service), vs (verification service), cr (certificate repository), pa (policy administrator), ca "
          "(certificate authority)",
          "as vs"),
    NUMBER("workers", stir_conf_server, workers, "0", 0, 256, "threads that handle calls; 0: as many as cores", "4"),
    TEXT("user", stir_conf_server, user, "", 1, STIR_CONFIG_NAME, stir_word_user, "USER",
         "become this user when sockets are bound and keys are read; not given: stay who started it, which root may not", "stir"),
    TEXT("group", stir_conf_server, group, "", 1, STIR_CONFIG_NAME, stir_word_user, "GROUP", "become this group; not given: that of user", "stir"),
    FILE_AT("control", stir_conf_server, control, false, "unix socket for stir conf reload; not given: none, and SIGHUP alone reloads", "/run/stir/control"),
    SPAN_MS("stop-wait", stir_conf_server, stop_wait_ms, "10s", 0, 300 * SECOND, "a stop waits this long for the answers to what was accepted", "10s"),
    NUMBER("max-waiting", stir_conf_server, max_waiting, "10000", 1, 1000000,
           "calls that wait for the network at once; more are answered at once, as without a usable certificate", "10000"),
    SPAN_MS("max-queue", stir_conf_server, max_queue_ms, "500ms", 10, 10 * SECOND,
            "an INVITE that waited longer before it was looked at gets 503 with Retry-After, unless it is an emergency call", "500ms"),
};

static const struct stir_config_key sip[] = {
    CHOICE("role", stir_conf_sip, role, "", fronts, true, "what is done with an INVITE: as signs it, vs verifies it", "as"),
    NEEDED_LIST("listen", stir_conf_sip, listen, 16, stir_word_sip_listen, "TRANSPORT:ADDRESS:PORT...",
                "where to listen: udp, tcp or tls, an address (IPv6 in brackets), a port", "udp:192.0.2.1:5060 tcp:192.0.2.1:5060"),
    CHOICE("sources", stir_conf_sip, any_source, "trunks", sources, false, "who is answered: trunks (others get 403), or any", "trunks"),
    TEXT("contact", stir_conf_sip, contact, "", 1, 261, stir_word_host_port, "HOST[:PORT]",
         "host and port of the Contact in a 302; not given: those of the Request-URI", "sbc.example.com:5080"),
    CHOICE("nothing", stir_conf_sip, nothing, "302", nothings, false, "the answer when there is nothing to sign: 302 without Identity, or 404", "404"),
    CHOICE("identity-in", stir_conf_sip, identity_in, "header", identity_ins, false,
           "where a 302 carries Identity: header, contact (<sip:...?Identity=...>) or both", "header"),
    SPAN_MS("answer-within", stir_conf_sip, answer_within_ms, "400ms", 50, 10 * SECOND,
            "a call that waits for the network is answered after this with what is known", "400ms"),
    NUMBER("max-answers", stir_conf_sip, max_answers, "100000", 100, 10000000, "answers remembered for retransmissions, 32 s each, all workers together",
           "100000"),
    NUMBER("max-connections", stir_conf_sip, max_connections, "1000", 1, 100000, "TCP and TLS connections at once", "1000"),
    NUMBER("max-per-address", stir_conf_sip, max_per_address, "50", 1, 100000, "of these from one address; an IPv6 /64 counts as one", "50"),
    SPAN_MS("idle", stir_conf_sip, idle_ms, "2m", SECOND, DAY *SECOND, "a connection without a request is closed after this", "2m"),
    TLS_KEYS(stir_conf_sip),
};

static const struct stir_config_key http[] = {
    NEEDED_LIST("listen", stir_conf_http, listen, 16, stir_word_http_listen, "ADDRESS:PORT...", "where to listen: an address (IPv6 in brackets) and a port",
                "192.0.2.1:8443"),
    FLAGS("serve", stir_conf_http, apis, "", apis, true,
          "which interfaces: signing and verification (ATIS-1000082 and 3GPP), native, inspect, secsipidx, repository, operations (/healthz /readyz /metrics "
          "/version), acme (the certificate authority), pa (the policy administrator)",
          "signing verification"),
    YES_NO("open", stir_conf_http, open, "no", "serve signing and verification to whoever can connect, without a token or client certificate of a tenant",
           "yes"),
    TEXT("root", stir_conf_http, root, "/stir/v1", 2, 128, stir_word_root, "PATH", "path before signing and verification", "/stir/v1"),
    CHOICE("dialect", stir_conf_http, dialect, "auto", dialects, false,
           "of signing and verification: auto (told by the members of a request; atis where both read the same), atis, or 3gpp", "3gpp"),
    CHOICE("reason-spelling", stir_conf_http, camel_case, "lower", spellings, false,
           "members of verification answers: lower (reasoncode), or camel (reasonCode)", "camel"),
    SIZE("max-body", stir_conf_http, max_body, "256K", KIB, 64 * MIB, "longest body of a request", "256K"),
    NUMBER("max-connections", stir_conf_http, max_connections, "1000", 1, 100000, "connections at once", "1000"),
    NUMBER("max-per-address", stir_conf_http, max_per_address, "200", 1, 100000, "connections at once from one address; an IPv6 /64 counts as one", "200"),
    SPAN_MS("request-within", stir_conf_http, request_ms, "5s", 100, 300 * SECOND, "a whole request has to come, and its answer be taken, within this", "5s"),
    SPAN_MS("idle", stir_conf_http, idle_ms, "30s", SECOND, DAY *SECOND, "a connection without a request is closed after this", "30s"),
    SPAN_MS("answer-within", stir_conf_http, answer_within_ms, "400ms", 50, 10 * SECOND,
            "a verification that waits for the network is answered after this with what is known", "400ms"),
    LIST("proxies", stir_conf_http, proxies, "", 64, stir_word_network, "NETWORK...",
         "proxies that end TLS in front of acme and pa: what they put last into X-Forwarded-For is who asks", "127.0.0.1"),
    TLS_KEYS(stir_conf_http),
};

static const struct stir_config_key tenant[] = {
    CHOICE("kind", stir_conf_tenant, kind, "", tenants, true,
           "provider: signs with a certificate of its own; customer: signed with ours, never above what our rules allow", "customer"),
    LIST("hosts", stir_conf_tenant, hosts, "", STIR_CONFIG_ITEMS, stir_word_host, "HOST...", "hosts of the Request-URI that name it", "acme.as.example.com"),
    TEXT("path", stir_conf_tenant, path, "", 1, 64, stir_word_segment, "PART", "HTTP: its requests come to /t/PART/...", "acme"),
    SECRET_AT("token-file", stir_conf_tenant, token_file, false, "HTTP: its bearer tokens, one a line, mode 0600", "credential:acme-tokens"),
    TEXT("client-name", stir_conf_tenant, client_name, "", 1, 253, stir_word_host, "NAME", "TLS: DNS name or common name of its client certificate",
         "sbc.acme.example"),
    CHOICE("max-attest", stir_conf_tenant, max_attest, "none", attests, false, "its calls never get a higher attestation: A, B, C; none: rules alone decide",
           "B"),
    CHOICE("origid", stir_conf_tenant, origid, "call", origids, false,
           "origination identifier: a fresh one each call, one of the customer, or one of the trunk", "customer"),
    TEXT("origid-value", stir_conf_tenant, origid_value, "", 36, 36, stir_word_uuid, "UUID", "the customer's; not given: made from its name",
         "de305d54-75b4-431b-adb2-eb6b9e546014"),
};

static const struct stir_config_key trunk[] = {
    LIST("addresses", stir_conf_trunk, addresses, "", STIR_CONFIG_ITEMS, stir_word_network, "NETWORK...", "where its calls come from",
         "192.0.2.0/28 2001:db8::/64"),
    TEXT("tls-name", stir_conf_trunk, tls_name, "", 1, 253, stir_word_host, "NAME", "DNS name or common name of its client certificate", "pbx.acme.example"),
    TEXT("header", stir_conf_trunk, header, "", 3, 256, stir_word_header, "NAME: VALUE",
         "a header of its requests, besides an address or a TLS name: alone it proves nothing", "X-Trunk: 17"),
    NAME("tenant", stir_conf_trunk, tenant, STIR_SECTION_TENANT,
         "whose calls these are; not given: nobody's, or of a trunk without customer, the Request-URI's", "acme"),
    TEXT("customer", stir_conf_trunk, customer, "", 1, 16, stir_word_customer, "CODE", "whose trunk it is, as lists of numbers name him", "17"),
    YES_NO("trusted", stir_conf_trunk, trusted, "no",
           "what it says of attestation is believed, as far as rules say, and its Priority: psap-callback keeps a call from being stopped", "yes"),
    TEXT("dial-plan", stir_conf_trunk, dial_plan, "", 2, 2, stir_word_plan, "COUNTRY", "how it writes numbers; not given: as [sign] or [verify] says", "US"),
    LIST("technical-prefixes", stir_conf_trunk, technical_prefixes, "", STIR_MAX_PREFIXES, stir_word_technical, "PREFIX...", "what it puts before its numbers",
         "99#"),
    LIST("portability-prefixes", stir_conf_trunk, portability_prefixes, "", STIR_MAX_PREFIXES, stir_word_portability, "PREFIX...",
         "routing prefixes of ported numbers, X for any digit", "D1XX"),
    NAME("actions", stir_conf_trunk, actions, STIR_SECTION_ACTIONS, "what is done with its verified calls; not given: [actions default]", "strict"),
    CHOICE("origid", stir_conf_trunk, origid, "call", origids, false, "origination identifier, where the tenant says nothing else", "trunk"),
    TEXT("origid-value", stir_conf_trunk, origid_value, "", 36, 36, stir_word_uuid, "UUID", "the trunk's; not given: made from its name",
         "de305d54-75b4-431b-adb2-eb6b9e546014"),
};

static const struct stir_config_key signer[] = {
    SECRET_AT("key", stir_conf_signer, key, false, "private key, PEM, mode 0600", "credential:main-key"),
    SECRET_AT("cert", stir_conf_signer, cert, false, "its certificate and the issuers, PEM: what x5u gives", "/etc/stir/main.pem"),
    TEXT("x5u", stir_conf_signer, x5u, "", 9, STIR_MAX_URL, stir_word_x5u, "URL", "where verifiers get the certificate",
         "https://cr.example.com/cr/main-2026.pem"),
    FOLDER_AT("acme", stir_conf_signer, acme, "instead of key, cert and x5u: a folder of stir acme, whose certificate the daemon renews", "/var/lib/stir/acme"),
    NAME("tenant", stir_conf_signer, tenant, STIR_SECTION_TENANT,
         "a provider whose calls it signs, and no other's; not given: calls of no tenant, and of customers", "acme"),
    LIST("numbers", stir_conf_signer, numbers, "", STIR_CONFIG_ITEMS, stir_word_numbers, "NUMBER|PREFIX*|FIRST-LAST...",
         "callers that it signs for; not given: any", "12155551212 1215555* 12155550000-12155559999"),
    NAMES("number-sets", stir_conf_signer, number_sets, STIR_SECTION_NUMBERS, "lists of callers that it signs for", "main"),
    NAMES("trunks", stir_conf_signer, trunks, STIR_SECTION_TRUNK, "trunks that it signs for; not given: any", "pbx17"),
    YES_NO("check-x5u", stir_conf_signer, check_x5u, "yes", "x5u is fetched from outside and compared with cert before the key goes live", "no"),
    SPAN("warn-before", stir_conf_signer, warn_before, "14d", 0, YEAR, "warn this long before the certificate ends", "14d"),
    SPAN("max-life", stir_conf_signer, max_life, "0s", 0, 10LL * YEAR, "refuse a certificate that is valid for longer; 0s: any", "90d"),
};

static const struct stir_config_key numbers[] = {
    CHOICE("kind", stir_conf_numbers, kind, "owned", lists, false, "owned: lines NUMBERS CUSTOMER; evidence: lines NUMBERS CUSTOMER EVIDENCE REFERENCE EXPIRY",
           "evidence"),
    FILE_AT("file", stir_conf_numbers, file, true, "the list", "/etc/stir/numbers.txt"),
};

static const struct stir_config_key rule[] = {
    NAMES("trunks", stir_conf_rule, trunks, STIR_SECTION_TRUNK, "calls of these trunks", "pbx17"),
    NAMES("tenants", stir_conf_rule, tenants, STIR_SECTION_TENANT, "calls of these tenants", "acme"),
    NAMES("number-sets", stir_conf_rule, number_sets, STIR_SECTION_NUMBERS, "callers in these lists", "main"),
    LIST("numbers", stir_conf_rule, numbers, "", STIR_CONFIG_ITEMS, stir_word_numbers, "NUMBER|PREFIX*|FIRST-LAST...", "these callers", "1215555*"),
    YES_NO("owned", stir_conf_rule, owned, "no", "the number must be the trunk's customer's, by the lists of number-sets", "yes"),
    CHOICE("attest", stir_conf_rule, attest, "", decisions, true,
           "what they get: A, B, C, asked (what a trusted source asks for), none (goes on unsigned), refuse (403; calls to emergency numbers go on unsigned)",
           "A"),
};

static const struct stir_config_key sign[] = {
    CHOICE("caller", stir_conf_sign, caller, "pai-from", callers, false,
           "which header names the caller: pai-from (P-Asserted-Identity, else From), from, from-pai", "pai-from"),
    SPECIAL("dial-plan", STIR_KEY_PLAN, stir_conf_sign, tn.plan, "none", 0, "COUNTRY", "how numbers of messages are written; none: with their country code",
            "US"),
    CHOICE("existing", stir_conf_sign, existing, "pass", existings, false,
           "Identity that came with the call: pass (byte for byte, no second shaken), or strip that of sources that are not trusted and sign anew", "pass"),
    YES_NO("div", stir_conf_sign, div, "yes", "sign a div token when the call was diverted", "yes"),
    SPAN("reroute-after", stir_conf_sign, reroute_after, "10s", 1, 60, "a call of ours that comes again after this gets a fresh token", "10s"),
    LIST("attest-headers", stir_conf_sign, attest_headers, "P-Attestation-Info Attestation-Info P-Attestation-Indicator Attestation", 16, stir_word_header_name,
         "HEADER...", "headers by which trusted trunks ask for an attestation, and others for less than rules give; none: no header",
         "P-Attestation-Indicator"),
    LIST("origid-headers", stir_conf_sign, origid_headers, "P-Origination-ID Origination-ID", 16, stir_word_header_name, "HEADER...",
         "headers by which trusted trunks give an origination identifier; none: no header", "P-Origination-ID"),
    YES_NO("quoted-ppt", stir_conf_sign, quoted_ppt, "no", "write ppt=\"shaken\" with quotes, for verifiers that want them", "no"),
    YES_NO("add-date", stir_conf_sign, add_date, "yes", "add a Date header to calls that have none", "yes"),
    YES_NO("any-url", stir_conf_sign, any_url, "no", "labs: x5u may have other ports than 443 and 8443, and addresses", "no"),
};

static const struct stir_config_key actions[] = {
    CHOICE("missing", stir_conf_actions, missing, "pass", acts, false, "a call without Identity: pass, stop or alert", "pass"),
    CHOICE("ok", stir_conf_actions, ok, "pass", acts, false, "a call that holds", "pass"),
    CHOICE("failed", stir_conf_actions, failed, "pass", acts, false, "a call that fails", "stop"),
    CHOICE("unusable", stir_conf_actions, unusable, "pass", acts, false, "a call whose certificate could not be had", "pass"),
    CHOICE("min-attest", stir_conf_actions, min_attest, "none", attests, false,
           "below this attestation a call that holds counts as failed: A, B, C; none: any does", "B"),
    CHOICE("stop", stir_conf_actions, stop, "rfc8224", stops, false, "the answer of stop: rfc8224 (the reason's code), 608, or 603 (Network Blocked)", "608"),
    TEXT("prefix", stir_conf_actions, prefix, "", 1, 15, NULL, "TEXT", "alert: put before the caller's name", "[SPAM?]"),
    TEXT("suffix", stir_conf_actions, suffix, "", 1, 15, NULL, "TEXT", "alert: put behind the caller's name", "(unverified)"),
    TEXT("redress", stir_conf_actions, redress, "", 1, 256, stir_word_redress, "URI", "where a blocked caller may complain; 603 and 608 carry it",
         "https://example.com/redress"),
    YES_NO("with-attest", stir_conf_actions, with_attest, "no", "verstat says B and C: TN-Validation-Passed-B", "no"),
    YES_NO("display-name", stir_conf_actions, display_name, "yes", "the alert's text is the display name of P-Asserted-Identity", "yes"),
    LIST("headers", stir_conf_actions, headers, "", 6, stir_word_told_header, "WHAT=HEADER...",
         "headers of the answer that tell attest, origid, spc, reason, verstat or the text of an alert", "attest=X-Attestation verstat=X-Verstat"),
};

static const struct stir_config_key verify[] = {
    SPECIAL("preset", STIR_KEY_PRESET, stir_conf_verify, policy, "shaken", 0, "NAME",
            "the policy to begin with, see stir-policy(7); the other keys change parts of it", "us"),
    FLAGS("accept", stir_conf_verify, policy.accept, NULL, accepts, false, "tokens that may decide a call: none (no ppt), shaken, rcd", "shaken"),
    YES_NO("strict", stir_conf_verify, policy.strict, NULL, "severities of the strict column, and Identity read strictly", "yes"),
    YES_NO("compact", stir_conf_verify, policy.allow_compact, NULL, "the compact form is accepted where a token's kind has one", "no"),
    SPAN("max-age", stir_conf_verify, policy.max_age, NULL, 1, DAY, "how far iat may lie behind now", "60s"),
    SPAN("max-future", stir_conf_verify, policy.max_future, NULL, 0, DAY, "how far iat may lie ahead of now", "60s"),
    SPAN("max-date-age", stir_conf_verify, policy.max_date_age, NULL, 1, DAY, "how far Date may lie from now, either way", "60s"),
    SPAN("max-date-iat", stir_conf_verify, policy.max_date_iat, NULL, 1, DAY, "how far Date may lie from iat, either way", "60s"),
    CHOICE("caller", stir_conf_verify, policy.caller, NULL, callers, false, "which header names the caller: pai-from, from, from-pai", "from"),
    SPECIAL("dial-plan", STIR_KEY_PLAN, stir_conf_verify, policy.tn.plan, NULL, 0, "COUNTRY",
            "how numbers of messages are written; none: with their country code", "US"),
    YES_NO("crl-required", stir_conf_verify, policy.crl_required, NULL, "without a usable CRL a call fails", "yes"),
    CHOICE("min-attest", stir_conf_verify, policy.min_attest, NULL, attests, false, "a lower attestation fails verification itself: A, B, C; none: any does",
           "none"),
    SPECIAL("fail", STIR_KEY_REASONS, stir_conf_verify, policy, NULL, STIR_SEVERITY_FAIL, "REASON...",
            "reasons, by their names in docs/REASONS.md, that fail a call", "date-stale"),
    SPECIAL("warn", STIR_KEY_REASONS, stir_conf_verify, policy, NULL, STIR_SEVERITY_WARN, "REASON...", "reasons that only warn", "policy-oid"),
    SPECIAL("off", STIR_KEY_REASONS, stir_conf_verify, policy, NULL, STIR_SEVERITY_OFF, "REASON...", "reasons that say nothing", "iat-date-differ"),
    SPECIAL("policy-oids", STIR_KEY_OIDS, stir_conf_verify, policy, NULL, 0, "OID...", "certificate policies that are accepted; any: all of the SHAKEN arc",
            "2.16.840.1.114569.1.1.4"),
    YES_NO("fetch-content", stir_conf_verify, policy.fetch_content, NULL, "fetch what rich call data names by URL, and hold it against its digests", "no"),
    YES_NO("fetch-tnlist", stir_conf_verify, policy.fetch_tnlist, NULL, "fetch TNAuthLists that certificates name by URL", "no"),
    YES_NO("check-replay", stir_conf_verify, policy.check_replay, NULL, "a token that came with another call before fails", "yes"),
    NUMBER("replay-entries", stir_conf_verify, replay_entries, "1000000", 1000, 100000000, "tokens remembered for check-replay, some 64 bytes each", "1000000"),
    YES_NO("check-authority", stir_conf_verify, policy.check_authority, NULL, "ask the list `numbers` whether the signer holds the caller's number", "yes"),
    FILE_AT("numbers", stir_conf_verify, numbers, false, "who holds a number: lines NUMBERS CODE", "/etc/stir/holders.txt"),
    CHOICE("reason-protocol", stir_conf_verify, reason_protocol, "stir", protocols, false, "Reason headers of answers: stir (RFC 9410), or sip", "stir"),
    YES_NO("tnauth-optional", stir_conf_verify, policy.tnauth_optional, NULL, "labs: a certificate without TNAuthList may sign", "no"),
    YES_NO("any-url", stir_conf_verify, policy.any_url, NULL, "labs: x5u may have other ports than 443 and 8443, and addresses", "no"),
};

static const struct stir_config_key trust[] = {
    FOLDER_AT("dir", stir_conf_trust, dir, "the folder of trust domains, as stir trust add and stir trust update make it", "/var/lib/stir/trust"),
    YES_NO("refresh", stir_conf_trust, refresh, "yes", "ask the administrator and the CRL points of each domain when they are due", "yes"),
};

static const struct stir_config_key fetch[] = {
    LIST("allow-net", stir_conf_fetch, allow_net, "", 64, stir_word_network, "NETWORK...", "labs: networks that may be connected to besides the public ones",
         "127.0.0.0/8"),
    FILE_AT("tls-root", stir_conf_fetch, tls_root, false, "roots of HTTPS, PEM; not given: the system's", "/etc/stir/lab-root.pem"),
    TEXT("resolver", stir_conf_fetch, resolver, "", 1, 64, stir_word_resolver, "ADDRESS[:PORT]", "the DNS server; not given: those of the system",
         "192.0.2.53"),
    FOLDER_AT("cache-dir", stir_conf_fetch, cache_dir, "certificates are kept here too, over a restart; not given: in memory alone", "/var/cache/stir"),
    YES_NO("any-url", stir_conf_fetch, any_url, "no", "labs: other ports than 443 and 8443, and addresses", "no"),
    SPAN_MS("timeout", stir_conf_fetch, timeout_ms, "2s", 100, 30 * SECOND, "of a whole fetch", "2s"),
    NUMBER("max-fetches", stir_conf_fetch, max_fetches, "1024", 1, 100000, "fetches under way at once; more fail at once", "1024"),
    NUMBER("max-connections", stir_conf_fetch, max_connections, "64", 1, 4096, "connections open at once", "64"),
    SIZE("memory", stir_conf_fetch, memory_bytes, "64M", MIB, 64 * GIB, "what was fetched, in memory", "64M"),
    SIZE("disk", stir_conf_fetch, disk_bytes, "256M", MIB, 1024 * GIB, "what was fetched, in cache-dir", "256M"),
    NUMBER("chains", stir_conf_fetch, chains, "100000", 100, 10000000, "judged certificates that are kept", "100000"),
    SIZE("chain-memory", stir_conf_fetch, chain_bytes, "256M", MIB, 64 * GIB, "memory that they take", "256M"),
    NUMBER("tables", stir_conf_fetch, tables, "512", 0, 100000, "keys that are much used and get a table of 160 KB, within chain-memory", "512"),
};

static const struct stir_config_key repository[] = {
    FOLDER_AT("dir", stir_conf_repository, dir, "certificates that are served, one PEM file a chain", "/var/lib/stir/cr"),
    TEXT("path", stir_conf_repository, path, "/cr/", 1, 128, stir_word_folder_url, "PATH", "where they are served", "/cr/"),
    SPAN("max-age", stir_conf_repository, max_age, "1d", 0, YEAR, "Cache-Control: how long verifiers may keep one", "1d"),
};

static const struct stir_config_key log_keys[] = {
    CHOICE("format", stir_conf_log, json, "text", formats, false, "text, or json: one object a line", "json"),
    CHOICE("level", stir_conf_log, level, "info", levels, false, "error, warning, notice, info (a line a call) or debug", "notice"),
    CHOICE("numbers", stir_conf_log, mask, "masked", masks, false, "telephone numbers: masked (the last two digits hidden), hashed, or full", "masked"),
    NUMBER("calls-per-second", stir_conf_log, calls_per_second, "200", 0, 1000000, "more lines about calls are left out, and how many is said; 0: none is",
           "200"),
    FILE_AT("file", stir_conf_log, file, false, "not given: standard error, which systemd takes", "/var/log/stir/stir.log"),
};

static const struct stir_config_key evidence[] = {
    FOLDER_AT("dir", stir_conf_evidence, dir, "one record for each call, with full numbers; made when it is not there; not given: none",
              "/var/lib/stir/evidence"),
    SIZE("rotate-size", stir_conf_evidence, rotate_bytes, "256M", MIB, 64 * GIB, "a new file after this", "256M"),
    SPAN("rotate-after", stir_conf_evidence, rotate_after, "1d", MINUTE, 31 * DAY, "a new file after this", "1h"),
    SPAN("keep", stir_conf_evidence, keep, "90d", HOUR, 20LL * YEAR, "files are removed after this", "730d"),
    SIZE("memory", stir_conf_evidence, memory_bytes, "64M", MIB, 16 * GIB, "records that wait for the disk; as much again is reserved there for a full disk",
         "64M"),
    CHOICE("when-full", stir_conf_evidence, when_full, "go-on", fulls, false,
           "when evidence cannot be written: go-on (counted and alarmed), or unsigned (calls go on without a signature)", "unsigned"),
    YES_NO("sync", stir_conf_evidence, sync, "yes", "the disk is made to have it each second", "yes"),
};

static const struct stir_config_key webhook[] = {
    TEXT("url", stir_conf_webhook, url, "", 8, STIR_MAX_URL, stir_word_webhook, "URL", "records are posted here as JSON; not given: nowhere",
         "https://example.com/stir"),
    SECRET_AT("token-file", stir_conf_webhook, token_file, false, "a bearer token on its first line, mode 0600", "credential:webhook-token"),
    NUMBER("queue", stir_conf_webhook, queue, "10000", 1, 10000000, "records that wait; more are dropped and counted", "10000"),
    NUMBER("batch", stir_conf_webhook, batch, "100", 1, 10000, "records in one request", "100"),
    YES_NO("only-failed", stir_conf_webhook, only_failed, "no", "only verifications that failed and calls that stayed unsigned", "yes"),
};

static const struct stir_config_key metrics[] = {
    NUMBER("max-trunks", stir_conf_metrics, max_trunks, "200", 0, 10000, "trunks and tenants with figures of their own; further ones are \"other\"", "200"),
};

#define COUNT(keys) keys, sizeof(keys) / sizeof((keys)[0])
#define ONE(kind, member, keys, help)                                                                                        \
    {                                                                                                                        \
        kind, false, offsetof(struct stir_conf, member), 0, sizeof(((struct stir_conf *)0)->member), COUNT(keys), help, NULL \
    }
#define FIXED(kind, member, keys, at_start, help)                                                                                \
    {                                                                                                                            \
        kind, false, offsetof(struct stir_conf, member), 0, sizeof(((struct stir_conf *)0)->member), COUNT(keys), help, at_start \
    }
#define MANY(kind, member, count, keys, help)                                                                                                                \
    {                                                                                                                                                        \
        kind, true, offsetof(struct stir_conf, member), offsetof(struct stir_conf, count), sizeof(*((struct stir_conf *)0)->member), COUNT(keys), help, NULL \
    }

const struct stir_config_section stir_config_sections[STIR_SECTIONS] = {
    [STIR_SECTION_SERVER] = FIXED("server", server, server, "roles workers user group control", "The process."),
    [STIR_SECTION_SIP] = MANY("sip", sip, n_sip, sip, "SIP listeners that do one thing. INVITEs are answered with 302."),
    [STIR_SECTION_HTTP] = MANY("http", http, n_http, http, "HTTP listeners; HTTPS when tls-cert and tls-key are given."),
    [STIR_SECTION_TENANT] = MANY("tenant", tenants, n_tenants, tenant,
                                 "Somebody whose calls are kept apart. Who matches no tenant is nobody's, and is signed only by signers that name no tenant."),
    [STIR_SECTION_TRUNK] =
        MANY("trunk", trunks, n_trunks, trunk, "Where calls come from. The first in the order of the file that matches, by all that it names."),
    [STIR_SECTION_SIGNER] = MANY("signer", signers, n_signers, signer,
                                 "A signing identity: a key, its certificate, and where verifiers find that. Of those that fit, the most specific number wins, "
                                 "then the newest certificate."),
    [STIR_SECTION_NUMBERS] = MANY("numbers", numbers, n_numbers, numbers, "A list of numbers, for rules and signers."),
    [STIR_SECTION_RULE] =
        MANY("rule", rules, n_rules, rule, "Which attestation a call gets: the first in the order of the file whose every key holds. Without one it is C."),
    [STIR_SECTION_SIGN] = ONE("sign", sign, sign, "How calls are signed."),
    [STIR_SECTION_ACTIONS] = MANY("actions", actions, n_actions, actions,
                                  "What is done with a verified call. [actions default] holds for trunks that name none; a call that goes to an emergency "
                                  "number, or for which a trusted word says that a PSAP calls back, is never stopped."),
    [STIR_SECTION_VERIFY] = FIXED("verify", verify, verify, "replay-entries", "What a verification asks."),
    [STIR_SECTION_TRUST] = FIXED("trust", trust, trust, "all", "Whom verifications trust."),
    [STIR_SECTION_FETCH] = FIXED("fetch", fetch, fetch, "all", "How certificates are fetched, and what is kept."),
    [STIR_SECTION_REPOSITORY] = ONE("repository", repository, repository, "The certificate repository."),
    [STIR_SECTION_STORE] = {"store", false, offsetof(struct stir_conf, store), 0, sizeof(struct stir_conf_store), stir_config_store_keys,
                            STIR_CONFIG_STORE_KEYS, "What the policy administrator and the certificate authority know.", "all"},
    [STIR_SECTION_PA] = {"pa", false, offsetof(struct stir_conf, pa), 0, sizeof(struct stir_conf_pa), stir_config_pa_keys, STIR_CONFIG_PA_KEYS,
                         "The policy administrator: providers, SPC tokens, the list of trusted CAs, the CRL.", NULL},
    [STIR_SECTION_CA] = {"ca", false, offsetof(struct stir_conf, ca), 0, sizeof(struct stir_conf_ca), stir_config_ca_keys, STIR_CONFIG_CA_KEYS,
                         "The certificate authority, over ACME.", NULL},
    [STIR_SECTION_PROFILE] = {"profile", true, offsetof(struct stir_conf, profiles), offsetof(struct stir_conf, n_profiles), sizeof(struct stir_conf_profile),
                              stir_config_profile_keys, STIR_CONFIG_PROFILE_KEYS,
                              "What certificates of the certificate authority look like. [profile shaken] is there, written or not.", NULL},
    [STIR_SECTION_LOG] = ONE("log", log, log_keys, "What people read. It may leave lines out under load, and says so."),
    [STIR_SECTION_EVIDENCE] = ONE("evidence", evidence, evidence, "What courts read: one record for each call, none left out."),
    [STIR_SECTION_WEBHOOK] = ONE("webhook", webhook, webhook, "Records for another machine."),
    [STIR_SECTION_METRICS] = ONE("metrics", metrics, metrics, "Figures for Prometheus, at /metrics of an HTTP listener that serves operations."),
};

enum stir_config_kind stir_config_kind_of(struct stir_slice word)
{
    for (size_t i = 0; i < STIR_SECTIONS; i++)
        if (stir_slice_is(word, stir_config_sections[i].kind))
            return (enum stir_config_kind)i;
    return STIR_SECTION_NONE;
}

const struct stir_config_key *stir_config_key_of(enum stir_config_kind kind, struct stir_slice name)
{
    if (kind >= STIR_SECTIONS)
        return NULL;
    const struct stir_config_section *section = &stir_config_sections[kind];
    for (size_t i = 0; i < section->n_keys; i++)
        if (stir_slice_is(name, section->keys[i].name))
            return &section->keys[i];
    return NULL;
}

bool stir_config_at_start(const struct stir_config_section *section, const struct stir_config_key *key)
{
    const char *word = section->at_start ? section->at_start : "";
    if (strcmp(word, "all") == 0)
        return true;
    while (*word) {
        size_t n = strcspn(word, " ");
        if (stir_slice_is(stir_slice_of(word, n), key->name))
            return true;
        word += n + strspn(word + n, " ");
    }
    return false;
}

size_t stir_config_count(const struct stir_conf *conf, enum stir_config_kind kind)
{
    const struct stir_config_section *section = &stir_config_sections[kind];
    size_t n = 1;
    if (section->named)
        memcpy(&n, (const char *)conf + section->counted, sizeof(n));
    return n;
}

const void *stir_config_at(const struct stir_conf *conf, enum stir_config_kind kind, size_t index)
{
    const struct stir_config_section *section = &stir_config_sections[kind];
    const char *first = (const char *)conf + section->offset;
    if (section->named)
        memcpy(&first, (const char *)conf + section->offset, sizeof(first));
    return first + index * section->size;
}
