/* SPDX-License-Identifier: Apache-2.0 */
/** The module record, and which hook leads where. */
#include "mod_app.h"

#include "http_protocol.h"
#include "http_request.h"

static void register_auth(apr_pool_t *p)
{
    ap_hook_post_read_request(app_httpd_pass_strip, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_check_authn(app_httpd_auth_authn, NULL, NULL, APR_HOOK_MIDDLE,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_access_ex(app_httpd_request_preflight, NULL, NULL, APR_HOOK_REALLY_LAST,
                            AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(app_httpd_auth_authz, NULL, NULL, APR_HOOK_REALLY_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_fixups(app_httpd_pass_fixup, NULL, NULL, APR_HOOK_LAST);
    app_httpd_require_register(p);
}

static void register_hooks(apr_pool_t *p)
{
    ap_hook_pre_config(app_httpd_run_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(app_httpd_run_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(app_httpd_run_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    /* First made is last destroyed: mod_http2's threads must be gone before our pool goes. */
    ap_hook_child_init(app_httpd_run_child_init, NULL, NULL, APR_HOOK_REALLY_FIRST);

    ap_hook_post_read_request(app_httpd_mount_read, NULL, NULL, APR_HOOK_MIDDLE);
    /* Behind mod_rewrite and mod_alias, so that a redirect to https or a [F] holds for us too. */
    ap_hook_translate_name(app_httpd_mount_translate, NULL, NULL, APR_HOOK_LAST);
    ap_hook_map_to_storage(app_httpd_mount_map, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_type_checker(app_httpd_mount_type, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_handler(app_httpd_request_handle, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_insert_error_filter(app_httpd_errors_insert, NULL, NULL, APR_HOOK_LAST);

    ap_hook_fixups(app_httpd_other_fixup, NULL, NULL, APR_HOOK_LAST);
    ap_hook_log_transaction(app_httpd_other_log, NULL, NULL, APR_HOOK_LAST);

    app_httpd_request_register();
    app_httpd_errors_register();
    register_auth(p);
}

module app_module = {
    STANDARD20_MODULE_STUFF,
    app_httpd_conf_location,
    app_httpd_conf_location_merge,
    app_httpd_conf_server,
    app_httpd_conf_server_merge,
    NULL, /* the directives: see below */
    register_hooks,
    AP_MODULE_FLAG_NONE,
};

/* httpd reads the table when it loads the module, before any function of it could be called: so it
 * is made when the dynamic linker is done. A setting is named in one place, app_core_settings. */
__attribute__((constructor)) static void make_commands(void)
{
    app_module.cmds = app_httpd_conf_commands();
}
