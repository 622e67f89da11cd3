/* SPDX-License-Identifier: Apache-2.0 */
/** QR codes as SVG, by libqrencode. Any thread. */
#include <string.h>

#include <qrencode.h>

#include "app_plugin.h"
#include "auth_totp.h"

#define TEXT_MAX 1024
#define SVG_MAX  (256 * 1024)
#define QUIET    4 /* modules of white around it (ISO/IEC 18004) */

/** A row of modules: dark ones that touch are one stroke. */
static void add_row(app_buf_t *svg, const QRcode *qr, int y)
{
    const unsigned char *row = qr->data + (apr_size_t)y * (apr_size_t)qr->width;
    int x = 0, from;

    while (x < qr->width) {
        for (; x < qr->width && !(row[x] & 1); x++) {
        }
        for (from = x; x < qr->width && (row[x] & 1); x++) {
        }
        if (x > from) {
            app_buf_addf(svg, "M%d %dh%dv1h-%dz", from + QUIET, y + QUIET, x - from, x - from);
        }
    }
}

const char *auth_qr_svg(const char *text, apr_pool_t *p)
{
    QRcode *qr = strlen(text) <= TEXT_MAX ? QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M) : NULL;
    app_buf_t svg;
    int y, size;

    if (!qr) {
        return NULL;
    }
    size = qr->width + 2 * QUIET;
    app_buf_init(&svg, p, SVG_MAX);
    app_buf_addf(&svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\">"
                       "<rect width=\"%d\" height=\"%d\" fill=\"white\"/><path d=\"", size, size,
                 size, size);
    for (y = 0; y < qr->width; y++) {
        add_row(&svg, qr, y);
    }
    app_buf_adds(&svg, "\"/></svg>");
    QRcode_free(qr);
    return svg.data;
}
