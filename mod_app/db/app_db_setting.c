/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The settings of a transaction, as requests, drivers and SQL set them. Few, so they are looked
 * through. Thread of the request.
 */
#include "apr_strings.h"

#include "app_db_driver.h"

#define FIRST_SETTINGS 16
#define SETTING_SIZE   64 /* room that a setting made by SQL has at least */

static app_db_setting_t *find_setting(const app_tx_t *tx, const char *name)
{
    app_db_setting_t *settings;
    int i;

    if (!tx->settings) {
        return NULL;
    }
    settings = (app_db_setting_t *)tx->settings->elts;
    for (i = 0; i < tx->settings->nelts; i++) {
        if (strcasecmp(settings[i].name, name) == 0) {
            return &settings[i];
        }
    }
    return NULL;
}

static app_db_setting_t *add_setting(app_tx_t *tx, const char *name)
{
    app_db_setting_t *setting;

    if (!tx->settings) {
        tx->settings = apr_array_make(tx->pool, FIRST_SETTINGS, sizeof(app_db_setting_t));
    }
    setting = apr_array_push(tx->settings);
    setting->name = name;
    return setting;
}

void app_tx_set(app_tx_t *tx, const char *name, const char *value)
{
    app_db_setting_t *setting = find_setting(tx, name);

    if (!setting) {
        setting = add_setting(tx, name);
    }
    setting->value = value ? value : "";
    setting->size = 0;
}

const char *app_db_setting(const app_tx_t *tx, const char *name)
{
    app_db_setting_t *setting = find_setting(tx, name);

    return setting ? setting->value : NULL;
}

void app_db_setting_put(app_tx_t *tx, const char *name, const char *value, apr_size_t len)
{
    app_db_setting_t *setting = find_setting(tx, name);
    char *copy;

    if (!setting) {
        setting = add_setting(tx, apr_pstrdup(tx->pool, name));
    }
    if (setting->size <= len) { /* doubled: SQL may set it for each of many rows */
        setting->size = len < SETTING_SIZE ? SETTING_SIZE : len * 2;
        setting->value = apr_palloc(tx->pool, setting->size);
    }
    copy = (char *)setting->value;
    memcpy(copy, value, len);
    copy[len] = '\0';
}
