/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What is asked of Redis (ratelimit_redis.h): one script, that moves a bucket as
 * ratelimit_table_take() does. Its clock is Redis's own, so that machines need not agree; its
 * times are microseconds, which a number of Lua's holds to a quarter.
 *
 * Whoever meets a failure says so to all; from then on the timer asks, by the very script that
 * requests run, so that a Redis which answers but does not write is not taken for a good one. Where
 * there is no timer, under plain CGI, a request does, now and then.
 */
#include "ratelimit_redis_int.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "apr_escape.h"
#include "apr_strings.h"

#define SHA1_BYTES   20
#define KEY_BYTES    16 /* of a SHA-256 that stand in a key of Redis */
#define ARGUMENT_MAX 32
#define QUIET        apr_time_from_sec(10) /* between two lines of the log */
#define NO_TIMER     apr_time_from_sec(3)  /* after which it is plain that no timer has asked */

/* The slack of a microsecond is for what rounding adds up to over a whole bucket. */
static const char script[] =
    "local t = redis.call('TIME')\n"
    "local now = t[1] * 1000000 + t[2]\n"
    "local cost, whole = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
    "local full = tonumber(redis.call('GET', KEYS[1]) or 0)\n"
    "full = math.min(math.max(full, now), now + whole)\n"
    "local next = full + cost\n"
    "if next > now + whole + 1 then\n"
    "  return {math.ceil(next - now - whole), math.ceil(full - now)}\n"
    "end\n"
    "redis.call('SET', KEYS[1], string.format('%.3f', next),\n"
    "           'PX', math.ceil((next - now) / 1000))\n"
    "return {0, math.ceil(next - now)}\n";

struct ratelimit_redis_t {
    const ratelimit_redis_conf_t *conf;
    ratelimit_redis_state_t      *state;
    ratelimit_lines_t             lines;
    char                          sha1[2 * SHA1_BYTES + 1]; /* of the script */
};

apr_status_t ratelimit_redis_create(ratelimit_redis_t **predis,
                                    const ratelimit_redis_conf_t *conf,
                                    ratelimit_redis_state_t *state, app_error_t *err,
                                    apr_pool_t *p)
{
    ratelimit_redis_t *redis = apr_pcalloc(p, sizeof(*redis));
    unsigned char sha1[EVP_MAX_MD_SIZE];

    redis->conf = conf;
    redis->state = state;
    if (ratelimit_lines_init(&redis->lines, conf, p) != APR_SUCCESS ||
        EVP_Digest(script, strlen(script), sha1, NULL, EVP_sha1(), NULL) != 1) {
        return app_fail(err, APP_E_INTERNAL, "connections to Redis cannot be prepared");
    }
    apr_escape_hex(redis->sha1, sha1, SHA1_BYTES, 0, NULL);
    *predis = redis;
    return APR_SUCCESS;
}

/* Away and back */

/** Whether somebody says now that it is away: not of each that comes and goes within seconds. */
static int may_tell(ratelimit_redis_state_t *state, apr_time_t now)
{
    apr_time_t last = __atomic_load_n(&state->logged_at, __ATOMIC_RELAXED);

    return !__atomic_load_n(&state->told, __ATOMIC_RELAXED) &&
           (now - last >= QUIET || now < last) &&
           __atomic_compare_exchange_n(&state->logged_at, &last, now, 0, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED);
}

static void went_away(ratelimit_redis_t *redis, const char *why)
{
    ratelimit_redis_state_t *state = redis->state;
    const apr_time_t now = apr_time_now();

    ratelimit_lines_drop(&redis->lines);
    __atomic_add_fetch(&state->failed, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&state->away, now, __ATOMIC_RELAXED);
    if (may_tell(state, now)) {
        __atomic_store_n(&state->told, 1, __ATOMIC_RELAXED);
        app_log(APP_LOG_WARNING, NULL, "APP2601",
                "Redis is away (%s): until it is back, limits count the requests of this machine "
                "alone",
                why);
    }
}

static void came_back(ratelimit_redis_state_t *state)
{
    __atomic_store_n(&state->away, 0, __ATOMIC_RELAXED);
    if (__atomic_exchange_n(&state->told, 0, __ATOMIC_RELAXED)) {
        app_log(APP_LOG_NOTICE, NULL, "APP2602", "Redis is back");
    }
}

/** Whether Redis is to be asked: it is there, or it is this caller's turn to look. */
static int may_ask(ratelimit_redis_state_t *state, apr_interval_time_t turn)
{
    apr_time_t away = __atomic_load_n(&state->away, __ATOMIC_RELAXED), now;

    if (!away) {
        return 1;
    }
    now = apr_time_now();
    return (now - away >= turn || now < away) &&
           __atomic_compare_exchange_n(&state->away, &away, now, 0, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED);
}

/* Asking */

/** What a call of the script takes besides the script. */
typedef struct call_t {
    const char *key, *cost, *whole;
} call_t;

static redisReply *evaluate(redisContext *line, const char *command, const char *what,
                            const call_t *call)
{
    const char *argv[] = { command, what, "1", call->key, call->cost, call->whole };

    return redisCommandArgv(line, (int)(sizeof(argv) / sizeof(argv[0])), argv, NULL);
}

