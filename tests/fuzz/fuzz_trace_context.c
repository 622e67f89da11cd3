/* SPDX-License-Identifier: Apache-2.0 */
/** traceparent and tracestate: what is passed on is what would be taken again. */
#include "fuzz.h"
#include "trace_context.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *text = fuzz_text(data, size);
    char printed[TRACE_PARENT_LEN + 1];
    trace_context_t context, again;
    const char *state;

    if (trace_context_parse(&context, text) == APR_SUCCESS) {
        trace_context_print(printed, &context);
        fuzz_expect(strlen(printed) == TRACE_PARENT_LEN);
        fuzz_expect(trace_context_parse(&again, printed) == APR_SUCCESS);
        fuzz_expect(memcmp(&context, &again, sizeof(context)) == 0);
    }
    state = trace_state_parse(text, p);
    if (state) {
        const char *twice = trace_state_parse(state, p);

        fuzz_expect(strlen(state) <= 512 && twice && strcmp(state, twice) == 0);
    }
    free(text);
    return 0;
}
