/* SPDX-License-Identifier: Apache-2.0 */
/** How long the database works for a transaction. Called by app_db.c; thread of the request. */
#include "app_db_driver.h"

static apr_interval_time_t sent_so_far(const app_tx_t *tx)
{
    const app_request_t *r = tx->options.request;

    return r ? app_request_figures(r)->spent[APP_PHASE_SEND] : 0;
}

void app_db_work_end(app_tx_t *tx)
{
    apr_time_t begun = tx->running;

    if (begun) {
        tx->running = 0;
        app_request_spend(tx->options.request, APP_PHASE_DATABASE,
                          begun + sent_so_far(tx) - tx->sent);
    }
}

int app_db_work_begin(app_tx_t *tx)
{
    if (tx->running && !tx->rows.streaming) {
        return 0;
    }
    app_db_work_end(tx);
    tx->running = apr_time_now();
    tx->sent = sent_so_far(tx);
    return 1;
}
