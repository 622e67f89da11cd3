/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The least that an answer can cost: reads the request to its end and writes bytes from memory.
 * tests/bench/bench.py builds it with apxs; "SetHandler bytes" answers with the files of the folder
 * that "BytesFolder" names, which are read when httpd starts.
 */
#include "httpd.h"

#include "apr_file_io.h"
#include "apr_hash.h"
#include "apr_strings.h"
#include "http_config.h"
#include "http_protocol.h"

typedef struct answer_t {
    const char *data;
    apr_size_t  len;
} answer_t;

static apr_hash_t *answers;

static const char *load_file(cmd_parms *cmd, const char *folder, const char *name)
{
    answer_t *answer = apr_palloc(cmd->pool, sizeof(*answer));
    apr_file_t *file;
    apr_finfo_t info;
    char *data;

    if (apr_file_open(&file, apr_pstrcat(cmd->pool, folder, "/", name, NULL), APR_READ, 0,
                      cmd->pool) != APR_SUCCESS ||
        apr_file_info_get(&info, APR_FINFO_SIZE, file) != APR_SUCCESS) {
        return "BytesFolder: a file cannot be read";
    }
    answer->len = (apr_size_t)info.size;
    answer->data = data = apr_palloc(cmd->pool, answer->len + 1);
    if (answer->len && apr_file_read_full(file, data, answer->len, NULL) != APR_SUCCESS) {
        return "BytesFolder: a file cannot be read";
    }
    apr_file_close(file);
    apr_hash_set(answers, name, APR_HASH_KEY_STRING, answer);
    return NULL;
}

static const char *set_folder(cmd_parms *cmd, void *conf, const char *folder)
{
    const char *problem = NULL;
    apr_finfo_t info;
    apr_dir_t *dir;

    (void)conf;
    answers = apr_hash_make(cmd->pool);
    if (apr_dir_open(&dir, folder, cmd->pool) != APR_SUCCESS) {
        return "BytesFolder: there is no such folder";
    }
    while (!problem && apr_dir_read(&info, APR_FINFO_NAME | APR_FINFO_TYPE, dir) == APR_SUCCESS) {
        if (info.filetype == APR_REG) {
            problem = load_file(cmd, folder, apr_pstrdup(cmd->pool, info.name));
        }
    }
    apr_dir_close(dir);
    return problem;
}

static int handle(request_rec *r)
{
    const char *name = strrchr(r->uri, '/');
    const answer_t *answer;
    apr_bucket_brigade *out;
    int status;

    if (!r->handler || strcmp(r->handler, "bytes") != 0) {
        return DECLINED;
    }
    answer = apr_hash_get(answers, name ? name + 1 : "", APR_HASH_KEY_STRING);
    if (!answer) {
        return HTTP_NOT_FOUND;
    }
    if ((status = ap_discard_request_body(r)) != OK) {
        return status;
    }
    r->status = r->method_number == M_POST ? HTTP_CREATED : HTTP_OK;
    ap_set_content_type(r, "application/json; charset=utf-8");
    ap_set_content_length(r, (apr_off_t)answer->len);
    out = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    APR_BRIGADE_INSERT_TAIL(out, apr_bucket_immortal_create(answer->data, answer->len,
                                                            r->connection->bucket_alloc));
    APR_BRIGADE_INSERT_TAIL(out, apr_bucket_eos_create(r->connection->bucket_alloc));
    ap_pass_brigade(r->output_filters, out);
    return OK;
}

/** No file is looked for. */
static int is_ours(request_rec *r)
{
    return strncmp(r->uri, "/bytes/", 7) == 0 ? OK : DECLINED;
}

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_translate_name(is_ours, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_map_to_storage(is_ours, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_MIDDLE);
}

static const command_rec commands[] = {
    AP_INIT_TAKE1("BytesFolder", set_folder, NULL, RSRC_CONF, "folder of the answers"),
    { NULL }
};

module AP_MODULE_DECLARE_DATA bytes_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, commands, register_hooks
};
