/*
 * PostgreSQL: one prepared statement a registration, which inserts the request and its event, over
 * so many connections at once on the local socket. It has less to do than intake: no answer is kept
 * for retries, nothing is sealed, hashed or checked, and no citizen's history is indexed.
 */
#include "base/bytes.h"
#include "base/check.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_rows.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define PARAMETERS 5
#define EVENTS_MAX 64

/* Declared types of the parameters (pg_type.dat): bigint 20, bytea 17. */
#define OID_BIGINT 20
#define OID_BYTEA 17

static const char create_sql[] =
    "SET client_min_messages = warning; DROP TABLE IF EXISTS request, event;"
    "CREATE TABLE request (number bigint PRIMARY KEY, citizen bigint NOT NULL, answer bytea NOT "
    "NULL);"
    "CREATE TABLE event (seq bigint PRIMARY KEY, record bytea NOT NULL);"
    "CHECKPOINT";

static const char insert_sql[] =
    "WITH r AS (INSERT INTO request VALUES ($1, $2, $3)) INSERT INTO event VALUES ($4, $5)";

struct lane {
    PGconn *connection;
    uint8_t number[8]; /* in network byte order, as binary parameters are */
    uint8_t citizen[8];
    uint64_t place;
    int64_t begun_us;
};

struct run {
    const struct bench_rows *rows;
    int64_t *latencies_us;
    size_t begun;
    size_t ended;
};

static void fail(PGconn *connection, const char *what)
{
    bench_fail("%s: %s", what, PQerrorMessage(connection));
}

static void execute(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fail(connection, "PostgreSQL");
    }
    PQclear(result);
}

static PGconn *connect_to(const char *where)
{
    PGconn *connection = PQconnectdb(where);
    if (PQstatus(connection) != CONNECTION_OK) {
        fail(connection, "connecting to PostgreSQL");
    }
    return connection;
}

static void create_tables(const char *where)
{
    PGconn *connection = connect_to(where);
    execute(connection, create_sql);
    PQfinish(connection);
}

static void lane_open(struct lane *lane, const char *where, int epoll)
{
    static const Oid types[PARAMETERS] = {OID_BIGINT, OID_BIGINT, OID_BYTEA, OID_BIGINT, OID_BYTEA};
    lane->connection = connect_to(where);
    execute(lane->connection, "SET synchronous_commit = on");
    PGresult *result = PQprepare(lane->connection, "register", insert_sql, PARAMETERS, types);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fail(lane->connection, "preparing");
    }
    PQclear(result);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = lane};
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, PQsocket(lane->connection), &event) == 0);
}

/* The next registration, if there is one. */
static void lane_next(struct run *run, struct lane *lane)
{
    if (run->begun == run->rows->count) {
        return;
    }
    lane->place = run->begun++;
    const struct bench_registration *of = &run->rows->registrations[lane->place];
    const struct bench_row *log = &of->rows[BENCH_LOG];
    const struct bench_row *answer = &of->rows[BENCH_IDEM];
    be64_put(lane->number, lane->place + 1);
    be64_put(lane->citizen, of->citizen);
    const char *const values[PARAMETERS] = {(const char *)lane->number, (const char *)lane->citizen,
                                            answer->value, (const char *)lane->number, log->value};
    const int sizes[PARAMETERS] = {8, 8, (int)answer->value_size, 8, (int)log->value_size};
    static const int formats[PARAMETERS] = {1, 1, 1, 1, 1};
    lane->begun_us = bench_now_us();
    if (PQsendQueryPrepared(lane->connection, "register", PARAMETERS, values, sizes, formats, 1) !=
            1 ||
        PQflush(lane->connection) != 0) {
        fail(lane->connection, "sending");
    }
}

/* Something has arrived: the whole of the answer, or a part of it. */
static void lane_read(struct run *run, struct lane *lane)
{
    if (PQconsumeInput(lane->connection) != 1) {
        fail(lane->connection, "receiving");
    }
    if (PQisBusy(lane->connection)) {
        return;
    }
    PGresult *result = PQgetResult(lane->connection);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fail(lane->connection, "inserting");
    }
    PQclear(result);
    CHECK(PQgetResult(lane->connection) == NULL);
    run->latencies_us[lane->place] = bench_now_us() - lane->begun_us;
    run->ended++;
    lane_next(run, lane);
}

static int64_t run_lanes(struct run *run, struct lane *lanes, size_t in_flight, int epoll)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t begun_us = bench_now_us();
    for (size_t i = 0; i < in_flight; i++) {
        lane_next(run, &lanes[i]);
    }
    while (run->ended < run->rows->count) {
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            lane_read(run, events[i].data.ptr);
        }
    }
    return bench_now_us() - begun_us;
}

int main(int argc, char **argv)
{
    const char *like = NULL, *where = NULL;
    uint64_t in_flight = 64;
    const struct bench_option options[] = {
        {.name = "--like",
         .help = "folder of the intake store whose rows are written",
         .ret_text = &like},
        {.name = "--connect", .help = "libpq's words for where the server is", .ret_text = &where},
        {.name = "--in-flight",
         .help = "connections, each with one statement; default 64",
         .ret_number = &in_flight},
        {0},
    };
    bench_options_read(argc, argv,
                       "Inserts an intake store's requests and events into PostgreSQL and prints "
                       "the rate as JSON.",
                       options);
    if (like == NULL || where == NULL || in_flight > BENCH_IN_FLIGHT_MAX) {
        bench_fail("--like and --connect are needed, and --in-flight is at most %d",
                   BENCH_IN_FLIGHT_MAX);
    }
    struct bench_rows rows;
    bench_rows_read(&rows, like);
    create_tables(where);
    struct run run = {.rows = &rows, .latencies_us = calloc(rows.count + 1, sizeof(int64_t))};
    struct lane *lanes = calloc(in_flight, sizeof(*lanes));
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    CHECK(run.latencies_us != NULL && lanes != NULL && epoll >= 0);
    for (size_t i = 0; i < in_flight; i++) {
        lane_open(&lanes[i], where, epoll);
    }
    int64_t took_us = run_lanes(&run, lanes, in_flight, epoll);
    bench_print(rows.count, took_us, run.latencies_us, rows.count);
    for (size_t i = 0; i < in_flight; i++) {
        PQfinish(lanes[i].connection);
    }
    free(lanes);
    free(run.latencies_us);
    bench_rows_free(&rows);
    return EXIT_SUCCESS;
}
