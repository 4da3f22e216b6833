/* authjwt_throttle: how many logins may fail. A table of fixed size in shared memory, so that a flood costs nothing but
 * itself. */
#include <httpd.h>
#include <http_log.h>
#include <apr_shm.h>
#include <apr_strings.h>

#include "aj_digest.h"
#include "authjwt_config.h"
#include "authjwt_mutex.h"
#include "authjwt_request.h"
#include "authjwt_throttle.h"

APLOG_USE_MODULE(authjwt);

#define MUTEX_TYPE "authjwt-throttle"

/* 64 K counters of 32 bytes. A key may be in any slot of its bucket; in a full bucket the one that counts least makes
 * room. */
#define BUCKETS 8192
#define WAYS    8

/* An address may fail for this many users' worth of failures. */
#define ADDRESS_FACTOR 10

/* One counter: a window that begins with the first failure, and what is left of the window before it. */
typedef struct {
    apr_uint64_t key; /* 0: free */
    apr_time_t start;
    apr_interval_time_t window; /* its length; the neighbours in a bucket may have others */
    apr_uint32_t now;           /* in this window */
    apr_uint32_t before;        /* in the window before; counts less and less */
} counter_t;

typedef struct {
    unsigned char secret[AJ_SHA256_BYTES]; /* so that nobody can aim at a bucket */
    counter_t counters[BUCKETS][WAYS];
} table_t;

/* The two counters of an attempt, as they are now. */
typedef struct {
    counter_t *pair; /* user and address */
    counter_t *address;
    apr_time_t now;
} attempt_t;

static authjwt_mutex_t *mutex;
static table_t *table;

int authjwt_throttle_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    mutex = NULL;
    table = NULL;
    return authjwt_mutex_register(MUTEX_TYPE, pconf);
}

static int is_needed(server_rec *s)
{
    apr_interval_time_t window;

    for (; s; s = s->next) {
        const authjwt_server_conf_t *conf = authjwt_config_server(s);

        if (conf->key_specs && authjwt_config_throttle(conf, &window)) {
            return 1;
        }
    }
    return 0;
}

int authjwt_throttle_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    apr_shm_t *shm;
    apr_status_t rv;

    (void)plog;
    (void)ptemp;
    if (!authjwt_config_announces() || !is_needed(s)) {
        return OK;
    }
    rv = authjwt_mutex_create(&mutex, MUTEX_TYPE, s, pconf);
    if (rv == APR_SUCCESS) {
        rv = apr_shm_create(&shm, sizeof(table_t), NULL, pconf);
    }
    if (rv == APR_SUCCESS) {
        table = apr_shm_baseaddr_get(shm);
        memset(table, 0, sizeof(*table));
        rv = aj_random(table->secret, sizeof(table->secret));
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, rv, s,
                     "AJ1901: AuthJWTLoginThrottle: no shared memory or mutex");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

void authjwt_throttle_child_init(apr_pool_t *pchild, server_rec *s)
{
    if (mutex) {
        authjwt_mutex_child_init(mutex, s, pchild);
    }
}

/* What stands for the client: its address, or the network that one IPv6 customer has. */
static const char *client_of(request_rec *r)
{
    const apr_sockaddr_t *address = r->useragent_addr;

#if APR_HAVE_IPV6
    if (address && address->family == APR_INET6 && !IN6_IS_ADDR_V4MAPPED((struct in6_addr *)address->ipaddr_ptr)) {
        const unsigned char *p = address->ipaddr_ptr;

        return apr_psprintf(r->pool, "%02x%02x:%02x%02x:%02x%02x:%02x%02x/64", p[0], p[1], p[2], p[3], p[4], p[5], p[6],
                            p[7]);
    }
#endif
    return r->useragent_ip;
}

/* 64 bits of a MAC; never 0. Two keys of one MAC would share a count, which harms nobody. Servers count together if the
 * revocation store knows their users by the same names; else an account of the same name elsewhere could clear a count
 * by signing in. */
static apr_uint64_t key_of(request_rec *r, apr_interval_time_t window, const char *user)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(r->server);
    const char *text = apr_psprintf(r->pool, "%s\n%" APR_TIME_T_FMT "\n%s\n%s\n%s\n%s", user ? "pair" : "address",
                                    window, conf->store_spec ? conf->store_spec : "", conf->issuer ? conf->issuer : "",
                                    client_of(r), user ? user : "");
    unsigned char mac[AJ_SHA256_BYTES];
    apr_uint64_t key = 0;

    if (aj_hmac_sha256(table->secret, sizeof(table->secret), text, strlen(text), mac) == APR_SUCCESS) {
        memcpy(&key, mac, sizeof(key));
    }
    return key ? key : 1;
}

