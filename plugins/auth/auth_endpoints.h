/* SPDX-License-Identifier: Apache-2.0 */
/** The endpoints of the rooms account and session; auth.c has their routes. */
#ifndef AUTH_ENDPOINTS_H
#define AUTH_ENDPOINTS_H

#include "auth_int.h"

app_handler_fn auth_token_post;      /* auth_grant.c */
app_handler_fn auth_logout_post;     /* auth_logout.c */
app_handler_fn auth_sessions_get;    /* auth_sessions.c */
app_handler_fn auth_sessions_delete; /* for what is below /auth/sessions/ */
app_handler_fn auth_signup_post;     /* auth_signup.c */
app_handler_fn auth_user_get;        /* auth_account.c */
app_handler_fn auth_user_put;        /* and PATCH: both change what is named */
app_handler_fn auth_user_delete;

#endif
