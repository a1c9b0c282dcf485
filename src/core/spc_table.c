/* Which provider holds a number: lines of ranges, flattened into the points where the answer changes. Ranges lie within each other or apart, so that there are
 * at most two such points for each, and a lookup is one binary search. */
#include "core/spc_table.h"

#include "core/bytes.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
    NOBODY = 0,                                     /* the list of codes of numbers that no line names */
    LIST = STIR_MAX_SPC_CODES * (STIR_MAX_SPC + 1), /* room for a list's text: codes and what stands between them */
};
_Static_assert(STIR_MAX_SPC_LISTS <= UINT16_MAX, "lists are numbered in 16 bits, 0 is nobody's");
_Static_assert(LIST <= UINT16_MAX, "the length of a list's text is kept in 16 bits");

/* Lists of codes, each once, numbered from 1 on in the order in which they come. */
struct lists {
    char *text;
    size_t used, cap;
    uint32_t *at; /* of list i: where its text begins; it ends where the next begins. One more than there are */
    uint16_t *sorted;
    size_t n, room;
};

struct stir_spc_table {
    atomic_uint owners;
    uint64_t *from;    /* ascending: the first number of each stretch, which goes up to the next */
    uint16_t *holders; /* the list of codes that holds there */
    uint32_t *lines;   /* of the text, that says so; 0: nobody's. NULL: they are not kept */
    size_t n, ranges;
    struct lists lists;
};

/* A line's range. */
struct range {
    uint64_t first, last;
    uint32_t line;
    uint16_t list;
};

/* A table under construction. */
struct reading {
    struct stir_spc_table *table;
    struct range *ranges;
    size_t n, cap;
    bool keep_lines;
    struct stir_diag *diag;
};

/* ---- Lists of codes ---- */

struct codes {
    char code[STIR_MAX_SPC_CODES][STIR_MAX_SPC + 1]; /* ascending, each once */
    size_t n;
};

static struct stir_slice list_text(const struct lists *lists, uint16_t list)
{
    return list == NOBODY ? stir_slice_of(NULL, 0) : stir_slice_of(lists->text + lists->at[list - 1], lists->at[list] - lists->at[list - 1]);
}