/* Bring a counter's window up to now. */
static void turn(counter_t *counter, apr_time_t now)
{
    apr_time_t age = now - counter->start;

    if (age < 0 || age >= 2 * counter->window) {
        counter->before = counter->now = 0;
        counter->start = now;
    }
    else if (age >= counter->window) {
        counter->before = counter->now;
        counter->now = 0;
        counter->start += counter->window;
    }
}

/* Failures that count now: those of this window, and those before it less and less. */
static double level(const counter_t *counter, apr_time_t now)
{
    if (!counter->before) {
        return counter->now;
    }
    return counter->now + counter->before * (1.0 - (double)(now - counter->start) / (double)counter->window);
}

static counter_t *find(apr_uint64_t key, apr_time_t now, apr_interval_time_t window)
{
    counter_t *bucket = table->counters[key % BUCKETS];
    counter_t *least = NULL;
    int i;

    for (i = 0; i < WAYS; i++) {
        turn(&bucket[i], now);
        if (bucket[i].key == key) {
            return &bucket[i];
        }
        if (!least || level(&bucket[i], now) < level(least, now)) {
            least = &bucket[i];
        }
    }
    memset(least, 0, sizeof(*least));
    least->key = key;
    least->start = now;
    least->window = window;
    return least;
}

/* Seconds until fewer than `allowed` failures count, at least 1. */
static long seconds_until(const counter_t *counter, double allowed, apr_time_t now)
{
    double window = (double)counter->window;
    double rest = (double)(counter->start + counter->window - now);
    double left = counter->now < allowed ? window * (level(counter, now) - allowed) / counter->before
                                         : rest + window * (1.0 - allowed / counter->now);

    return (long)(left / APR_USEC_PER_SEC) + 1;
}

static authjwt_verdict_e refuse(request_rec *r, long seconds)
{
    authjwt_request_state(r)->retry_after = seconds;
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1903: login refused: too many have failed; next in %ld s", seconds);
    return AUTHJWT_TOO_MANY_ATTEMPTS;
}

/* Lock and find the counters. @return 0 when logins are not throttled, or cannot be counted (logged) */
static int enter(request_rec *r, const char *user, int *allowed, attempt_t *attempt)
{
    apr_interval_time_t window;
    apr_uint64_t pair, address;
    apr_time_t now;
    apr_status_t rv;

    *allowed = authjwt_config_throttle(authjwt_config_server(r->server), &window);
    if (!*allowed || !table) {
        return 0;
    }
    pair = key_of(r, window, user);
    address = key_of(r, window, NULL);
    rv = authjwt_mutex_lock(mutex);
    if (rv != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, r, "AJ1904: login not counted: mutex %s", MUTEX_TYPE);
        return 0;
    }
    now = apr_time_now();
    attempt->pair = find(pair, now, window);
    attempt->address = find(address, now, window);
    attempt->now = now;
    return 1;
}

authjwt_verdict_e authjwt_throttle_begin(request_rec *r, const char *user)
{
    attempt_t attempt;
    long seconds = 0;
    int allowed;

    if (!enter(r, user, &allowed, &attempt)) {
        return AUTHJWT_OK;
    }
    if (level(attempt.pair, attempt.now) >= allowed) {
        seconds = seconds_until(attempt.pair, allowed, attempt.now);
    }
    else if (level(attempt.address, attempt.now) >= (double)allowed * ADDRESS_FACTOR) {
        seconds = seconds_until(attempt.address, (double)allowed * ADDRESS_FACTOR, attempt.now);
    }
    else {
        attempt.pair->now++;
        attempt.address->now++;
    }
    authjwt_mutex_unlock(mutex);
    return seconds ? refuse(r, seconds) : AUTHJWT_OK;
}

void authjwt_throttle_success(request_rec *r, const char *user)
{
    attempt_t attempt;
    int allowed;

    if (enter(r, user, &allowed, &attempt)) {
        attempt.pair->now = attempt.pair->before = 0;
        attempt.address->now -= attempt.address->now > 0;
        authjwt_mutex_unlock(mutex);
    }
}

void authjwt_throttle_undecided(request_rec *r, const char *user)
{
    attempt_t attempt;
    int allowed;

    if (enter(r, user, &allowed, &attempt)) {
        attempt.pair->now -= attempt.pair->now > 0;
        attempt.address->now -= attempt.address->now > 0;
        authjwt_mutex_unlock(mutex);
    }
}
