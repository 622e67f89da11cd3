/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of plugin rest know of each other. A request goes straight on, each step's result
 * is plain data:
 *
 *   parse/    query string, Prefer, Accept, body → rest_query.h
 *   plan/     names and grants against a snapshot (schema/rest_schema.h) → rest_plan.h
 *   render/   one SQL text and its parameters → rest_statement_t; what the databases do not
 *             share is in a rest_dialect_t
 *   run/      one transaction; rows come as JSON text; status and headers
 *
 * rest.c leads a request through them. Beside the way stand schema/ (the catalogue, read, shared
 * and renewed) and openapi/ (the root, OPTIONS). Who is asking, others find out.
 */
#ifndef REST_INT_H
#define REST_INT_H

#include "apr_thread_cond.h"
#include "apr_thread_mutex.h"

#include "app_data.h"

#include "rest_plan.h"

typedef struct rest_cache_t rest_cache_t;
typedef struct rest_listen_t rest_listen_t;
typedef struct rest_memo_t rest_memo_t;
typedef struct rest_share_t rest_share_t;
typedef struct rest_dialect_t rest_dialect_t;
typedef struct rest_timing_t rest_timing_t;

/** The plugin's settings. */
typedef struct rest_conf_t {
    const char         *anon_role;
    apr_array_header_t *schemas;
    apr_array_header_t *extra_search_path;
    apr_int64_t         max_rows;
    int                 openapi_mode; /* rest_openapi_e */
    int                 openapi_security;
    const char         *openapi_uri;
    const char         *root_spec;
    int                 aggregates;
    int                 explains;
    int                 legacy_names;
    const char         *trace_header;
    int                 server_timing;
    const char         *pre_request;
    int                 tx_end; /* rest_tx_end_e */
    apr_array_header_t *hoisted;
    apr_array_header_t *app_settings;
    const char         *channel;
    int                 channel_enabled;
    int                 db_config;
    const char         *pre_config;
    int                 entity_tags;
} rest_conf_t;

typedef enum rest_tx_end_e {
    REST_TX_COMMIT, REST_TX_COMMIT_OVERRIDE, REST_TX_ROLLBACK, REST_TX_ROLLBACK_OVERRIDE
} rest_tx_end_e;

typedef enum rest_openapi_e {
    REST_OPENAPI_FOLLOW, REST_OPENAPI_IGNORE, REST_OPENAPI_DISABLED
} rest_openapi_e;

/** The words of both, ended by NULL. */
extern const char *const rest_tx_ends[], *const rest_openapi_modes[];

/** One instance: a site that uses the plugin. */
typedef struct rest_t {
    app_instance_t           *self;
    const rest_dialect_t     *dialect;
    const apr_array_header_t *spaces; /* schemas served, unless the database says otherwise */

    apr_time_t                configured;    /* when configure() ran */
    pid_t                     configured_by; /* the process that it ran in */

    /* In each process, from start() on. */
    rest_cache_t             *cache;
    rest_memo_t              *memo;
    rest_share_t             *share;
    rest_listen_t            *listen; /* NULL: there are no notifications to be heard */
    app_shm_t                *tags;  /* SQLite: of rest_unchanged.c; else NULL */
    volatile apr_uint32_t     large; /* requests that hold much of their answer, at this moment */
} rest_t;

/** A statement, with room for parameters that are added as the text grows. */
typedef struct rest_sql_t {
    app_buf_t    text;
    app_value_t *params;
    int          nparams, size;
    char         mark; /* in front of a parameter's number */
    unsigned     nots; /* around what is being written */
    app_error_t *err;
    apr_pool_t  *pool;
} rest_sql_t;

/*
 * Columns of the rows that a rendered statement gives. The first row has the numbers; a row whose
 * JSON is NULL is no row.
 */
#define REST_COLUMN_JSON     0
#define REST_COLUMN_PAGE     1 /* rows in this page; NULL: to be counted as they come */
#define REST_COLUMN_TOTAL    2 /* rows that pass the filters; NULL: not asked for */
#define REST_COLUMN_INSERTED 3 /* upserts: rows that were new; NULL: not known here */
#define REST_COLUMN_KEYS     4 /* with plan->location: the primary key's values as text */

/** SQLite: what a row that was written says of its check, in the second column. */
#define REST_CHECK_FAILED    0
#define REST_CHECK_HOLDS     1
#define REST_CHECK_HOLDS_NEW 2 /* of an upsert: if the row was not there before */

