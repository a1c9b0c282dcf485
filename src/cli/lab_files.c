#define _GNU_SOURCE /* nftw() */
/* What of the lab no command makes: free ports, and a certificate for HTTPS, which is another thing than STIR's. */
#include "cli/lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <unistd.h>

#include "core/bytes.h"

enum { OPEN_FILES = 8, DAY = 86400, PORT_TRIES = 100 };

int lab_write(struct lab *lab, const char *name, enum stir_file_mode mode, const char *format, ...)
{
    static char text[32 << 10];
    char path[2 * LAB_PATH];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(text) || snprintf(path, sizeof(path), "%s/%s", lab->dir, name) >= (int)sizeof(path))
        return cli_fail(lab->cli, CLI_CANNOT, "%s is too long for the lab", name);
    int status = cli_file(lab->cli, stir_file_write(path, stir_slice_of(text, (size_t)n), mode), path);
    OPENSSL_cleanse(text, sizeof(text));
    return status;
}

int lab_x5u(struct lab *lab)
{
    char path[2 * LAB_PATH];
    struct stir_slice text = {NULL, 0};
    snprintf(path, sizeof(path), "%s/provider/current/x5u", lab->dir);
    int status = cli_read(lab->cli, &text, path, STIR_MAX_URL + 1, CLI_CANNOT);
    struct stir_slice url = cli_first_line(text);
    if (status == CLI_YES)
        snprintf(lab->x5u, sizeof(lab->x5u), "%.*s", (int)url.n, url.p);
    stir_file_free(&text);
    return status;
}

/* --- ports --- */

static int bind_one(int kind, unsigned port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, kind | SOCK_CLOEXEC, 0), one = 1;
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 && bind(fd, (const struct sockaddr *)(const void *)&at, sizeof(at)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* A port that neither TCP nor UDP has, held until all are found: `fd` of both. */
static unsigned hold(int fd[2])
{
    for (unsigned i = 0; i < PORT_TRIES; i++) {
        struct sockaddr_in at;
        socklen_t n = sizeof(at);
        fd[0] = bind_one(SOCK_STREAM, 0);
        if (fd[0] < 0 || getsockname(fd[0], (struct sockaddr *)(void *)&at, &n) != 0)
            break;
        fd[1] = bind_one(SOCK_DGRAM, ntohs(at.sin_port));
        if (fd[1] >= 0)
            return ntohs(at.sin_port);
        close(fd[0]);
    }
    return 0;
}

static int free_ports(struct lab *lab)
{
    int fd[LAB_PORTS][2];
    unsigned n = 0;
    while (n < LAB_PORTS && (lab->port[n] = hold(fd[n])) != 0)
        n++;
    for (unsigned i = 0; i < n; i++) {
        close(fd[i][0]);
        close(fd[i][1]);
    }
    return n == LAB_PORTS ? CLI_YES : cli_fail(lab->cli, CLI_CANNOT, "no free port on " LAB_HOST ": %s", strerror(errno));
}

int lab_ports(struct lab *lab)
{
    int64_t first;
    int status = cli_number(lab->cli, "--port", 0, 0, 65535 - LAB_PORTS + 1, &first);
    if (status != CLI_YES || first == 0)
        return status != CLI_YES ? status : free_ports(lab);
    for (unsigned i = 0; i < LAB_PORTS; i++) {
        lab->port[i] = (unsigned)first + i;
        int tcp = bind_one(SOCK_STREAM, lab->port[i]), udp = bind_one(SOCK_DGRAM, lab->port[i]), why = errno;
        if (tcp >= 0)
            close(tcp);
        if (udp >= 0)
            close(udp);
        if (tcp < 0 || udp < 0)
            return cli_fail(lab->cli, CLI_CANNOT, "port %u of " LAB_HOST ": %s; --port N wants %d free ports from N on, --port 0 takes what is free",
                            lab->port[i], strerror(why), LAB_PORTS);
    }
    return CLI_YES;
}

/* --- HTTPS --- */

static bool extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool good = extension && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

/* A certificate of `key`, issued by `issuer` (NULL: itself); NULL: it could not be made. */
static X509 *certify(const char *cn, EVP_PKEY *key, X509 *issuer, EVP_PKEY *by)
{
    X509 *cert = X509_new();
    X509_NAME *name = cert ? X509_get_subject_name(cert) : NULL;
    int64_t serial = 0;
    bool good = name && RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1 && X509_set_version(cert, X509_VERSION_3) == 1 &&
                ASN1_INTEGER_set_int64(X509_get_serialNumber(cert), serial & INT64_MAX) == 1 && X509_gmtime_adj(X509_getm_notBefore(cert), -DAY) &&
                X509_gmtime_adj(X509_getm_notAfter(cert), LAB_TLS_DAYS * DAY) && X509_set_pubkey(cert, key) == 1 &&
                X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) == 1 &&
                X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : name) == 1;
    if (good && issuer)
        good = extend(cert, issuer, NID_basic_constraints, "critical,CA:FALSE") && extend(cert, issuer, NID_subject_alt_name, "IP:" LAB_HOST ",DNS:localhost");
    else if (good)
        good = extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE") && extend(cert, cert, NID_key_usage, "critical,keyCertSign") &&
               extend(cert, cert, NID_subject_key_identifier, "hash");
    if (good && X509_sign(cert, by, EVP_sha256()) > 0)
        return cert;
    X509_free(cert);
    return NULL;
}

