/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a statement costs in SQLite alone: a loop over one prepared statement that takes every value
 * of every row. tests/bench/bench.py builds and runs it.
 *
 *     sqlite_loop FILE SECONDS SQL [PARAMETER ...]
 *
 * A statement that writes is a transaction of its own, as durable as ours are (WAL, synchronous
 * FULL). Prints the number of runs and the CPU seconds that they took.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double cpu(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(sqlite3 *link)
{
    fprintf(stderr, "sqlite_loop: %s\n", sqlite3_errmsg(link));
    exit(1);
}

/** Takes the values in the type that they have: a number is not made text. */
static void take_row(sqlite3_stmt *stmt)
{
    static volatile long long taken;
    int i;

    for (i = sqlite3_column_count(stmt) - 1; i >= 0; i--) {
        switch (sqlite3_column_type(stmt, i)) {
        case SQLITE_INTEGER:
            taken += sqlite3_column_int64(stmt, i);
            break;
        case SQLITE_TEXT:
            taken += *sqlite3_column_text(stmt, i) + sqlite3_column_bytes(stmt, i);
            break;
        default:
            taken += sqlite3_column_bytes(stmt, i);
        }
    }
}

static void run_once(sqlite3 *link, sqlite3_stmt *stmt)
{
    int rc;

    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        take_row(stmt);
    }
    if (rc != SQLITE_DONE || sqlite3_reset(stmt) != SQLITE_OK) {
        fail(link);
    }
}

static int is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static sqlite3_stmt *prepare(sqlite3 *link, char **argv)
{
    sqlite3_stmt *stmt;
    int i;

    if (sqlite3_exec(link,
                     "PRAGMA foreign_keys=ON; PRAGMA cache_size=-8000; PRAGMA synchronous=FULL;"
                     "PRAGMA wal_autocheckpoint=1000",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(link, argv[3], -1, &stmt, NULL) != SQLITE_OK) {
        fail(link);
    }
    for (i = 4; argv[i]; i++) {
        if (is_number(argv[i])) {
            sqlite3_bind_int64(stmt, i - 3, strtoll(argv[i], NULL, 10));
        }
        else {
            sqlite3_bind_text(stmt, i - 3, argv[i], -1, SQLITE_STATIC);
        }
    }
    return stmt;
}

int main(int argc, char **argv)
{
    long runs = 0;
    double end, begun;
    sqlite3_stmt *stmt;
    sqlite3 *link;

    if (argc < 4) {
        fputs("use: sqlite_loop FILE SECONDS SQL [PARAMETER ...]\n", stderr);
        return 2;
    }
    if (sqlite3_open(argv[1], &link) != SQLITE_OK) {
        fail(link);
    }
    stmt = prepare(link, argv);
    run_once(link, stmt);
    begun = cpu();
    for (end = now() + strtod(argv[2], NULL); now() < end; runs++) {
        run_once(link, stmt);
    }
    printf("%ld %.6f\n", runs, cpu() - begun);
    sqlite3_finalize(stmt);
    sqlite3_close(link);
    return 0;
}
