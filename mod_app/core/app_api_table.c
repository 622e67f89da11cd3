/* SPDX-License-Identifier: Apache-2.0 */
/** The one table through which plugins call the core. */
#include "app_core_int.h"

#define ENTRY(function) .function = function,

const app_api_t app_api_table = { .size = sizeof(app_api_t), APP_API_FUNCTIONS(ENTRY) };
