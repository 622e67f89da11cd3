/* SPDX-License-Identifier: Apache-2.0 */
/** appctl cache: PostgreSQL's triggers that tell of changes. One thread. */
#ifndef CACHE_COMMAND_H
#define CACHE_COMMAND_H

#include "cache_int.h"

#define CACHE_COMMAND_USAGE                                                                      \
    "    cache install TABLE… [--print]\n"                                                       \
    "                                  PostgreSQL: triggers that tell of changes, so that\n"     \
    "                                  answers made of these tables can be kept until they\n"    \
    "                                  change; --print shows the SQL\n"                          \
    "    cache remove TABLE… [--print] takes them away again\n"                                  \
    "    cache list                    relations whose answers can be kept so\n"

app_command_e cache_command(app_instance_t *self, int argc, const char *const *argv,
                            app_error_t *err);

#endif
