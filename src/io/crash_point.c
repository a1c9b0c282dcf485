#include "io/crash_point.h"

void (*stir_crash_hook)(const char *point);
