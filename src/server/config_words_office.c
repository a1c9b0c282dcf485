/* What the texts of [store], [pa], [ca] and [profile NAME] look like. */
#include "server/config_words.h"

#include "core/bytes.h"

static bool begins(struct stir_slice word, const char *head)
{
    size_t n = strlen(head);
    return word.n >= n && memcmp(word.p, head, n) == 0;
}

static bool is_made_of(struct stir_slice word, const char *others)
{
    struct stir_slice more = stir_slice_str(others);
    for (size_t i = 0; i < word.n; i++)
        if (!stir_is_alpha(word.p[i]) && !stir_is_digit(word.p[i]) && stir_slice_find(more, word.p[i]) == more.n)
            return false;
    return word.n > 0;
}

bool stir_word_is_database(struct stir_slice word)
{
    return begins(word, "postgresql://") || begins(word, "postgres://");
}

/* "//user:password@host" */
static bool has_password(struct stir_slice url)
{
    struct stir_slice rest = stir_slice_from(url, stir_slice_find(url, '/') + 2);
    struct stir_slice place = stir_slice_upto(rest, stir_slice_find(rest, '/'));
    size_t at = stir_slice_find(place, '@');
    return at < place.n && stir_slice_find(stir_slice_upto(place, at), ':') < at;
}

const char *stir_word_database(struct stir_slice word)
{
    bool tells = has_password(word);
    for (size_t i = 0; i < word.n; i++)
        tells = tells || begins(stir_slice_from(word, i), "password=");
    return tells ? "has a password, which stands in no configuration; PGPASSFILE names a file for it" : NULL;
}

const char *stir_word_node(struct stir_slice word)
{
    return is_made_of(word, "-_.") && word.n <= 64 ? NULL : "is no name of a node; names are 1 to 64 letters, digits, '-', '_' and '.'";
}

/* "https://HOST[:PORT]PATH": what of it is PATH; false: it is no such URL. No user, query or fragment; nothing that a URL is not made of. */
static bool split_url(struct stir_slice url, struct stir_slice *path)
{
    size_t head = begins(url, "https://") ? 8 : begins(url, "http://") ? 7 : 0;
    struct stir_slice rest = stir_slice_from(url, head);
    size_t slash = stir_slice_find(rest, '/');
    *path = stir_slice_from(rest, slash);
    return head && !stir_word_host_port(stir_slice_upto(rest, slash)) && (!path->n || is_made_of(*path, "/-._~!$&'()*+,;=:@%"));
}

const char *stir_word_http_url(struct stir_slice word)
{
    struct stir_slice path;
    return split_url(word, &path) ? NULL : "is no URL of this kind; one is https://example.com/path, without user, '?' and '#'";
}

const char *stir_word_base(struct stir_slice word)
{
    struct stir_slice path;
    return split_url(word, &path) && (!path.n || !stir_word_root(path))
               ? NULL
               : "is no URL to put paths behind; one is https://ca.example.com/acme, without '/' at its end";
}

const char *stir_word_folder_http_url(struct stir_slice word)
{
    struct stir_slice path;
    return split_url(word, &path) && !stir_word_folder_url(path) ? NULL : "is no URL of a folder; one is https://cr.example.com/cr/";
}

const char *stir_word_oid(struct stir_slice word)
{
    bool digit = false;
    size_t dots = 0;
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] == '.' ? !digit : !stir_is_digit(word.p[i]))
            return "is no object identifier";
        dots += word.p[i] == '.';
        digit = word.p[i] != '.';
    }
    return digit && dots >= 2 ? NULL : "is no object identifier; one is 2.16.840.1.114569.1.1.4";
}

const char *stir_word_claim(struct stir_slice word)
{
    return is_made_of(word, "-_") && word.n <= 64 ? NULL : "is no name of a claim";
}

const char *stir_word_permitted(struct stir_slice text)
{
    size_t equals = stir_slice_find(text, '=');
    struct stir_slice values = stir_slice_from(text, equals < text.n ? equals + 1 : text.n);
    bool good = equals < text.n && !stir_word_claim(stir_slice_upto(text, equals));
    while (good && values.p) {
        size_t bar = stir_slice_find(values, '|');
        good = bar > 0 && values.p[0] != ' ';
        values = bar < values.n ? stir_slice_from(values, bar + 1) : (struct stir_slice){NULL, 0};
    }
    return good ? NULL : "does not say which values a claim may have; one is attest=A|B, several stand with ';' between";
}

const char *stir_word_organization(struct stir_slice text)
{
    return text.n && text.n <= 64 ? NULL : "is no name of an organization: those have 1 to 64 characters, and ';' stands between two";
}