/** What is run for a plan. */
typedef struct rest_statement_t {
    rest_sql_t *main;  /* gives the rows; NULL: nothing is to be shown */
    int         nmembers; /* the first columns of main that make the row's JSON; 0: it is one */
    int         marked;   /* behind them is a column that is NULL where there is no row */
    rest_sql_t *each;  /* SQLite writes: run for every row of the body before main; else NULL */
    rest_sql_t *after; /* SQLite: run when main has shown what it takes away; else NULL */
    rest_sql_t *check; /* SQLite: gives a row if each would write one not allowed; or NULL */
    rest_sql_t *exists; /* SQLite upserts: whether the row of each is there; else NULL */
    int         only;   /* SQLite PUT: number of the body's row that the URL means, from 1 */
    /* SQLite calls */
    rest_sql_t **steps;  /* run in order before all others */
    int          nsteps;
    rest_sql_t  *source; /* gives the rows that main is to read: until then it is not made */
    rest_sql_t  *call;   /* "WITH app_call AS (…)", which main goes on from */
} rest_statement_t;

/** All that differs between the databases. */
struct rest_dialect_t {
    app_db_kind_e kind;
    const char   *default_space;

    /** Fills an empty snapshot from the catalogue. */
    apr_status_t (*load)(rest_schema_t *schema, app_tx_t *tx, app_error_t *err);
    /**
     * Whether the snapshot is still what tx sees. On SQLite a read may find out that it is not
     * with its first query, which then returns REST_STALE.
     */
    apr_status_t (*is_current)(int *pcurrent, const rest_schema_t *schema, app_tx_t *tx,
                               app_error_t *err);

    /** The rows of a computed relationship, without their name. */
    apr_status_t (*computed)(rest_sql_t *sql, const rest_node_t *node);
    /** What joins them to the parent's row, where they are spread into it. */
    void         (*computed_on)(rest_sql_t *sql, const rest_node_t *node);
    apr_status_t (*operand)(rest_sql_t *sql, const rest_node_t *node,
                            const rest_operand_t *operand);
    /** " COLLATE …" behind a term of ORDER BY, or nothing; NULL: never. */
    const char *(*collation)(const rest_operand_t *operand);
    /** A comparison of an operand with a value. */
    apr_status_t (*compare)(rest_sql_t *sql, const rest_node_t *node, const rest_cond_t *cond);

    /** @param counted the page is counted before its first row comes */
    apr_status_t (*read)(rest_statement_t *statement, const rest_plan_t *plan, int counted,
                         app_error_t *err, apr_pool_t *p);
    /** Asks how many rows pass, as far as statistics say. */
    apr_status_t (*planned)(rest_sql_t **psql, const rest_plan_t *plan, app_error_t *err,
                            apr_pool_t *p);
    apr_status_t (*insert)(rest_statement_t *statement, const rest_plan_t *plan, app_error_t *err,
                           apr_pool_t *p);
    apr_status_t (*update)(rest_statement_t *statement, const rest_plan_t *plan, app_error_t *err,
                           apr_pool_t *p);
    apr_status_t (*remove)(rest_statement_t *statement, const rest_plan_t *plan, app_error_t *err,
                           apr_pool_t *p);
    /** Makes statement->each that of a row of the body; NULL where there is no each. */
    apr_status_t (*bind_row)(rest_statement_t *statement, const rest_plan_t *plan, int row);
    /** Makes statement->main over the rows of statement->source. NULL where there is none. */
    apr_status_t (*gather)(rest_statement_t *statement, const rest_plan_t *plan, app_rows_t *rows,
                           app_error_t *err, apr_pool_t *p);
};

extern const rest_dialect_t rest_sqlite;
extern const rest_dialect_t rest_pgsql;

/* rest_cache.c: the snapshot of this process */

apr_status_t rest_cache_start(rest_t *rest, app_error_t *err);

/**
 * The current snapshot; the first caller loads it, others wait for it.
 * @return APR_SUCCESS, and rest_cache_release() is owed; APP_EFAIL with APP_E_SCHEMA_CACHE or what
 * the database said
 */
apr_status_t rest_cache_get(rest_schema_t **pschema, rest_t *rest, app_request_t *r,
                            app_error_t *err);
void         rest_cache_release(rest_schema_t *schema);

