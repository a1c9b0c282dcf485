/* JSON pointers (RFC 6901). */
#ifndef STIR_CORE_JSON_POINTER_H
#define STIR_CORE_JSON_POINTER_H

#include "core/json.h"

/* The value at `pointer` in the checked value `root`; "" is root itself. *found false: there is none, or this is no pointer; *out is written only when true.
 * @return STIR_OK, STIR_ENOMEM. */
enum stir_err stir_json_point(bool *found, struct stir_json *out, struct stir_json root, struct stir_slice pointer, struct stir_arena *arena) STIR_MUST_USE;

#endif
