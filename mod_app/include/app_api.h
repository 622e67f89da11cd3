/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The table through which a plugin calls the core; app_plugin.h includes it. Each function is
 * documented where it is declared. A plugin writes the plain name: app_log(…); the macros below
 * lead it through the table, so a plugin has no symbol to resolve and runs under any host, or
 * under a table of a test's own.
 */
#ifndef APP_API_H
#define APP_API_H

#include "app_plugin.h"

/** Every function of the table, in the order of its members. Append only, with a new ABI minor. */
#define APP_API_FUNCTIONS(_)                                                                    \
    _(app_fail) _(app_fail_code) _(app_details) _(app_hint) _(app_log_only)                     \
    _(app_log)                                                                                  \
    _(app_request_method) _(app_request_path) _(app_request_mount) _(app_request_query)         \
    _(app_request_header) _(app_request_headers) _(app_request_peer) _(app_request_id)          \
    _(app_request_pool) _(app_request_deadline) _(app_request_gone) _(app_request_body)         \
    _(app_request_settings) _(app_request_identity) _(app_request_identify)                     \
    _(app_response_status) _(app_response_status_get) _(app_response_header)                    \
    _(app_response_header_add) _(app_response_type) _(app_response_etag)                        \
    _(app_response_write) _(app_response_flush) _(app_response_error)                           \
    _(app_buf_init) _(app_buf_add) _(app_buf_adds) _(app_buf_addc) _(app_buf_addf)              \
    _(app_buf_add_json) _(app_buf_add_ident) _(app_buf_full)                                    \
    _(app_query_parse) _(app_url_encode) _(app_utf8_valid) _(app_json_parse) _(app_json_own)    \
    _(app_int64_parse) _(app_etag_match)                                                        \
    _(app_db_kind) _(app_tx_begin) _(app_tx_set) _(app_tx_get) _(app_tx_query)                  \
    _(app_tx_execute) _(app_rows_next) _(app_rows_columns) _(app_rows_text) _(app_rows_int)     \
    _(app_rows_affected) _(app_tx_commit) _(app_tx_rollback) _(app_tx_schema_version)           \
    _(app_instance_settings) _(app_instance_db) _(app_instance_db_kind) _(app_instance_pool)    \
    _(app_instance_context) _(app_instance_context_set)                                         \
    _(app_filter_add) _(app_timer_add) _(app_shm_declare) _(app_shm_base) _(app_shm_lock)       \
    _(app_shm_unlock) _(app_tx_check) _(app_tx_columns) _(app_request_secure)           \
    _(app_db_identity) _(app_instance_state_dir)                                                \
    _(app_db_listen) _(app_db_listener_fd) _(app_db_listener_next)                              \
    _(app_request_variable) _(app_tx_guard) _(app_service_offer) _(app_service_find) \
    _(app_request_trace) _(app_request_trace_set) \
    _(app_request_settings_digest) _(app_response_source) _(app_response_tap)              \
    _(app_response_tapped) _(app_tx_lasting) \
    _(app_db_version) \
    _(app_request_figures) _(app_request_route_set) _(app_request_rows_set) \
    _(app_metric_declare) _(app_metric_add) _(app_metric_set) _(app_metric_observe) \
    _(app_metrics_collect) _(app_metrics_read) _(app_command_read)

#ifdef __cplusplus /* where a member may not take the name that its own type was made from */
#define APP_API_MEMBER(function) __typeof__(::function) *function;
#else
#define APP_API_MEMBER(function) __typeof__(function) *function;
#endif
typedef struct app_api_t {
    apr_size_t size; /* sizeof(app_api_t) of the core that made it */
    APP_API_FUNCTIONS(APP_API_MEMBER)
} app_api_t;
#undef APP_API_MEMBER

/** The table that this plugin was given when it was loaded. APP_PLUGIN() defines it. */
extern const app_api_t *app_api;

