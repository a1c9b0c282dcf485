/* Programs that the operator named: run without a shell, waited for, and ended when they take too long. */
#ifndef STIR_IO_PROGRAM_H
#define STIR_IO_PROGRAM_H

#include <stir/err.h>

enum {
    STIR_PROGRAM_WORDS = 32,       /* of a command line, the program itself among them */
    STIR_PROGRAM_ENV = 16,         /* variables that are added to our own environment */
    STIR_PROGRAM_OUTPUT = 1 << 16, /* bytes of output that are kept: a token, or words for a log; what comes beyond is read and dropped */
};

struct stir_program {
    const char *command;    /* its path, and words behind it, divided by blanks: no quotes, no variables, nothing that a shell would do */
    const char *const *add; /* further words, as they stand; NULL: none */
    size_t n_add;
    const char *const *env; /* "NAME=value"; NULL: none */
    size_t n_env;
    int64_t timeout_ms;
    bool join;               /* errors into the same output; else they go where ours go */
    bool (*stop)(void *arg); /* asked now and then: true ends it; NULL: nobody */
    void *stop_arg;
};

/* Run it with an empty standard input; `output` gets what it wrote, NUL behind it, free()d by the caller whatever is answered.
 * @return STIR_OK: it ended with status 0; STIR_EVALUE (another status, a signal, or it cannot be run: `diag` says which), STIR_ETIME (ended by us), STIR_EBUSY
 * (stopped), STIR_ELIMIT (too many words), STIR_ENOMEM. */
enum stir_err stir_program_run(struct stir_slice *output, const struct stir_program *program, struct stir_diag *diag) STIR_MUST_USE;

#endif
