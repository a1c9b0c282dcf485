/* Images as telephones show them (RFC 9796 §10.2), told by their first bytes, whatever a server calls them. */
#ifndef STIR_CORE_IMAGE_H
#define STIR_CORE_IMAGE_H

#include "core/bytes.h"

/* NULL when these bytes may be shown: PNG, JPEG, GIF, BMP, WebP, or SVG that refers to nothing outside itself; else why not, a constant string. Nothing is
 * decoded. */
const char *stir_image_fault(struct stir_slice bytes);

#endif