/** Loads anew if the snapshot is not what the database has now, and is still the current one. */
apr_status_t rest_cache_renew(rest_t *rest, rest_schema_t *known, app_request_t *r,
                              app_error_t *err);

/**
 * Whether the database may have changed since the snapshot was loaded: for a plan that failed with
 * it.
 */
int rest_cache_outdated(rest_t *rest, const rest_schema_t *schema, app_request_t *r,
                        apr_pool_t *p);

/* rest_config.c: PostgreSQL's settings of the API */

/**
 * Reads what the database says of settings, by names and values that are good. A wrong one is
 * logged and left out. In a transaction of its own.
 * @param pconfig lives in p; NULL: nothing. @return APR_SUCCESS; APP_EFAIL: PreConfig failed, too
 */
apr_status_t rest_config_read(rest_role_setting_t **pconfig, rest_t *rest, app_error_t *err,
                              apr_pool_t *p);

/**
 * conf, with the database's settings in the place of its own.
 * @param config of a snapshot, which must live as long as the result, as must p
 */
const rest_conf_t *rest_config_over(const rest_conf_t *conf, const rest_role_setting_t *config,
                                    apr_pool_t *p);

/* rest_listen.c: PostgreSQL's notifications */

void         rest_listen_configure(rest_t *rest);
apr_status_t rest_listen_start(rest_t *rest, app_error_t *err);
void         rest_listen_stop(rest_t *rest);

/* rest_render.c: what both dialects write alike */

/** @param mark "$", or on SQLite "?": "$1" is a name there, looked up among all others */
rest_sql_t *rest_sql_create(char mark, app_error_t *err, apr_pool_t *p);
/** Adds a parameter, and nothing to the text. */
void rest_sql_bind(rest_sql_t *sql, const app_value_t *value);
/** Adds a parameter's place to the text. */
void rest_sql_param(rest_sql_t *sql, const app_value_t *value);
void rest_sql_text(rest_sql_t *sql, const char *text);
void rest_sql_int(rest_sql_t *sql, apr_int64_t integer);
/** The column with its relation in front. */
void rest_sql_column(rest_sql_t *sql, const rest_node_t *node, const rest_column_t *column);
void rest_sql_literal(rest_sql_t *sql, const char *text);
app_sql_t rest_sql_finish(const rest_sql_t *sql);

/** @return APP_EFAIL with APP_E_URL_TOO_LONG if the text has become too long: it is cut off */
apr_status_t rest_sql_check(const rest_sql_t *sql);

/** Behind a grant's filter in a subquery: keeps conditions on its rows from coming first. */
const char *rest_render_barrier(const rest_node_t *node);

/** " FROM … WHERE …" of a node, with all that its rows must meet. */
apr_status_t rest_render_from(rest_sql_t *sql, const rest_dialect_t *dialect,
                              const rest_node_t *node);
apr_status_t rest_render_where(rest_sql_t *sql, const rest_dialect_t *dialect,
                               const rest_node_t *node);
/** The node's own filters alone; there is at least one. */
apr_status_t rest_render_conds(rest_sql_t *sql, const rest_dialect_t *dialect,
                               const rest_node_t *node);
/** @param more whether something is to follow the last term */
apr_status_t rest_render_order(rest_sql_t *sql, const rest_dialect_t *dialect,
                               const rest_node_t *node, int more);
/** LIMIT and OFFSET. */
void rest_render_window(rest_sql_t *sql, const rest_dialect_t *dialect, const rest_node_t *node);
/** What the operators mean that both write alike. NULL: written by the dialect. */
const char *rest_render_operator(rest_op_e op);
const char *rest_render_is(rest_is_e is);
/** "sum(", or nothing. */
const char *rest_render_aggregate(rest_aggregate_e aggregate);

apr_status_t rest_render(rest_statement_t *statement, const rest_dialect_t *dialect,
                         const rest_plan_t *plan, int counted, app_error_t *err, apr_pool_t *p);

/** A read that another plugin wants (rest_data.c). */
typedef struct rest_asked_t {
    const app_data_ask_t *ask;
    app_data_answer_fn   *answer;
    void                 *ctx;
} rest_asked_t;

/* rest_run.c */

/** Of a request, besides method, role and body, all that its plan is made of; NULL: not said. */
typedef struct rest_said_t {
    const char *path, *query, *profile, *range, *accept, *prefer;
} rest_said_t;

