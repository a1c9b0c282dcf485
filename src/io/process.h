/* What the kernel knows of this process, for /metrics. */
#ifndef STIR_IO_PROCESS_H
#define STIR_IO_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct stir_process {
    double cpu_seconds;   /* user and system */
    double start_seconds; /* Unix time of its start */
    uint64_t virtual_bytes, resident_bytes;
    uint64_t open_fds, max_fds;
    uint64_t threads;
};

/* From /proc/self, which is no disk. False: it cannot be read (no /proc), and nothing is set. From any thread. */
bool stir_process_read(struct stir_process *out);

#endif