/* What was written into `bio`, as a file. */
static int keep(struct lab *lab, const char *name, enum stir_file_mode mode, BIO *bio)
{
    char *text = NULL;
    long n = BIO_get_mem_data(bio, &text);
    return n > 0 && text ? lab_write(lab, name, mode, "%.*s", (int)n, text) : cli_fail(lab->cli, CLI_CANNOT, "out of memory");
}

static int write_tls(struct lab *lab, X509 *root, X509 *cert, EVP_PKEY *key)
{
    BIO *roots = BIO_new(BIO_s_mem()), *chain = BIO_new(BIO_s_mem()), *secret = BIO_new(BIO_s_secmem());
    bool good = roots && chain && secret && PEM_write_bio_X509(roots, root) == 1 && PEM_write_bio_X509(chain, cert) == 1 &&
                PEM_write_bio_PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) == 1;
    int status = good ? CLI_YES : cli_fail(lab->cli, CLI_CANNOT, "out of memory");
    if (status == CLI_YES)
        status = keep(lab, "tls-root.pem", STIR_FILE_PUBLIC, roots);
    if (status == CLI_YES)
        status = keep(lab, "tls.pem", STIR_FILE_PUBLIC, chain);
    if (status == CLI_YES)
        status = keep(lab, "tls.key", STIR_FILE_SECRET_FORCED, secret);
    BIO_free(roots);
    BIO_free(chain);
    BIO_free(secret);
    return status;
}

int lab_tls(struct lab *lab)
{
    EVP_PKEY *root_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
    X509 *root = root_key ? certify("HTTPS of the lab", root_key, NULL, root_key) : NULL;
    X509 *cert = root && key ? certify("stir lab", key, root, root_key) : NULL;
    int status = cert ? write_tls(lab, root, cert, key) : cli_fail(lab->cli, CLI_CANNOT, "the certificate for HTTPS could not be made");
    X509_free(root);
    X509_free(cert);
    EVP_PKEY_free(root_key);
    EVP_PKEY_free(key);
    return status;
}

/* --- the end --- */

static int unlink_one(const char *path, const struct stat *at, int type, struct FTW *where)
{
    (void)at;
    (void)type;
    (void)where;
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

void lab_remove(struct lab *lab)
{
    if (lab->made && nftw(lab->dir, unlink_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
        cli_warn(lab->cli, "%s could not be removed: %s", lab->dir, strerror(errno));
}