/** What a transaction needs to know of its request. */
typedef struct rest_call_t {
    rest_t               *rest;
    app_request_t        *r;
    app_response_t       *res;
    const rest_conf_t    *conf;
    const rest_request_t *request;
    rest_said_t           said;
    rest_timing_t        *timing; /* NULL: nobody wants to know */
    const rest_asked_t   *asked;  /* by another plugin; NULL: what the client has asked */
    unsigned              anonymous : 1; /* the role in force is the anonymous one */
    unsigned              profiled : 1;  /* Content-Profile is due */
    unsigned              rolls_back : 1;    /* nothing is to stay of a write */
    unsigned              ending_chosen : 1; /* Prefer: tx= was followed */
    unsigned              compares : 1; /* a write with If-Match or If-None-Match */
    apr_uint64_t          version; /* of the database, if an answer is to be remembered; else 0 */
    apr_uint64_t          key;     /* to be remembered by */
} rest_call_t;

/* rest.c */

/**
 * Answers what call asks, on a snapshot that holds.
 * @return APP_DONE; APP_EFAIL with an error as clients are to have it
 */
apr_status_t rest_answer(rest_call_t *call, app_error_t *err);

/* rest_memo.c: reads that were asked before */

apr_status_t rest_memo_start(rest_t *rest, app_error_t *err);
/**
 * The plan of a read that was asked before, with its statement; call then has the request that it
 * was made of. It lives as long as the request.
 * @param call begun, with the site's own settings @param schema the current snapshot, or one that
 * was. @return NULL: the steps are to be taken
 */
rest_plan_t *rest_memo_get(rest_call_t *call, rest_schema_t *schema);

/* rest_data.c: reads for other plugins */

extern const app_data_service_t rest_data_service;
/** Runs the plan that was asked for. @return as rest_run() */
apr_status_t rest_data_run(const rest_call_t *call, rest_plan_t *plan,
                           const rest_schema_t *schema, app_error_t *err, apr_pool_t *p);

/* rest_request.c */

/** Who asks, and by which method. @return APR_SUCCESS; APP_EFAIL with APP_E_ANONYMOUS */
apr_status_t rest_request_begin(rest_call_t *call, rest_request_t *request, app_error_t *err);
/**
 * Reads the rest of the request as it came.
 * @param schema whose schemas are those served
 * @return APR_SUCCESS; APP_EFAIL: the first thing that is wrong
 */
apr_status_t rest_request_read(rest_call_t *call, rest_request_t *request,
                               const rest_schema_t *schema, app_error_t *err, apr_pool_t *p);

/** The snapshot was not the database's any more: plan again. */
#define REST_STALE (APR_OS_START_USERERR + 4600)
/** The answer is made, or nobody waits for it: no further step. */
#define REST_ANSWERED (APR_OS_START_USERERR + 4601)

/** What is known of the rows when the head of the answer is written. */
typedef struct rest_result_t {
    apr_int64_t page;  /* rows in the page, or written */
    apr_int64_t total; /* -1: not asked for */
    apr_int64_t inserted; /* of an upsert: rows that were new; -1: not known */
    const char *location; /* the new row's key as a query string; NULL: none */
    const char *status;   /* response.status; NULL: unset */
    const char *headers;  /* response.headers; NULL: unset */
    const char *tag;      /* ETag of a read; NULL: it has none */
    int         unchanged; /* the client has what this tag is of */
} rest_result_t;

/** What stands around the rows in the body. */
typedef struct rest_frame_t {
    const char *open, *between, *close;
    const char *none; /* in place of all three, where there is no row */
} rest_frame_t;

/**
 * Begins the transaction of a request: role and settings are in force, and the pre-request has run.
 * @param plan that is to be run; NULL: none
 * @return APR_SUCCESS; REST_STALE; APP_EFAIL. Where *ptx is set, it is to be ended
 */
apr_status_t rest_begin(app_tx_t **ptx, const rest_call_t *call, const rest_schema_t *schema,
                        const rest_plan_t *plan, int readonly, app_error_t *err, apr_pool_t *p);

/**
 * Runs the plan in a transaction and answers. @return APR_SUCCESS, REST_STALE (nothing has been
 * answered), APP_EFAIL
 */
apr_status_t rest_run(const rest_call_t *call, const rest_plan_t *plan,
                      const rest_schema_t *schema, app_error_t *err, apr_pool_t *p);

/* rest_call_sqlite.c: a function of SQLite, whose results nobody wants, with its defaults */
apr_status_t rest_sqlite_perform(app_tx_t *tx, const rest_routine_t *routine, app_error_t *err,
                                 apr_pool_t *p);