#ifndef APP_CORE /* the core itself calls its functions directly */
#define app_fail                   app_api->app_fail
#define app_fail_code              app_api->app_fail_code
#define app_details                app_api->app_details
#define app_hint                   app_api->app_hint
#define app_log_only               app_api->app_log_only
#define app_log                    app_api->app_log
#define app_request_method         app_api->app_request_method
#define app_request_path           app_api->app_request_path
#define app_request_mount          app_api->app_request_mount
#define app_request_query          app_api->app_request_query
#define app_request_header         app_api->app_request_header
#define app_request_headers        app_api->app_request_headers
#define app_request_peer           app_api->app_request_peer
#define app_request_id             app_api->app_request_id
#define app_request_pool           app_api->app_request_pool
#define app_request_deadline       app_api->app_request_deadline
#define app_request_gone           app_api->app_request_gone
#define app_request_body           app_api->app_request_body
#define app_request_settings       app_api->app_request_settings
#define app_request_identity       app_api->app_request_identity
#define app_request_identify       app_api->app_request_identify
#define app_response_status        app_api->app_response_status
#define app_response_status_get    app_api->app_response_status_get
#define app_response_header        app_api->app_response_header
#define app_response_header_add    app_api->app_response_header_add
#define app_response_type          app_api->app_response_type
#define app_response_etag          app_api->app_response_etag
#define app_response_write         app_api->app_response_write
#define app_response_flush         app_api->app_response_flush
#define app_response_error         app_api->app_response_error
#define app_buf_init               app_api->app_buf_init
#define app_buf_add                app_api->app_buf_add
#define app_buf_adds               app_api->app_buf_adds
#define app_buf_addc               app_api->app_buf_addc
#define app_buf_addf               app_api->app_buf_addf
#define app_buf_add_json           app_api->app_buf_add_json
#define app_buf_add_ident          app_api->app_buf_add_ident
#define app_buf_full               app_api->app_buf_full
#define app_query_parse            app_api->app_query_parse
#define app_url_encode             app_api->app_url_encode
#define app_utf8_valid             app_api->app_utf8_valid
#define app_json_parse             app_api->app_json_parse
#define app_json_own               app_api->app_json_own
#define app_int64_parse            app_api->app_int64_parse
#define app_etag_match             app_api->app_etag_match
#define app_db_kind                app_api->app_db_kind
#define app_tx_begin               app_api->app_tx_begin
#define app_tx_set                 app_api->app_tx_set
#define app_tx_get                 app_api->app_tx_get
#define app_tx_query               app_api->app_tx_query
#define app_tx_execute             app_api->app_tx_execute
#define app_rows_next              app_api->app_rows_next
#define app_rows_columns           app_api->app_rows_columns
#define app_rows_text              app_api->app_rows_text
#define app_rows_int               app_api->app_rows_int
#define app_rows_affected          app_api->app_rows_affected
#define app_tx_commit              app_api->app_tx_commit
#define app_tx_rollback            app_api->app_tx_rollback
#define app_tx_schema_version      app_api->app_tx_schema_version
#define app_instance_settings      app_api->app_instance_settings
#define app_instance_db            app_api->app_instance_db
#define app_instance_db_kind       app_api->app_instance_db_kind
#define app_instance_pool          app_api->app_instance_pool
#define app_instance_context       app_api->app_instance_context
#define app_instance_context_set   app_api->app_instance_context_set
#define app_filter_add             app_api->app_filter_add
#define app_timer_add              app_api->app_timer_add
#define app_shm_declare            app_api->app_shm_declare
#define app_shm_base               app_api->app_shm_base
#define app_shm_lock               app_api->app_shm_lock
#define app_shm_unlock             app_api->app_shm_unlock
#define app_tx_check               app_api->app_tx_check
#define app_tx_columns             app_api->app_tx_columns
#define app_request_secure         app_api->app_request_secure
#define app_db_identity            app_api->app_db_identity
#define app_instance_state_dir     app_api->app_instance_state_dir
#define app_db_listen              app_api->app_db_listen
#define app_db_listener_fd         app_api->app_db_listener_fd
#define app_db_listener_next       app_api->app_db_listener_next
#define app_request_variable       app_api->app_request_variable
#define app_tx_guard               app_api->app_tx_guard
#define app_service_offer          app_api->app_service_offer
#define app_service_find           app_api->app_service_find
#define app_request_trace          app_api->app_request_trace
#define app_request_trace_set      app_api->app_request_trace_set
#define app_request_settings_digest app_api->app_request_settings_digest
#define app_response_source        app_api->app_response_source
#define app_response_tap           app_api->app_response_tap
#define app_response_tapped        app_api->app_response_tapped
#define app_tx_lasting             app_api->app_tx_lasting
#define app_db_version             app_api->app_db_version
#define app_request_figures        app_api->app_request_figures
#define app_request_route_set      app_api->app_request_route_set
#define app_request_rows_set       app_api->app_request_rows_set
#define app_metric_declare         app_api->app_metric_declare
#define app_metric_add             app_api->app_metric_add
#define app_metric_set             app_api->app_metric_set
#define app_metric_observe         app_api->app_metric_observe
#define app_metrics_collect        app_api->app_metrics_collect
#define app_metrics_read           app_api->app_metrics_read
#define app_command_read           app_api->app_command_read
#endif

#endif
