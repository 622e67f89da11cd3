/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite: the version of a database, as a number that all processes agree on. Called by
 * app_db_version() and app_tx_version(); thread that has the connection.
 *
 * PRAGMA data_version counts for its own connection alone. What all share is the head of the
 * wal-index (https://www.sqlite.org/walformat.html, 2.1), which every commit writes:
 *
 *     word  0  format, 3007000
 *     word  3  its first byte: the head has been made
 *     word  4  frames in the log
 *     words 6, 7    checksum over all frames
 *     words 8, 9    salt, new whenever the log begins anew
 *     words 12-23   the same again: a head whose halves differ is being written
 *
 * Salt, number and checksum name a state of the log, and so of the database, also after a restart:
 * copying frames into the file changes nothing. While the log is empty it is the file that tells,
 * by its inode, size and time; nobody can write to it then.
 *
 * The head is read in the mapping that the connection has. A descriptor of our own must not be: to
 * close it would take away the locks that SQLite holds on the same file.
 */
#include <sys/stat.h>

#include "app_db_sqlite.h"
#include "app_hash.h"

#define HEAD_WORDS  12
#define HEAD_FORMAT 3007000
#define STATE_WORD  4 /* number of frames, checksum, salt */
#define STATE_WORDS 6
#define REGION_SIZE 32768 /* that SQLite maps at once */

typedef struct head_t {
    apr_uint32_t words[HEAD_WORDS];
} head_t;

/** @return the mapping that begins with the head; NULL: there is none */
static const volatile void *map_head(sqlite3 *link, const char *name)
{
    sqlite3_file *file = NULL;
    void volatile *head = NULL;

    if (sqlite3_file_control(link, name, SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        !file || !file->pMethods || file->pMethods->iVersion < 2 ||
        file->pMethods->xShmMap(file, 0, REGION_SIZE, 0, &head) != SQLITE_OK) {
        return NULL;
    }
    return head;
}

static void copy_words(head_t *head, const volatile apr_uint32_t *from)
{
    int i;

    for (i = 0; i < HEAD_WORDS; i++) {
        head->words[i] = from[i];
    }
}

/** @return 0: it is being written, or has not been made */
static int read_head(head_t *head, sqlite3 *link, const char *name)
{
    const volatile apr_uint32_t *mapped = map_head(link, name);
    head_t again;

    if (!mapped) {
        return 0;
    }
    copy_words(head, mapped);
    __sync_synchronize(); /* a writer begins with the second half */
    copy_words(&again, mapped + HEAD_WORDS);
    return memcmp(head, &again, sizeof(again)) == 0 && head->words[0] == HEAD_FORMAT &&
           *(const unsigned char *)&head->words[3] == 1;
}

/** @return 0: there is no such file */
static int mix_file(apr_uint64_t *pversion, const char *path)
{
    apr_uint64_t parts[4];
    struct stat st;

    if (!path || stat(path, &st) != 0) {
        return 0;
    }
    parts[0] = (apr_uint64_t)st.st_ino;
    parts[1] = (apr_uint64_t)st.st_size;
    parts[2] = (apr_uint64_t)st.st_mtim.tv_sec;
    parts[3] = (apr_uint64_t)st.st_mtim.tv_nsec;
    *pversion = app_hash(*pversion, parts, sizeof(parts));
    return 1;
}

/** @return 0: it is not known */
static int mix_database(apr_uint64_t *pversion, sqlite3 *link, const char *name)
{
    head_t head;

    if (!read_head(&head, link, name)) {
        return 0;
    }
    *pversion = app_hash(*pversion, head.words + STATE_WORD, STATE_WORDS * sizeof(*head.words));
    return head.words[4] > 0 || mix_file(pversion, sqlite3_db_filename(link, name));
}

apr_uint64_t app_lite_version(app_db_conn_t *conn)
{
    const app_lite_t *lite = conn->state;
    apr_uint64_t version = 1;
    int i;

    if (!mix_database(&version, lite->link, "main")) {
        return 0;
    }
    for (i = 0; i < lite->nattached; i++) {
        if (!lite->attached[i].wal ||
            !mix_database(&version, lite->link, lite->attached[i].name)) {
            return 0;
        }
    }
    return version;
}
