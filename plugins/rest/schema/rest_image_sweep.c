/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Files that nobody has used for long: a site that is gone, or has other settings now, leaves an
 * image and two locks behind. Who maps an image dates it anew (rest_image_file.c), and whoever
 * still has one that is taken away sees it marked, as if a newer one were there. Called by
 * rest_share.c, in any thread.
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apr_strings.h"

#include "rest_image.h"

#define PREFIX "rest-"

/** "rest-KEY." of a file of ours; NULL: it is none, or of that key. */
static const char *stem_of(const char *name, const char *own, apr_pool_t *p)
{
    static const char *const kinds[] = { "image", "image.new", "load", "listen" };
    const char *key = name + strlen(PREFIX), *kind;
    apr_size_t len, i;

    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0) {
        return NULL;
    }
    len = strspn(key, "0123456789abcdef");
    kind = key + len + 1;
    if (len != strlen(own) || key[len] != '.' || strncmp(key, own, len) == 0) {
        return NULL;
    }
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            return apr_pstrmemdup(p, name, (apr_size_t)(kind - name));
        }
    }
    return NULL;
}

/** Of the image, or where there is none the lock. */
static int is_older(const char *stem, apr_time_t than, apr_pool_t *p)
{
    struct stat info;

    if (lstat(apr_pstrcat(p, stem, "image", NULL), &info) != 0 &&
        lstat(apr_pstrcat(p, stem, "load", NULL), &info) != 0) {
        return 0;
    }
    return apr_time_from_sec(info.st_mtime) < than;
}

/** Takes the files of one key away; both locks are held meanwhile, so nobody is at them. */
static void sweep(const char *stem, apr_time_t before, apr_pool_t *p)
{
    const char *load = apr_pstrcat(p, stem, "load", NULL);
    const char *listen = apr_pstrcat(p, stem, "listen", NULL);
    const char *image = apr_pstrcat(p, stem, "image", NULL);
    int loading, listening;

    if (!is_older(stem, before, p) || rest_image_lock(&loading, load, 0) != APR_SUCCESS) {
        return;
    }
    if (is_older(stem, before, p) && rest_image_lock(&listening, listen, 0) == APR_SUCCESS) {
        rest_image_supersede(image);
        unlink(image);
        unlink(apr_pstrcat(p, image, ".new", NULL));
        unlink(listen);
        unlink(load);
        rest_image_unlock(listening);
    }
    rest_image_unlock(loading);
}

void rest_image_sweep(const char *folder, const char *own, apr_time_t before, apr_pool_t *p)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    const char *stem;

    while (dir && (entry = readdir(dir))) {
        stem = stem_of(entry->d_name, own, p);
        if (stem) {
            sweep(apr_pstrcat(p, folder, "/", stem, NULL), before, p);
        }
    }
    if (dir) {
        closedir(dir);
    }
}
