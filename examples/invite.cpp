// C++: sign an INVITE and verify it on the other side. Owners are std::unique_ptr with libstir's free functions.
//     c++ -std=c++17 invite.cpp $(pkg-config --cflags --libs stir)
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <stir/stir.h>

namespace
{
constexpr std::int64_t now = 1700000000; // a program would ask the clock
constexpr const char *x5u = "https://cert.example.com/709J/sp.pem";

template <auto free_fn> struct Free {
    template <class T> void operator()(T *p) const
    {
        free_fn(p);
    }
};
using Key = std::unique_ptr<stir_key, Free<stir_key_free>>;
using Context = std::unique_ptr<stir_es256_ctx, Free<stir_es256_ctx_free>>;
using Cert = std::unique_ptr<stir_cert, Free<stir_cert_free>>;
using TnAuth = std::unique_ptr<stir_tnauth, Free<stir_tnauth_free>>;
using Builder = std::unique_ptr<stir_trust_builder, Free<stir_trust_builder_free>>;
using Trust = std::unique_ptr<stir_trust, Free<stir_trust_free>>;
using Verify = std::unique_ptr<stir_verify, Free<stir_verify_free>>;
using Verdict = std::unique_ptr<stir_verdict, Free<stir_verdict_free>>;

void must(stir_err err, const char *what)
{
    if (err != STIR_OK)
        throw std::runtime_error(std::string(what) + ": " + stir_err_text(err));
}

// Calls a function of the form f(T **out, ...) and owns what it made.
template <class Owner, class F, class... Args> Owner make(const char *what, F f, Args... args)
{
    typename Owner::pointer made = nullptr;
    must(f(&made, args...), what);
    return Owner(made);
}

Cert make_cert(stir_cert_role role, const char *cn, stir_key *subject, const stir_cert *issuer, const stir_tnauth *tnauth, stir_key *signing,
               stir_es256_ctx *ctx)
{
    stir_key_signer held = {signing, ctx};
    stir_signer signer = stir_signer_of_key(&held);
    stir_cert_params params = STIR_CERT_PARAMS_INIT;
    params.role = role;
    params.cn = stir_slice_str(cn);
    params.o = stir_slice_str("Example");
    params.c = stir_slice_str("US");
    params.key = subject;
    params.issuer = issuer;
    params.tnauth = tnauth;
    params.not_before = now - 3600;
    params.not_after = now + 30 * 86400;
    if (role == STIR_CERT_END_ENTITY) {
        params.crl_url = stir_slice_str("https://crl.example.com/pa.crl");
        params.crl_issuer = stir_slice_str("CN=STI-PA CRL,O=STI-PA,C=US");
        params.policy = stir_slice_str("2.16.840.1.114569.1.1.3");
    }
    stir_diag diag = {};
    return make<Cert>("certificate", stir_cert_make, &params, &signer, &diag);
}

std::string sign(const std::string &invite, stir_key *key, const stir_cert *cert, stir_es256_ctx *ctx)
{
    stir_key_signer held = {key, ctx};
    stir_signer signer = stir_signer_of_key(&held);
    stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    params.claims.ppt = STIR_PPT_SHAKEN;
    params.claims.x5u = stir_slice_str(x5u);
    params.claims.attest = 'A';
    params.claims.origid = stir_slice_str("123e4567-e89b-12d3-a456-426655440000");
    params.cert = cert;
    params.now = now;
    std::vector<char> out(invite.size() + 4096);
    std::size_t len = 0;
    stir_attest_report report = {};
    stir_diag diag = {};
    must(stir_attest_invite(out.data(), out.size(), &len, &report, stir_slice_of(invite.data(), invite.size()), &params, &signer, ctx, &diag), diag.text);
    std::printf("%zu bytes added\n", report.bytes_added);
    return std::string(out.data(), len);
}

Verdict verify(const std::string &message, const std::string &certificates, stir_trust *trust)
{
    stir_sip sip;
    must(stir_sip_parse(&sip, stir_slice_of(message.data(), message.size()), nullptr), "INVITE");
    stir_policy policy;
    must(stir_policy_preset(&policy, stir_slice_str("shaken")), "policy");
    Verify v = make<Verify>("begin", stir_verify_new, &sip.call, &policy, trust, static_cast<stir_es256_ctx *>(nullptr), now + 1);
    const stir_need *needs = nullptr;
    std::size_t n = 0;
    for (must(stir_verify_next(v.get(), &needs, &n), "verify"); n > 0; must(stir_verify_next(v.get(), &needs, &n), "verify")) {
        if (needs[0].kind == STIR_NEED_CERT)
            must(stir_verify_supply_pem(v.get(), needs[0].id, stir_slice_of(certificates.data(), certificates.size())), "certificate");
        else
            must(stir_verify_fail(v.get(), needs[0].id, STIR_R_INFO_UNREACHABLE), "answer");
    }
    stir_verdict *verdict = nullptr;
    must(stir_verify_take(v.get(), &verdict), "verdict");
    return Verdict(verdict);
}

void run()
{
    Context ctx = make<Context>("context", stir_es256_ctx_new);
    Key root_key = make<Key>("key", stir_key_generate), sp_key = make<Key>("key", stir_key_generate);
    Cert root = make_cert(STIR_CERT_ROOT, "Example Root", nullptr, nullptr, nullptr, root_key.get(), ctx.get());
    stir_tnauth_entry code = {STIR_TNAUTH_SPC, stir_slice_str("709J"), 0};
    TnAuth tnauth = make<TnAuth>("TNAuthList", stir_tnauth_new, &code, std::size_t{1}, static_cast<stir_diag *>(nullptr));
    Cert sp = make_cert(STIR_CERT_END_ENTITY, "SHAKEN 709J", sp_key.get(), root.get(), tnauth.get(), root_key.get(), ctx.get());
    char pem[4096];
    std::size_t len = 0;
    must(stir_cert_write_pem(pem, sizeof(pem), &len, sp.get()), "PEM");
    Builder builder = make<Builder>("trust", stir_trust_builder_new);
    must(stir_trust_add_anchor(builder.get(), root.get()), "anchor");
    Trust trust = make<Trust>("trust", stir_trust_freeze, builder.get(), std::uint64_t{1});
    static_cast<void>(builder.release()); // used up

    const std::string invite = "INVITE sip:+12155551213@example.com;user=phone SIP/2.0\r\n"
                               "Via: SIP/2.0/UDP pc.example.net;branch=z9hG4bK1\r\n"
                               "From: <sip:+12155551212@example.net;user=phone>;tag=1\r\n"
                               "To: <sip:+12155551213@example.com;user=phone>\r\n"
                               "Call-ID: 1@example.net\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    Verdict good = verify(sign(invite, sp_key.get(), sp.get(), ctx.get()), std::string(pem, len), trust.get());
    char text[8192];
    must(stir_verdict_explain(text, sizeof(text), &len, good.get()), "print");
    std::fputs(text, stdout);
    if (good->verstat != STIR_VERSTAT_PASSED)
        throw std::runtime_error("the call did not verify");
}
} // namespace

int main()
try {
    run();
    return 0;
} catch (const std::exception &problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
}
