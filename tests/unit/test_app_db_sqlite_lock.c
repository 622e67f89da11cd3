/* SPDX-License-Identifier: Apache-2.0 */
/** When a write is answered: once it has reached the disk, with others or alone. */
#include "unit_sqlite.h"

#include <errno.h>
#include <sys/syscall.h>

#include "apr_thread_proc.h"

#include "app_db_sqlite.h"

#define SCHEMA "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)"
#define INSERT "INSERT INTO item (name) VALUES ('x')"
#define COUNT_ITEMS "SELECT count(*) FROM item"

static int syncs, sync_fails;

/** What SQLite finds instead of the library's. */
__attribute__((visibility("default"))) int fdatasync(int fd)
{
    __atomic_add_fetch(&syncs, 1, __ATOMIC_SEQ_CST);
    if (sync_fails) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

static const struct {
    const char *sql;
    int         readonly, normal, syncs;
} statements[] = {
    { INSERT, 0, 0, 1 },
    { "UPDATE item SET name = 'y'", 0, 0, 1 },
    { "UPDATE item SET name = 'y' WHERE id = 1000", 0, 0, 0 },
    { COUNT_ITEMS, 0, 0, 0 },
    { COUNT_ITEMS, 1, 0, 0 },
    { INSERT, 0, 1, 0 },
};

static void test_statements(void **state)
{
    app_core_conf_t *conf = sqlite_place();
    app_db_t *db = sqlite_with(conf, SCHEMA);
    size_t i;

    (void)state;
    ask(db, 0, INSERT); /* and with it the head of the log, which goes to the disk by itself */
    for (i = 0; i < COUNT(statements); i++) {
        conf->sqlite_sync = statements[i].normal;
        syncs = 0;
        ask(db, statements[i].readonly, statements[i].sql);
        CASE_INT(statements[i].sql, syncs, statements[i].syncs);
    }
}

/** The log's name in its folder is brought to the disk by whoever makes it, once. */
static void test_fresh_log(void **state)
{
    app_core_conf_t *conf = sqlite_place();
    app_db_t *db = sqlite_with(conf, SCHEMA);

    (void)state;
    unlink(apr_pstrcat(unit_pool, sqlite_folder, UNIT_SQLITE_FILE "-wal", NULL));
    syncs = 0;
    ask(db, 1, COUNT_ITEMS);
    assert_in_range(syncs, 1, 2);
    syncs = 0;
    ask(db_of(conf), 1, COUNT_ITEMS);
    assert_int_equal(syncs, 0);
}

static void test_disk_fails(void **state)
{
    app_db_t *db = sqlite_with(sqlite_place(), SCHEMA);

    (void)state;
    assert_string_equal(ask(db, 0, INSERT), "");
    sync_fails = 1;
    assert_string_equal(ask(db, 0, INSERT), "58030");
    sync_fails = 0;
    assert_int_equal(err.status, 500);
    assert_non_null(strstr(err.message, "may not have reached the disk"));
    assert_string_equal(ask(db, 0, INSERT), "");
    assert_string_equal(ask(db, 1, COUNT_ITEMS), "3;");
}

typedef struct writer_t {
    app_db_t   *db;
    int         answered;
    const char *answer;
} writer_t;

static void *APR_THREAD_FUNC write_one(apr_thread_t *thread, void *data)
{
    writer_t *writer = data;
    const app_tx_options_t options = { .timeout = 0 };
    const app_sql_t sql = { INSERT, NULL, 0 };
    app_error_t mine = { 0 };
    app_rows_t *rows;
    app_tx_t *tx;

    (void)thread;
    apr_pool_create(&mine.pool, NULL);
    if (app_tx_begin(&tx, writer->db, &options, &mine, mine.pool) != APR_SUCCESS ||
        app_tx_query(tx, &sql, APP_QUERY_LAST, &rows, &mine) != APR_SUCCESS) {
        writer->answer = "failed";
    }
    __atomic_store_n(&writer->answered, 1, __ATOMIC_RELEASE);
    apr_pool_destroy(mine.pool);
    return NULL;
}

static void wait_for_commits(const app_lock_file_t *shared, apr_uint64_t commits)
{
    apr_time_t until = apr_time_now() + apr_time_from_sec(10);

    while (__atomic_load_n(&shared->commits, __ATOMIC_ACQUIRE) < commits &&
           apr_time_now() < until) {
        apr_sleep(1000);
    }
    assert_int_equal(shared->commits, commits);
}

/**
 * While somebody brings the log to the disk, others commit and wait; none of them goes there
 * itself when that somebody, or the first of them, has done it for all.
 */
static void test_together(void **state)
{
    app_db_t *db = sqlite_with(sqlite_place(), SCHEMA);
    writer_t writers[3] = { { .db = db }, { .db = db }, { .db = db } };
    apr_thread_t *threads[COUNT(writers)];
    app_lock_file_t *shared;
    apr_uint64_t before;
    apr_status_t rv;
    size_t i;

    (void)state;
    assert_string_equal(ask(db, 0, INSERT), "");
    shared = db->lock_file;
    before = shared->commits;
    assert_int_equal(app_lock_acquire(&shared->sync, 0, NULL), APR_SUCCESS);
    syncs = 0;
    for (i = 0; i < COUNT(writers); i++) {
        apr_thread_create(&threads[i], NULL, write_one, &writers[i], unit_pool);
    }
    wait_for_commits(shared, before + COUNT(writers));
    assert_string_equal(ask(db, 1, COUNT_ITEMS), "4;");
    for (i = 0; i < COUNT(writers); i++) {
        assert_int_equal(__atomic_load_n(&writers[i].answered, __ATOMIC_ACQUIRE), 0);
    }
    app_lock_release(&shared->sync);
    for (i = 0; i < COUNT(writers); i++) {
        apr_thread_join(&rv, threads[i]);
        assert_null(writers[i].answer);
    }
    assert_int_equal(syncs, 1);
    assert_int_equal(shared->synced, shared->commits);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_statements),
    cmocka_unit_test(test_fresh_log),
    cmocka_unit_test(test_disk_fails),
    cmocka_unit_test(test_together),
};

UNIT_MAIN(tests)
