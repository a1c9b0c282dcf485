/* Two sides measured in turn, a slice each: a neighbour on a busy machine disturbs both alike. */
#ifndef STIR_BENCH_MEASURE_H
#define STIR_BENCH_MEASURE_H

#include <time.h>

#include "world.h"

enum {
    MOST_ROUNDS = 301,
    SLICE_NS = 3000000, /* of one side of a round */
    WARM_UP = 200,
};

/* An operation and what it works on; the `i`th time. */
struct side {
    void (*operation)(void *arg, size_t i);
    void *arg;
};

struct result {
    double ns, fastest_ns;  /* of one operation of the second side: median and minimum of the rounds */
    double ratio, q25, q75; /* the first side's time by the second's, round by round */
};

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* CPU time of `n` operations from the `from`th on. */
static double run(const struct side *side, size_t from, size_t n)
{
    double start = cpu_ns();
    for (size_t i = 0; i < n; i++)
        side->operation(side->arg, from + i);
    return cpu_ns() - start;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct result measure_sides(const struct side sides[2], size_t rounds)
{
    static double ns[MOST_ROUNDS], ratio[MOST_ROUNDS];
    double theirs = run(&sides[0], 0, WARM_UP) / WARM_UP, ours = run(&sides[1], 0, WARM_UP) / WARM_UP;
    size_t n = (size_t)(SLICE_NS / (ours > theirs ? ours : theirs)) + 1;
    for (size_t round = 0; round < rounds; round++) {
        size_t from = round * n;
        bool first = round & 1;
        double a = first ? run(&sides[1], from, n) : 0;
        theirs = run(&sides[0], from, n);
        ours = first ? a : run(&sides[1], from, n);
        ns[round] = ours / (double)n;
        ratio[round] = theirs / ours;
    }
    qsort(ns, rounds, sizeof(ns[0]), by_size);
    qsort(ratio, rounds, sizeof(ratio[0]), by_size);
    return (struct result){ns[rounds / 2], ns[0], ratio[rounds / 2], ratio[rounds / 4], ratio[rounds - 1 - rounds / 4]};
}

#endif