/* rest_settings.c: what SQL can read of the request */
void rest_settings_put(app_tx_t *tx, const rest_call_t *call, const rest_schema_t *schema,
                       const rest_routine_t *routine, apr_pool_t *p);

/** The isolation that the role or the function asks for. */
app_isolation_e rest_settings_isolation(const rest_call_t *call, const rest_schema_t *schema,
                                        const rest_routine_t *routine);

/** Checks AppSettings and PreRequest at configtest. */
apr_status_t rest_settings_check(const rest_conf_t *conf, app_error_t *err);

/* rest_respond_settings.c: what SQL says of the answer by response.status and response.headers */

/** @param status, headers NULL: unset. @return APP_EFAIL with APP_E_RESPONSE_HEADERS, _STATUS */
apr_status_t rest_respond_settings(app_response_t *res, const char *status, const char *headers,
                                   app_error_t *err, apr_pool_t *p);

/* rest_raise.c */

/** Makes of an error that SQL raised for the client what it is meant to be: PTnnn and PGRST. */
void rest_raise(app_error_t *err, app_db_kind_e kind, apr_pool_t *p);

/* rest_respond.c */

/** The value of Content-Location. @return NULL: it is too long */
const char *rest_respond_location(const rest_call_t *call, apr_pool_t *p);

void rest_frame(rest_frame_t *frame, const rest_plan_t *plan, apr_pool_t *p);

/** Status and headers. @return APP_EFAIL or REST_ANSWERED where the numbers make it an error */
apr_status_t rest_respond_head(const rest_call_t *call, const rest_plan_t *plan,
                               const rest_result_t *result, app_error_t *err, apr_pool_t *p);

/** Refuses a single object that is none or several. */
apr_status_t rest_respond_check_single(const rest_plan_t *plan, const rest_result_t *result,
                                       app_error_t *err);

/** Answers 304: it would be the answer with this tag. */
void rest_respond_unchanged(const rest_call_t *call, const char *tag, apr_pool_t *p);

/* rest_unchanged.c: answers by their tags alone */

/** In configure(): asks for the memory. */
void rest_unchanged_configure(rest_t *rest);
/**
 * Answers a request whose If-None-Match has the tag of the answer, if the database has not changed
 * since that was made.
 * @param call read, as far as its URL goes @return whether it is answered
 */
int rest_unchanged_answer(rest_call_t *call, apr_pool_t *p);

/* rest_options.c */

/** Answers OPTIONS. @return APR_SUCCESS; APP_EFAIL with APP_E_TABLE, APP_E_FUNCTION */
apr_status_t rest_options_answer(const rest_call_t *call, const rest_schema_t *schema,
                                 app_error_t *err);

/** Adds what may be done instead to a 405. @param schema NULL: not known */
void rest_options_refused(const rest_request_t *request, const rest_schema_t *schema,
                          app_error_t *err);

/* rest_trace.c */

/** TraceHeader is the name of a header. */
apr_status_t rest_trace_configure(const rest_conf_t *conf, app_error_t *err);
app_handler_fn rest_trace_filter;

/** The steps that Server-Timing tells of. Each ends where the next begins. */
typedef enum rest_step_e {
    REST_STEP_JWT, REST_STEP_PARSE, REST_STEP_PLAN, REST_STEP_TRANSACTION, REST_STEP_RESPONSE,
    REST_STEPS_ /* number of steps */
} rest_step_e;

/** Filters in front of the token's and behind it. */
app_handler_fn rest_timing_filter;
app_handler_fn rest_timing_identified;

rest_timing_t *rest_timing_of(app_request_t *r); /* NULL: nobody wants to know */
/** From here on; what was before is nobody's. timing may be NULL here and below. */
void rest_timing_begin(rest_timing_t *timing);
void rest_timing_end(rest_timing_t *timing, rest_step_e step);
/** Sets the header. */
void rest_timing_respond(const rest_timing_t *timing, app_response_t *res, apr_pool_t *p);

/* rest_openapi.c */

/** Refuses settings that cannot be. */
apr_status_t rest_openapi_configure(const rest_conf_t *conf, app_error_t *err);
/** Answers the root. @return as rest_run() */
apr_status_t rest_openapi_answer(const rest_call_t *call, const rest_schema_t *schema,
                                 app_error_t *err, apr_pool_t *p);

#endif
