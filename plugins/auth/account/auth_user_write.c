/* SPDX-License-Identifier: Apache-2.0 */
/** Users, added, changed and removed (auth_user.h). Thread of the request, or of a command. */
#include "auth_once.h"
#include "auth_user.h"

#define INSERT                                                                            \
    "INSERT INTO app_users (id, email, name, password, role, user_data, app_data,"        \
    " verified_at, created_at, updated_at)"                                               \
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT DO NOTHING"

/** @return APR_SUCCESS; APR_NOTFOUND: no row */
static apr_status_t run(app_tx_t *tx, const char *text, const app_value_t *params, int nparams,
                        app_error_t *err, apr_pool_t *p)
{
    apr_int64_t affected;

    if (auth_execute(&affected, tx, text, params, nparams, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return affected > 0 ? APR_SUCCESS : APR_NOTFOUND;
}

apr_status_t auth_user_add(auth_user_t *user, app_tx_t *tx, app_error_t *err, apr_pool_t *p)
{
    apr_status_t rv;

    user->id = user->id ? user->id : auth_uuid(p);
    user->user_data = user->user_data ? user->user_data : "{}";
    user->app_data = user->app_data ? user->app_data : "{}";
    user->created_at = user->created_at ? user->created_at : auth_now();
    user->updated_at = user->created_at;
    rv = run(tx, INSERT,
             (app_value_t[]){ auth_text(user->id), auth_text(user->email), auth_text(user->name),
                              auth_text(user->password), auth_text(user->role),
                              auth_text(user->user_data), auth_text(user->app_data),
                              user->verified_at ? auth_int(user->verified_at) : auth_text(NULL),
                              auth_int(user->created_at) },
             9, err, p);
    return rv == APR_NOTFOUND ? APR_EEXIST : rv;
}

apr_status_t auth_user_change(app_tx_t *tx, const char *id, auth_user_change_e what,
                              const char *value, app_error_t *err, apr_pool_t *p)
{
    static const char *const sql[] = {
        [AUTH_USER_PASSWORD] = "UPDATE app_users SET password = $2, updated_at = $3 WHERE id = $1",
        [AUTH_USER_ROLE] = "UPDATE app_users SET role = $2, updated_at = $3 WHERE id = $1",
        [AUTH_USER_DATA] = "UPDATE app_users SET user_data = $2, updated_at = $3 WHERE id = $1",
        [AUTH_USER_DISABLED] = ("UPDATE app_users SET disabled_at = CAST($2 AS BIGINT),"
                                " updated_at = $3 WHERE id = $1")
    };

    apr_status_t rv = run(tx, sql[what], (app_value_t[]){ auth_text(id), auth_text(value),
                                                          auth_int(auth_now()) }, 3, err, p);

    return rv == APR_SUCCESS && what == AUTH_USER_PASSWORD ? auth_once_void(tx, id, err, p) : rv;
}

apr_status_t auth_user_remove(app_tx_t *tx, const char *id, app_error_t *err, apr_pool_t *p)
{
    return run(tx, "DELETE FROM app_users WHERE id = $1", (app_value_t[]){ auth_text(id) }, 1, err,
               p);
}
