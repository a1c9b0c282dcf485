#define _DEFAULT_SOURCE /* the types of libpcap's headers */
#include "io/capture.h"

#include "core/bytes.h"

#include <pcap/pcap.h>

bool stir_capture_is(struct stir_slice first)
{
    static const unsigned char magic[][4] = {
        {0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1}, {0xa1, 0xb2, 0x3c, 0x4d}, {0x4d, 0x3c, 0xb2, 0xa1}, {0x0a, 0x0d, 0x0d, 0x0a},
    };
    for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++)
        if (first.n >= 4 && memcmp(first.p, magic[i], 4) == 0)
            return true;
    return false;
}

static enum stir_err read_packets(pcap_t *pcap, struct stir_wire *wire, void (*step)(void *arg, long at), void *arg, struct stir_diag *diag)
{
    enum { STEP = 4096 }; /* packets */
    unsigned link = (unsigned)pcap_datalink(pcap);
    struct pcap_pkthdr *header;
    const unsigned char *bytes;
    int more = 1;
    for (uint64_t n = 1; (more = pcap_next_ex(pcap, &header, &bytes)) == 1; n++) {
        TRY(stir_wire_packet(wire, link, stir_slice_of(bytes, header->caplen), header->len, header->ts.tv_sec));
        if (step && n % STEP == 0)
            step(arg, ftell(pcap_file(pcap)));
    }
    return more == PCAP_ERROR ? stir_diag_set(diag, STIR_ESYNTAX, SIZE_MAX, "%s", pcap_geterr(pcap)) : STIR_OK;
}

enum stir_err stir_capture_read(FILE *file, struct stir_wire *wire, void (*step)(void *arg, long at), void *arg, struct stir_diag *diag)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_fopen_offline(file, why);
    if (!pcap) {
        (void)fclose(file);
        return stir_diag_set(diag, STIR_ESYNTAX, SIZE_MAX, "%s", why);
    }
    enum stir_err err = read_packets(pcap, wire, step, arg, diag);
    stir_wire_end(wire);
    pcap_close(pcap);
    return err;
}
