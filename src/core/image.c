#include "core/image.h"

static bool begins_with(struct stir_slice bytes, const char *start, size_t n)
{
    return bytes.n >= n && memcmp(bytes.p, start, n) == 0;
}

/* Formats without room for a reference. */
static bool is_raster(struct stir_slice bytes)
{
    return begins_with(bytes, "\x89PNG", 4) || begins_with(bytes, "\xff\xd8", 2) || begins_with(bytes, "GIF8", 4) || begins_with(bytes, "BM", 2) ||
           (begins_with(bytes, "RIFF", 4) && begins_with(stir_slice_from(bytes, bytes.n < 8 ? bytes.n : 8), "WEBP", 4));
}

/* The next place of `word` in any case; at the end when there is none. */
static struct stir_slice find_word(struct stir_slice text, const char *word)
{
    struct stir_slice w = stir_slice_str(word);
    while (text.n >= w.n && !stir_slice_ieq(stir_slice_upto(text, w.n), w))
        text = stir_slice_from(text, 1);
    return text.n >= w.n ? text : stir_slice_of(NULL, 0);
}

/* Behind the word stands a reference to a part of the image itself: "#name", in quotes or not. */
static bool is_local(struct stir_slice rest)
{
    while (rest.n && (stir_is_space(rest.p[0]) || memchr("\r\n=\"'", rest.p[0], 5)))
        rest = stir_slice_from(rest, 1);
    return rest.n && rest.p[0] == '#';
}

/* Every way in which SVG and its styles name something else, or could hide that they do (escapes, entities). Coarse on purpose: text that only looks like a
 * reference counts as one. */
static bool refers(struct stir_slice svg)
{
    static const char *const never[] = {"<!", "<?xml-stylesheet", "<script", "<handler", "<foreignobject", "@import", "xml:base", "&#", "\\"};
    static const char *const places[] = {"href", "src", "url("};
    const struct stir_slice text = svg;
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        for (struct stir_slice at = find_word(text, never[i]); at.p; at = find_word(stir_slice_from(at, 1), never[i]))
            if (!begins_with(at, "<!--", 4))
                return true;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        for (struct stir_slice at = find_word(text, places[i]); at.p; at = find_word(stir_slice_from(at, 1), places[i]))
            if (!is_local(stir_slice_from(at, stir_slice_str(places[i]).n)))
                return true;
    return false;
}

/*= RFC9795-5.1.4b RFC9795-5.1.5d RFC9796-10.2 */
const char *stir_image_fault(struct stir_slice bytes)
{
    if (is_raster(bytes))
        return NULL;
    if (begins_with(bytes, "\xef\xbb\xbf", 3))
        bytes = stir_slice_from(bytes, 3);
    while (bytes.n && (stir_is_space(bytes.p[0]) || bytes.p[0] == '\r' || bytes.p[0] == '\n'))
        bytes = stir_slice_from(bytes, 1);
    if (!bytes.n || bytes.p[0] != '<' || !find_word(bytes, "<svg").p)
        return "it is no image that telephones show";
    return refers(bytes) ? "it is an image that refers to further content" : NULL; /*= RFC9796-10.1 */
}