/* The next word of `*rest`, which moves behind it; empty at the end. */
static struct stir_slice next_word(struct stir_slice *rest)
{
    while (rest->n && stir_is_space(rest->p[0]))
        *rest = stir_slice_from(*rest, 1);
    size_t n = 0;
    while (n < rest->n && !stir_is_space(rest->p[n]))
        n++;
    struct stir_slice word = stir_slice_upto(*rest, n);
    *rest = stir_slice_from(*rest, n);
    return word;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

static enum stir_err add_code(struct codes *codes, struct stir_slice word)
{
    char code[STIR_MAX_SPC + 1] = {0};
    size_t at = 0;
    if (word.n > STIR_MAX_SPC)
        return STIR_EVALUE;
    for (size_t i = 0; i < word.n; i++) {
        if (!stir_is_alpha(word.p[i]) && !stir_is_digit(word.p[i]))
            return STIR_EVALUE;
        code[i] = upper(word.p[i]);
    }
    while (at < codes->n && memcmp(codes->code[at], code, sizeof(code)) < 0)
        at++;
    if (at < codes->n && memcmp(codes->code[at], code, sizeof(code)) == 0)
        return STIR_OK;
    if (codes->n == STIR_MAX_SPC_CODES)
        return STIR_ELIMIT;
    memmove(codes->code[at + 1], codes->code[at], (codes->n - at) * sizeof(code));
    memcpy(codes->code[at], code, sizeof(code));
    codes->n++;
    return STIR_OK;
}

static int compare_text(struct stir_slice a, struct stir_slice b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* Where a list of that text stands in the order of texts, or would stand. */
static size_t list_place(const struct lists *lists, struct stir_slice text)
{
    size_t low = 0, high = lists->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare_text(list_text(lists, lists->sorted[mid]), text) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static enum stir_err make_room(struct lists *lists)
{
    if (lists->n == lists->room) {
        size_t room = lists->room ? lists->room * 2 : 256;
        uint32_t *at = realloc(lists->at, (room + 1) * sizeof(*at));
        if (!at)
            return STIR_ENOMEM;
        lists->at = at;
        uint16_t *sorted = realloc(lists->sorted, room * sizeof(*sorted));
        if (!sorted)
            return STIR_ENOMEM;
        lists->sorted = sorted;
        lists->room = room;
    }
    if (lists->cap - lists->used < LIST) {
        size_t cap = lists->cap * 2 + 16 * LIST;
        char *text = realloc(lists->text, cap);
        if (!text)
            return STIR_ENOMEM;
        lists->text = text;
        lists->cap = cap;
    }
    return STIR_OK;
}

/* The number of the list with these codes, which is made when there is none. */
static enum stir_err find_list(uint16_t *out, struct lists *lists, const struct codes *codes)
{
    char text[LIST];
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    for (size_t i = 0; i < codes->n; i++) {
        if (i)
            stir_put_char(&w, ' ');
        stir_put_text(&w, codes->code[i]);
    }
    struct stir_slice wanted = stir_slice_of(text, w.need);
    size_t place = list_place(lists, wanted);
    if (place < lists->n && stir_slice_eq(list_text(lists, lists->sorted[place]), wanted)) {
        *out = lists->sorted[place];
        return STIR_OK;
    }
    if (lists->n == STIR_MAX_SPC_LISTS)
        return STIR_ELIMIT;
    TRY(make_room(lists));
    memcpy(lists->text + lists->used, text, wanted.n);
    lists->at[lists->n] = (uint32_t)lists->used;
    lists->used += wanted.n;
    lists->at[lists->n + 1] = (uint32_t)lists->used;
    memmove(lists->sorted + place + 1, lists->sorted + place, (lists->n - place) * sizeof(*lists->sorted));
    lists->sorted[place] = *out = (uint16_t)++lists->n;
    return STIR_OK;
}

static enum stir_err add_codes(struct codes *codes, struct stir_slice text)
{
    while (text.n) {
        struct stir_slice word = next_word(&text);
        if (word.n)
            TRY(add_code(codes, word));
    }
    return STIR_OK;
}

/* The list with the codes of both. */
static enum stir_err unite_lists(uint16_t *out, struct lists *lists, uint16_t a, uint16_t b)
{
    struct codes codes = {.n = 0};
    if (a == b) {
        *out = a;
        return STIR_OK;
    }
    TRY(add_codes(&codes, list_text(lists, a)));
    TRY(add_codes(&codes, list_text(lists, b)));
    return find_list(out, lists, &codes);
}

/* ---- Lines ---- */

/* A canonical number that has a country code: its digits' value tells its length too, for none begins with 0. */
bool stir_number_read(uint64_t *out, struct stir_slice digits)
{
    uint64_t value = 0;
    if (!digits.n || digits.n > STIR_TN_MAX || digits.p[0] == '0')
        return false;
    for (size_t i = 0; i < digits.n; i++) {
        if (!stir_is_digit(digits.p[i]))
            return false;
        value = value * 10 + (uint64_t)(digits.p[i] - '0');
    }
    *out = value;
    return true;
}

/* The last number with as many digits. */
static uint64_t longest(size_t digits)
{
    uint64_t ten = 1;
    while (digits--)
        ten *= 10;
    return ten - 1;
}

const char *stir_number_range(uint64_t *first, uint64_t *last, struct stir_slice word)
{
    size_t n = 0;
    uint64_t count;
    while (n < word.n && word.p[n] != '-' && word.p[n] != '+')
        n++;
    struct stir_slice rest = stir_slice_from(word, n < word.n ? n + 1 : n);
    if (!stir_number_read(first, stir_slice_upto(word, n)))
        return "a number has 1 to 15 digits, the country code first and no '+'";
    *last = *first;
    if (n == word.n)
        return NULL;
    if (word.p[n] == '-')
        return rest.n == n && stir_number_read(last, rest) && *last >= *first
                   ? NULL
                   : "the last number of a range has as many digits as the first and does not lie before it";
    if (!stir_number_read(&count, rest) || count - 1 > longest(n) - *first)
        return "what stands behind '+' is how many numbers, 1 or more, and the last has as many digits as the first";
    *last = *first + (count - 1);
    return NULL;
}

static enum stir_err add_range(struct reading *rd, struct range range)
{
    if (rd->n == rd->cap) {
        size_t cap = rd->cap ? rd->cap * 2 : 1024;
        struct range *ranges = realloc(rd->ranges, cap * sizeof(*ranges));
        if (!ranges)
            return STIR_ENOMEM;
        rd->ranges = ranges;
        rd->cap = cap;
    }
    rd->ranges[rd->n++] = range;
    return STIR_OK;
}

static enum stir_err code_fault(const struct reading *rd, enum stir_err err, size_t line)
{
    if (err == STIR_EVALUE)
        return stir_diag_set(rd->diag, err, line, "line %zu: a service provider code has 1 to %d letters and digits", line, STIR_MAX_SPC);
    if (err == STIR_ELIMIT)
        return stir_diag_set(rd->diag, err, line, "line %zu: more than %d codes for one number, or more than %d different lists of codes", line,
                             STIR_MAX_SPC_CODES, STIR_MAX_SPC_LISTS);
    return err;
}

static enum stir_err read_line(struct reading *rd, struct stir_slice text, size_t line)
{
    struct range range = {.line = (uint32_t)line};
    struct codes codes = {.n = 0};
    text = stir_slice_upto(text, stir_slice_find(text, '#'));
    if (text.n && text.p[text.n - 1] == '\r')
        text = stir_slice_upto(text, text.n - 1);
    struct stir_slice word = next_word(&text);
    if (word.n == 0)
        return STIR_OK;
    const char *fault = stir_number_range(&range.first, &range.last, word);
    if (fault)
        return stir_diag_set(rd->diag, STIR_ESYNTAX, line, "line %zu: \"%.*s\": %s", line, STIR_SHOW(word), fault);
    enum stir_err err = add_codes(&codes, text);
    if (err == STIR_OK && codes.n == 0)
        return stir_diag_set(rd->diag, STIR_ESYNTAX, line, "line %zu: no service provider code stands behind the numbers", line);
    if (err == STIR_OK)
        err = find_list(&range.list, &rd->table->lists, &codes);
    if (err != STIR_OK)
        return code_fault(rd, err, line);
    if (rd->n == STIR_MAX_SPC_RANGES)
        return stir_diag_set(rd->diag, STIR_ELIMIT, line, "line %zu: more than %d ranges", line, STIR_MAX_SPC_RANGES);
    return add_range(rd, range);
}

static enum stir_err read_lines(struct reading *rd, struct stir_slice text)
{
    for (size_t line = 1; text.n; line++) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        TRY(read_line(rd, stir_slice_upto(text, n), line));
        text = stir_slice_from(text, end ? n + 1 : n);
    }
    return STIR_OK;
}

/* ---- Stretches ---- */

/* Outer ranges before those within them, and of equal ones the earlier line. */
static int compare_ranges(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    if (x->last != y->last)
        return x->last > y->last ? -1 : 1;
    return x->line < y->line ? -1 : 1;
}

/* From `from` on `list` holds; said again of the same number, the last word counts. */
static void change(struct stir_spc_table *table, uint64_t from, const struct range *range)
{
    uint16_t list = range ? range->list : NOBODY;
    uint32_t line = range ? range->line : 0;
    if (table->n && table->from[table->n - 1] == from)
        table->n--;
    if ((table->n ? table->holders[table->n - 1] : NOBODY) == list && (!table->lines || (table->n ? table->lines[table->n - 1] : 0) == line))
        return;
    if (table->lines)
        table->lines[table->n] = line;
    table->from[table->n] = from;
    table->holders[table->n++] = list;
}

/* The ranges that hold the number where we are, outermost first, are kept in front of the ranges still to come: there are never more than were read. */
static enum stir_err flatten(struct reading *rd)
{
    struct stir_spc_table *table = rd->table;
    struct range *open = rd->ranges;
    size_t depth = 0;
    for (size_t i = 0; i < rd->n; i++) {
        struct range r = rd->ranges[i];
        for (; depth && open[depth - 1].last < r.first; depth--)
            change(table, open[depth - 1].last + 1, depth > 1 ? &open[depth - 2] : NULL);
        struct range *top = depth ? &open[depth - 1] : NULL;
        if (top && r.last > top->last)
            return stir_diag_set(rd->diag, STIR_EVALUE, r.line, "line %u: its range overlaps that of line %u, and neither lies within the other", r.line,
                                 top->line);
        if (top && r.first == top->first && r.last == top->last) {
            enum stir_err err = unite_lists(&top->list, &table->lists, top->list, r.list);
            if (err != STIR_OK)
                return code_fault(rd, err, r.line);
        } else {
            open[depth++] = r;
        }
        change(table, r.first, &open[depth - 1]);
    }
    for (; depth; depth--)
        change(table, open[depth - 1].last + 1, depth > 1 ? &open[depth - 2] : NULL);
    return STIR_OK;
}

/* What was grown into is given back: a table stays for long. */
static enum stir_err fit(struct stir_spc_table *table)
{
    size_t n = table->n ? table->n : 1, used = table->lists.used ? table->lists.used : 1;
    uint64_t *from = realloc(table->from, n * sizeof(*from));
    table->from = from ? from : table->from;
    uint16_t *holders = realloc(table->holders, n * sizeof(*holders));
    table->holders = holders ? holders : table->holders;
    uint32_t *lines = table->lines ? realloc(table->lines, n * sizeof(*lines)) : NULL;
    table->lines = lines ? lines : table->lines;
    char *text = realloc(table->lists.text, used);
    table->lists.text = text ? text : table->lists.text;
    table->lists.cap = used;
    free(table->lists.sorted);
    table->lists.sorted = NULL;
    return from && holders && text && !table->lines == !lines ? STIR_OK : STIR_ENOMEM;
}

static enum stir_err build(struct reading *rd, struct stir_slice text)
{
    struct stir_spc_table *table = rd->table;
    TRY(read_lines(rd, text));
    size_t most = 2 * rd->n + 1;
    bool in_order = true;
    for (size_t i = 1; i < rd->n; i++)
        in_order = in_order && compare_ranges(&rd->ranges[i - 1], &rd->ranges[i]) < 0;
    if (!in_order)
        qsort(rd->ranges, rd->n, sizeof(*rd->ranges), compare_ranges);
    table->from = malloc(most * sizeof(*table->from));
    table->holders = malloc(most * sizeof(*table->holders));
    table->lines = rd->keep_lines ? malloc(most * sizeof(*table->lines)) : NULL;
    if (!table->from || !table->holders || (rd->keep_lines && !table->lines))
        return STIR_ENOMEM;
    table->ranges = rd->n;
    TRY(flatten(rd));
    return fit(table);
}

static enum stir_err parse(struct stir_spc_table **out, struct stir_slice text, bool keep_lines, struct stir_diag *diag)
{
    if (!out || (text.n && !text.p))
        return STIR_EARG;
    if (text.n > STIR_MAX_SPC_TABLE)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "a table of numbers has at most %u bytes", STIR_MAX_SPC_TABLE);
    struct reading rd = {.table = calloc(1, sizeof(*rd.table)), .keep_lines = keep_lines, .diag = diag};
    if (!rd.table)
        return STIR_ENOMEM;
    atomic_init(&rd.table->owners, 1);
    enum stir_err err = build(&rd, text);
    free(rd.ranges);
    if (err != STIR_OK) {
        stir_spc_table_free(rd.table);
        return err;
    }
    *out = rd.table;
    return STIR_OK;
}

enum stir_err stir_spc_table_parse(struct stir_spc_table **out, struct stir_slice text, struct stir_diag *diag)
{
    return parse(out, text, false, diag);
}

enum stir_err stir_spc_table_parse_lines(struct stir_spc_table **out, struct stir_slice text, struct stir_diag *diag)
{
    return parse(out, text, true, diag);
}

struct stir_spc_table *stir_spc_table_ref(struct stir_spc_table *table)
{
    if (table)
        atomic_fetch_add_explicit(&table->owners, 1, memory_order_relaxed);
    return table;
}

void stir_spc_table_free(struct stir_spc_table *table)
{
    if (!table || atomic_fetch_sub_explicit(&table->owners, 1, memory_order_acq_rel) != 1)
        return;
    free(table->from);
    free(table->holders);
    free(table->lines);
    free(table->lists.text);
    free(table->lists.at);
    free(table->lists.sorted);
    free(table);
}

/* ---- Asking ---- */

/* 1 + the place of the last stretch that begins at or before the number; 0 when there is none. */
static size_t stretch_at(const struct stir_spc_table *table, uint64_t number)
{
    size_t low = 0, high = table->n; /* it is the one before `high` */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (table->from[mid] <= number)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static size_t stretch_of(const struct stir_spc_table *table, struct stir_slice tn)
{
    uint64_t number;
    return table && tn.p && stir_number_read(&number, tn) ? stretch_at(table, number) : 0;
}

bool stir_spc_table_any(const struct stir_spc_table *table, uint64_t first, uint64_t last)
{
    size_t at = stretch_at(table, first);
    for (size_t i = at ? at - 1 : 0; i < table->n && table->from[i] <= last; i++)
        if (table->holders[i] != NOBODY)
            return true;
    return false;
}

struct stir_slice stir_spc_table_find(const struct stir_spc_table *table, struct stir_slice tn)
{
    size_t found = stretch_of(table, tn);
    return found ? list_text(&table->lists, table->holders[found - 1]) : stir_slice_of(NULL, 0);
}

size_t stir_spc_table_line(const struct stir_spc_table *table, struct stir_slice tn)
{
    size_t found = stretch_of(table, tn);
    return found && table->lines ? table->lines[found - 1] : 0;
}

void stir_spc_table_codes(const struct stir_spc_table *table, void (*each)(void *arg, struct stir_slice code), void *arg)
{
    for (size_t i = 1; i <= table->lists.n; i++) {
        struct stir_slice codes = list_text(&table->lists, (uint16_t)i);
        for (struct stir_slice code = next_word(&codes); code.n; code = next_word(&codes))
            each(arg, code);
    }
}

int stir_spc_table_holds(const struct stir_spc_table *table, struct stir_slice spc, struct stir_slice tn)
{
    struct stir_slice holders = stir_spc_table_find(table, tn);
    if (!holders.p || !spc.p)
        return -1;
    while (spc.n) {
        struct stir_slice code = next_word(&spc), rest = holders;
        while (code.n && rest.n)
            if (stir_slice_ieq(code, next_word(&rest)))
                return 1;
    }
    return 0;
}

enum stir_err stir_spc_table_stats(const struct stir_spc_table *table, struct stir_spc_table_stats *out)
{
    if (!table || !out || out->size < sizeof(*out))
        return STIR_EARG;
    out->ranges = table->ranges;
    out->bytes = sizeof(*table) + table->n * (sizeof(*table->from) + sizeof(*table->holders) + (table->lines ? sizeof(*table->lines) : 0)) + table->lists.cap +
                 table->lists.room * sizeof(*table->lists.at);
    out->codes = table->lists.n;
    return STIR_OK;
}
