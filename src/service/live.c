#include "service/live.h"

#include "service/as.h"
#include "service/source.h"

#include <stdlib.h>

struct stir_setting *stir_setting_ref(struct stir_setting *setting)
{
    atomic_fetch_add(&setting->owners, 1);
    return setting;
}

void stir_setting_free(struct stir_setting *setting)
{
    if (!setting || atomic_fetch_sub(&setting->owners, 1) > 1)
        return;
    stir_as_book_free(setting->as);
    stir_source_book_free(setting->sources);
    stir_spc_table_free(setting->numbers);
    if (setting->conf)
        setting->free_conf(setting->conf);
    free(setting);
}

struct stir_live *stir_live_new(struct stir_setting *setting, struct stir_trust *trust, uint64_t generation, uint64_t policy_id)
{
    struct stir_live *live = calloc(1, sizeof(*live));
    if (!live)
        return NULL;
    atomic_init(&live->owners, 1);
    live->generation = generation;
    live->setting = stir_setting_ref(setting);
    live->conf = setting->conf;
    live->sources = setting->sources;
    live->as = setting->as;
    live->numbers = setting->numbers;
    live->policy = setting->conf->verify.policy;
    live->policy.id = policy_id;
    live->trust = trust ? stir_trust_ref(trust) : NULL;
    return live;
}

struct stir_live *stir_live_ref(struct stir_live *live)
{
    atomic_fetch_add(&live->owners, 1);
    return live;
}

void stir_live_free(struct stir_live *live)
{
    if (!live || atomic_fetch_sub(&live->owners, 1) > 1)
        return;
    stir_trust_free(live->trust);
    stir_setting_free(live->setting);
    free(live);
}
