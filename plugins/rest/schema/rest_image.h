/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A snapshot as one piece of memory that all processes of a site share: a file that is written once
 * (rest_image_pack.c), put in place by a rename, and mapped (rest_image.c). What is in it lies in
 * sections, one for each kind of thing; rest_image_shapes.c says what points where:
 *
 *     +--------+--------+----------+     +---------+-----------+-----+------------+-------+
 *     | header | schema | spaces … | ... | columns | relations*| ... | lists of   | texts |
 *     |        |        |          |     |         | columns*  |     | texts      |       |
 *     +--------+--------+----------+     +---------+-----------+-----+------------+-------+
 *     0        body: objects by shape    lists of pointers to objects, by shape
 *
 * Pointers are those of a process that maps the body at header.base; another one moves them. All
 * are checked against the sections before they are used, so that whatever stands in the file, no
 * pointer leads out of it or to a thing of another kind.
 */
#ifndef REST_IMAGE_H
#define REST_IMAGE_H

#include <stddef.h>

#include "rest_schema.h"

/* What an image holds. Objects of an earlier shape are looked at first. */
typedef enum rest_shape_e {
    REST_SHAPE_SCHEMA, REST_SHAPE_SPACE, REST_SHAPE_RELATION, REST_SHAPE_ROUTINE,
    REST_SHAPE_COLUMN, REST_SHAPE_GRANT, REST_SHAPE_HANDLER, REST_SHAPE_FULLTEXT,
    REST_SHAPE_PARAM, REST_SHAPE_ROLE_SETTING, REST_SHAPE_LINK, REST_SHAPE_PAIR,
    REST_SHAPES_ /* number of shapes */
} rest_shape_e;

/* Sections: objects of a shape, lists of pointers to them, lists of texts, texts. */
#define REST_SECTION_LISTS REST_SHAPES_
#define REST_SECTION_TEXTS (2 * REST_SHAPES_)
#define REST_SECTION_CHARS (2 * REST_SHAPES_ + 1)
#define REST_SECTIONS_     (2 * REST_SHAPES_ + 2)

typedef enum rest_member_e {
    REST_MEMBER_TEXT,  /* ends with NUL */
    REST_MEMBER_ONE,   /* one object */
    REST_MEMBER_NEXT,  /* one of the same shape, which stands behind this one in the image */
    REST_MEMBER_ARRAY, /* as many objects as another member counts */
    REST_MEMBER_LIST,  /* as many pointers to objects */
    REST_MEMBER_TEXTS, /* as many texts */
    REST_MEMBER_NONE   /* not kept */
} rest_member_e;

/** A member that is a pointer. */
typedef struct rest_member_t {
    apr_size_t    offset;
    rest_member_e what;
    int           section; /* where it points to */
    int           needed;  /* is never NULL */
    int           times;   /* how many stand for each that is counted */
    apr_size_t    count;   /* offset of the int that counts; 0: one */
} rest_member_t;

typedef struct rest_shape_t {
    apr_size_t           size;
    const rest_member_t *members;
    int                  nmembers;
} rest_shape_t;

extern const rest_shape_t rest_shapes[REST_SHAPES_];

/** Bytes of one thing in a section. */
apr_size_t rest_section_unit(int section);

#define REST_IMAGE_ALIGNMENT 32
#define REST_IMAGE_MAX       (APR_UINT64_C(1) << 30) /* bytes of a body */

typedef struct rest_section_t {
    apr_uint64_t offset; /* in the body */
    apr_uint64_t count;
} rest_section_t;

/** A digest of all that a snapshot depends on. */
typedef struct rest_image_key_t {
    unsigned char digest[20];
} rest_image_key_t;

struct rest_image_header_t {
    char             magic[16];
    apr_uint64_t     layout; /* differs where another build would not read it rightly */
    apr_uint64_t     body;   /* where it begins, at a page */
    apr_uint64_t     length; /* of the body */
    apr_uint64_t     base;
    rest_image_key_t key;
    rest_section_t   sections[REST_SECTIONS_];
    apr_uint64_t     checksum;   /* of what is above, and of the body */
    apr_uint64_t     superseded; /* set when a newer one is there, or on its way */
};

/** An image that has been made. */
typedef struct rest_packed_t {
    rest_image_header_t header;
    char               *body;
} rest_packed_t;

/**
 * rest_image_pack.c. Makes an image of a snapshot.
 * @return APR_SUCCESS; APR_ENOSPC: it would be too large
 */
apr_status_t rest_image_pack(rest_packed_t *packed, const rest_schema_t *schema,
                             const rest_image_key_t *key, apr_pool_t *p);

/* rest_image.c */

/** Completes the header of an image whose body is made. */
void rest_image_seal(rest_packed_t *packed);

/**
 * Whether this is an image that we can read, whole, and of that key.
 * @param size of header and body together
 */
int rest_image_check(const rest_image_header_t *header, const char *body, apr_uint64_t size,
                     const rest_image_key_t *key);

/**
 * The snapshot in a body that rest_image_check() has passed. Its pointers are checked and, if it
 * is not at its base, moved; then it must be writable.
 * @return APR_SUCCESS; APR_EMISMATCH: some lead elsewhere
 */
apr_status_t rest_image_open(rest_schema_t **pschema, const rest_image_header_t *header,
                             char *body);

/* rest_image_file.c: with status codes of APR or the system */

/**
 * The snapshot in a file, in a pool of its own below parent, read-only.
 * @return APR_SUCCESS; APR_EMISMATCH: that file holds none for us
 */
apr_status_t rest_image_map(rest_schema_t **pschema, const char *path, const rest_image_key_t *key,
                            apr_pool_t *parent);

/** Whether the file that the snapshot lies in has been, or is being, replaced. */
int rest_image_superseded(const rest_schema_t *schema);

/** Tells those who have the image in a file mapped that it is not to be used any more. */
void rest_image_supersede(const char *path);

/** Puts an image in the place of the one that is there. One process at a time: under a lock. */
apr_status_t rest_image_write(const char *path, const rest_packed_t *packed, apr_pool_t *p);

/**
 * Locks a file, which is made if need be, against other processes and threads. A process that
 * dies gives it back.
 * @return APR_SUCCESS; APR_TIMEUP
 */
apr_status_t rest_image_lock(int *pfd, const char *path, apr_interval_time_t wait);
void         rest_image_unlock(int fd);
int          rest_image_is_locked(const char *path);

/**
 * rest_image_sweep.c. Takes files "rest-KEY.*" out of a folder whose image nobody has mapped since
 * before, and whose locks nobody holds.
 * @param own the key that is let alone, in hexadecimal; those of others are as long
 */
void rest_image_sweep(const char *folder, const char *own, apr_time_t before, apr_pool_t *p);

#endif
