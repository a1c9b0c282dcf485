/* What everything that fetches begins with: its options, and a thread that no peer can end. */
#ifndef STIR_IO_NET_OPEN_H
#define STIR_IO_NET_OPEN_H

#include <signal.h>
#include <stir/net.h>

#include "io/fetch.h"

/* As a caller must give them. */
bool stir_net_options_are_good(const struct stir_net_options *options);
/* No zeros left. */
void stir_net_defaults(struct stir_net_options *options);
/* The fetcher that they ask for; errors as those of stir_net_new(). Nothing is kept of `options`. */
enum stir_err stir_net_fetcher(struct stir_fetcher **out, const struct stir_net_options *options, struct stir_diag *diag) STIR_MUST_USE;

/* A peer that hangs up must not end the host's process: SIGPIPE is held back from this thread, and one that came of our writing is taken away. */
struct stir_quiet_pipe {
    sigset_t before, pipe;
    bool was_pending;
};
void stir_quiet_pipe_begin(struct stir_quiet_pipe *quiet);
void stir_quiet_pipe_end(struct stir_quiet_pipe *quiet);
/* Everything public that may send or receive begins with this. */
#define STIR_NET_QUIET                                                           \
    STIR_OSSL_QUIET;                                                             \
    __attribute__((cleanup(stir_quiet_pipe_end))) struct stir_quiet_pipe quiet_; \
    stir_quiet_pipe_begin(&quiet_)

#endif
