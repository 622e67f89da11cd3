/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite: what tags answers had, and at which version of the database (app_db_version()). So a
 * client that asks whether its answer is still good is told so without a query, as long as nothing
 * has changed. Called by rest.c and rest_condition.c; any thread of any process, without a lock.
 *
 * In shared memory, zero at first:
 *
 *     slot of key % SLOTS:  key | version | rows, form of the tag | check, made of these four
 *
 * Who writes a slot while another reads or writes it makes a check that does not fit: that is a
 * slot of nobody. Two requests with the same key do no harm either, since a client is told nothing
 * but that the tag is right which it has sent: then it is that of the same bytes.
 *
 * The version is read before the query, so a slot never has an older answer than it says.
 */
#include "rest_run.h"

#define SLOTS 1024

typedef enum part_e { PART_KEY, PART_VERSION, PART_ROWS, PART_FORM, PART_CHECK, PARTS } part_e;

typedef struct slot_t {
    apr_uint64_t parts[PARTS];
} slot_t;

void rest_unchanged_configure(rest_t *rest)
{
    if (rest->dialect->kind == APP_DB_SQLITE) {
        rest->tags = app_shm_declare(rest->self, "tags", SLOTS * sizeof(slot_t));
    }
}

static slot_t *slot_of(const rest_t *rest, apr_uint64_t key)
{
    slot_t *slots = app_shm_base(rest->tags);

    return slots ? &slots[key % SLOTS] : NULL;
}

static apr_uint64_t check_of(const slot_t *slot)
{
    rest_tag_t sum = { 0, 1 };
    int i;

    for (i = 0; i < PART_CHECK; i++) {
        rest_tag_number(&sum, (apr_int64_t)slot->parts[i]);
    }
    return sum.form;
}

static void add_text(rest_tag_t *key, const char *text)
{
    rest_tag_number(key, text != NULL);
    rest_tag_text(key, text ? text : "");
}

/** All that the answer is made of besides the database. */
static apr_uint64_t key_of(const rest_call_t *call)
{
    const app_identity_t *identity = app_request_identity(call->r);
    const rest_said_t *said = &call->said;
    const char *const texts[] = { call->request->role, identity->role, identity->claims,
                                  said->path, said->query, said->profile, said->range,
                                  said->accept, said->prefer };
    rest_tag_t key = { 0, app_request_settings_digest(call->r) };
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        add_text(&key, texts[i]);
    }
    return key.form;
}

/** @return APR_EGENERAL: nothing is known */
static apr_status_t look_up(rest_tag_t *tag, const rest_call_t *call)
{
    const slot_t *shared = slot_of(call->rest, call->key);
    slot_t slot;
    int i;

    for (i = 0; shared && i < PARTS; i++) {
        slot.parts[i] = __atomic_load_n(&shared->parts[i], __ATOMIC_RELAXED);
    }
    if (!shared || slot.parts[PART_KEY] != call->key ||
        slot.parts[PART_VERSION] != call->version ||
        slot.parts[PART_CHECK] != check_of(&slot)) {
        return APR_EGENERAL;
    }
    tag->rows = slot.parts[PART_ROWS];
    tag->form = slot.parts[PART_FORM];
    return APR_SUCCESS;
}

/** Whether it may be answered by its tag alone: nobody wants to keep the answer itself. */
static int is_asked(const rest_call_t *call, const char *known)
{
    const rest_request_t *request = call->request;

    return known && call->rest->tags && !call->asked && request->reads && !request->head &&
           !request->root && call->conf->entity_tags && !call->conf->pre_request &&
           !rest_tag_is_any(known) && !app_response_tapped(call->res) &&
           !app_request_header(call->r, "If-Match");
}

int rest_unchanged_answer(rest_call_t *call, apr_pool_t *p)
{
    const char *known = app_request_header(call->r, "If-None-Match"), *text;
    rest_tag_t tag;

    call->version = 0;
    if (!is_asked(call, known)) {
        return 0;
    }
    call->version = app_db_version(app_instance_db(call->rest->self), p);
    call->key = key_of(call);
    if (!call->version || look_up(&tag, call) != APR_SUCCESS) {
        return 0;
    }
    text = rest_tag_print(&tag, p);
    if (!app_etag_match(known, text)) {
        return 0;
    }
    rest_respond_unchanged(call, text, p);
    return 1;
}

void rest_unchanged_note(const rest_run_t *run)
{
    const rest_call_t *call = run->call;
    slot_t slot = { { call->key, call->version, run->tag.rows, run->tag.form, 0 } }, *shared;
    int i;

    if (!call->version || !rest_source_lasts(run) ||
        !(shared = slot_of(call->rest, call->key))) {
        return;
    }
    slot.parts[PART_CHECK] = check_of(&slot);
    for (i = 0; i < PARTS; i++) {
        __atomic_store_n(&shared->parts[i], slot.parts[i], __ATOMIC_RELAXED);
    }
}
