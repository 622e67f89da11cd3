/* SPDX-License-Identifier: Apache-2.0 */
/**
 * appctl grant and revoke on PostgreSQL, which has roles and grants of its own. They belong to the
 * owners of the tables, not to the role that the site signs in as, so the SQL is printed for psql.
 */
#include <stdio.h>

#include "apr_lib.h"

#include "rest_command.h"

static const char *in_capitals(const char *word, apr_pool_t *p)
{
    char *text = apr_pstrdup(p, word), *c;

    for (c = text; *c; c++) {
        *c = (char)apr_toupper(*c);
    }
    return text;
}

/** "a, b" of "a,b", quoted. */
static const char *quoted_list(const char *names, apr_pool_t *p)
{
    const char *list = "";

    while (*names) {
        apr_size_t len = strcspn(names, ",");

        list = apr_pstrcat(p, list, *list ? ", " : "",
                           rest_quoted(apr_pstrmemdup(p, names, len), p), NULL);
        names += len + (names[len] == ',');
    }
    return list;
}

static const char *policy_name(const rest_wish_t *wish, rest_right_e right, apr_pool_t *p)
{
    return rest_quoted(apr_pstrcat(p, wish->role, "_", rest_right_word(right), NULL), p);
}

static void print_policy(const rest_wish_t *wish, rest_right_e right, apr_pool_t *p)
{
    const char *relation = wish->target.relation->ident, *name = policy_name(wish, right, p);
    const char *check = wish->check ? wish->check : wish->rows;

    printf("DROP POLICY IF EXISTS %s ON %s;\nCREATE POLICY %s ON %s FOR %s TO %s", name, relation,
           name, relation, in_capitals(rest_right_word(right), p), rest_quoted(wish->role, p));
    if (right != REST_RIGHT_INSERT) {
        printf(" USING (%s)", wish->rows ? wish->rows : "true");
    }
    if (right == REST_RIGHT_INSERT || right == REST_RIGHT_UPDATE) {
        printf(" WITH CHECK (%s)", check);
    }
    puts(";");
}

static void print_routine(const rest_wish_t *wish, const char *words, const char *to, apr_pool_t *p)
{
    printf("%s EXECUTE ON FUNCTION %s %s %s;\n", words, wish->target.routine->ident, to,
           rest_quoted(wish->role, p));
}

void rest_command_print_grant(const rest_wish_t *wish, apr_pool_t *p)
{
    int right;

    puts("-- To be run by the owner, for example: appctl grant ... | psql DATABASE");
    if (wish->target.routine) {
        print_routine(wish, "GRANT", "TO", p);
        return;
    }
    for (right = REST_RIGHT_SELECT; right <= REST_RIGHT_DELETE; right++) {
        if (rest_wish_has(wish, right)) {
            printf("GRANT %s%s%s%s ON %s TO %s;\n", in_capitals(rest_right_word(right), p),
                   wish->columns ? " (" : "", wish->columns ? quoted_list(wish->columns, p) : "",
                   wish->columns ? ")" : "", wish->target.relation->ident,
                   rest_quoted(wish->role, p));
        }
    }
    if (!wish->rows && !wish->check) {
        return;
    }
    puts("-- From here on, roles for which no policy stands see no row of it:");
    printf("ALTER TABLE %s ENABLE ROW LEVEL SECURITY;\n", wish->target.relation->ident);
    for (right = REST_RIGHT_SELECT; right <= REST_RIGHT_DELETE; right++) {
        if (rest_wish_has(wish, right)) {
            print_policy(wish, right, p);
        }
    }
}

void rest_command_print_revoke(const rest_wish_t *wish, apr_pool_t *p)
{
    int right;

    puts("-- To be run by the owner, for example: appctl revoke ... | psql DATABASE");
    if (wish->target.routine) {
        print_routine(wish, "REVOKE", "FROM", p);
        return;
    }
    for (right = REST_RIGHT_SELECT; right <= REST_RIGHT_DELETE; right++) {
        if (rest_wish_has(wish, right)) {
            printf("REVOKE %s ON %s FROM %s;\nDROP POLICY IF EXISTS %s ON %s;\n",
                   in_capitals(rest_right_word(right), p), wish->target.relation->ident,
                   rest_quoted(wish->role, p), policy_name(wish, right, p),
                   wish->target.relation->ident);
        }
    }
}