/** By the script's hash; a Redis that does not know it yet is given the script. */
static redisReply *run(const ratelimit_redis_t *redis, redisContext *line, const call_t *call)
{
    redisReply *reply = evaluate(line, "EVALSHA", redis->sha1, call);

    if (reply && reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOSCRIPT", 8) == 0) {
        freeReplyObject(reply);
        reply = evaluate(line, "EVAL", script, call);
    }
    return reply;
}

/** Whether it is only this connection that has ended, as all do when Redis is restarted. */
static int has_ended(const redisContext *line)
{
    return line->err == REDIS_ERR_EOF ||
           (line->err == REDIS_ERR_IO && (errno == EPIPE || errno == ECONNRESET));
}

/**
 * Runs the script over a connection that was idle, or a new one.
 * @param pline the connection, which is still good
 */
static redisReply *ask(redisContext **pline, ratelimit_redis_t *redis, const call_t *call,
                       char *why)
{
    redisContext *line = ratelimit_line_idle(&redis->lines);
    redisReply *reply = NULL;

    if (line && (reply = run(redis, line, call)) == NULL) {
        const int again = has_ended(line);

        ratelimit_line_explain(why, line, redis->conf);
        redisFree(line);
        if (!again) {
            return NULL;
        }
        ratelimit_lines_drop(&redis->lines);
        line = NULL;
    }
    if (!line && (line = ratelimit_line_open(&redis->lines, why)) != NULL &&
        (reply = run(redis, line, call)) == NULL) {
        ratelimit_line_explain(why, line, redis->conf);
        redisFree(line);
        line = NULL;
    }
    *pline = line;
    return reply;
}

static int read_reply(ratelimit_verdict_t *verdict, const redisReply *reply, char *why)
{
    if (reply->type == REDIS_REPLY_ERROR) {
        apr_cpystrn(why, reply->str, RATELIMIT_WHY_MAX);
        return 0;
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[0]->type != REDIS_REPLY_INTEGER ||
        reply->element[1]->type != REDIS_REPLY_INTEGER) {
        apr_cpystrn(why, "it answers with something else than the script does", RATELIMIT_WHY_MAX);
        return 0;
    }
    *verdict = (ratelimit_verdict_t){ .passed = reply->element[0]->integer == 0,
                                      .wait = reply->element[0]->integer * 1000,
                                      .until_full = reply->element[1]->integer * 1000 };
    return 1;
}

/** Asks, and knows from the answer whether Redis is away. @return whether there was a good one */
static int call_script(ratelimit_verdict_t *verdict, ratelimit_redis_t *redis, const call_t *call)
{
    char why[RATELIMIT_WHY_MAX] = "";
    redisContext *line = NULL;
    redisReply *reply = ask(&line, redis, call, why);
    const int good = reply && read_reply(verdict, reply, why);

    __atomic_add_fetch(&redis->state->asked, 1, __ATOMIC_RELAXED);
    if (reply) {
        freeReplyObject(reply);
        ratelimit_line_keep(&redis->lines, line);
    }
    if (!good) {
        went_away(redis, why);
    }
    else if (__atomic_load_n(&redis->state->away, __ATOMIC_RELAXED)) {
        came_back(redis->state);
    }
    return good;
}

/** Hashed, since it may hold what should stand nowhere: a header can be a secret. */
static int write_key(char *text, apr_size_t size, const ratelimit_redis_t *redis,
                     const ratelimit_key_t *key)
{
    unsigned char label[sizeof(key->label)], hash[EVP_MAX_MD_SIZE];
    char hex[2 * KEY_BYTES + 1];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    apr_size_t i;
    int good;

    for (i = 0; i < sizeof(label); i++) { /* alike on all machines */
        label[i] = (unsigned char)(key->label >> (8 * i));
    }
    good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
           EVP_DigestUpdate(ctx, label, sizeof(label)) == 1 &&
           EVP_DigestUpdate(ctx, key->data, key->len) == 1 &&
           EVP_DigestFinal_ex(ctx, hash, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    if (good) {
        apr_escape_hex(hex, hash, KEY_BYTES, 0, NULL);
        apr_snprintf(text, size, "%s%s", redis->conf->prefix, hex);
    }
    return good;
}

/** Nanoseconds as the microseconds of the script. */
static void write_time(char text[ARGUMENT_MAX], apr_int64_t nanoseconds)
{
    snprintf(text, ARGUMENT_MAX, "%lld.%03d", (long long)(nanoseconds / 1000),
             (int)(nanoseconds % 1000));
}

apr_status_t ratelimit_redis_take(ratelimit_verdict_t *pverdict, ratelimit_redis_t *redis,
                                  const ratelimit_key_t *key, const ratelimit_rate_t *rate,
                                  apr_int64_t cost)
{
    char text[256], tokens[ARGUMENT_MAX], whole[ARGUMENT_MAX];
    const call_t call = { text, tokens, whole };

    if (!may_ask(redis->state, NO_TIMER) || !write_key(text, sizeof(text), redis, key)) {
        return APP_NEXT;
    }
    write_time(tokens, cost * rate->interval);
    write_time(whole, rate->whole);
    return call_script(pverdict, redis, &call) ? APR_SUCCESS : APP_NEXT;
}

void ratelimit_redis_tick(ratelimit_redis_t *redis)
{
    const char *key = redis->conf->prefix;
    const call_t probe = { *key ? key : "probe", "1000", "1000000" };
    ratelimit_verdict_t verdict;

    if (__atomic_load_n(&redis->state->away, __ATOMIC_RELAXED) && may_ask(redis->state, 0)) {
        call_script(&verdict, redis, &probe);
    }
}
