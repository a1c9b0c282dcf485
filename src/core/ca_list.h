/* Inside of the list of trusted CAs: what its file and its tests share. */
#ifndef STIR_CORE_CA_LIST_H
#define STIR_CORE_CA_LIST_H

#include "core/chain.h"
#include "core/jws.h"

struct stir_ca_list {
    struct stir_ca_list_info info;
    struct stir_arena arena; /* the texts of info */
    struct stir_cert *certs[STIR_MAX_LISTED];
};

STIR_AUTO_STRUCT_FREE(stir_ca_list)

#endif
