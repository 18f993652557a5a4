//! Failures of other programs: an application's pool that cannot log in says what a job that cannot log in says.
//!
//! A record that names another framework, or whose frames are all of an unknown program, and nothing of Flink, Debezium or a
//! connector, tells nothing about a job. Causes that only a reader of changes can have (slots, publications, the binlog) stay.

use super::packages;
use crate::record::{Layout, LogRecord};
use crate::trace::{self, ThrowableChain};

/// Categories whose messages only a reader of changes, or a job, can get.
const OF_JOBS: &[&str] = &[
    "binlog",
    "checkpoint",
    "cluster",
    "plugin",
    "publication",
    "replica_identity",
    "sink_load",
    "sink_schema",
    "slots",
    "wal_level",
];

/// Words of jobs and of programs that embed Debezium, in small letters; one of them anywhere in the record is enough.
const OWN: &[&str] = &[
    "flink",
    "debezium",
    "ververica",
    "cdc",
    "binlog",
    "replicat",
    "change stream",
    "logminer",
    "logmnr",
    "oplog",
    "gtid",
    "master status",
    "kafka.connect",
    "kafka/connect",
    "seatunnel",
    "chunjun",
    "inlong",
    "hazelcast",
    "pulsar",
    "connection-pool-",
    // classes of Flink and of Debezium that are printed without their package, and loggers as Spring shortens them
    "networkbufferpool",
    "network buffers",
    "taskmanager",
    "jobmanager",
    "checkpointcoordinator",
    "rocksdbkeyed",
    "connectortask",
    "embeddedengine",
    "changeconsumer",
    " i.d.",
    " o.a.f.",
    " o.a.k.c.r.",
    "io.confluent.connect",
    // other readers of changes
    "logical decoding",
    "pgoutput",
    "wal2json",
    "walsender",
    "airbyte",
    "dlt.pipeline",
    "dlt.extract",
    "dlt.sources",
    "pipelinestepfailed",
    "com.zendesk.maxwell",
    "com.alibaba.otter",
];

/// What other programs write. Plain names of classes, loggers as Spring shortens them, and what other languages print.
const OTHERS: &[&str] = &[
    "org.springframework.",
    "o.s.b.",
    "o.s.boot.",
    "o.s.jdbc.",
    "org.hibernate.",
    "o.h.e.",
    "o.h.engine.",
    "org.apache.ibatis.",
    "org.mybatis.",
    "### Error querying database",
    "### Error updating database",
    "com.baomidou.",
    "com.alibaba.druid.",
    "c.alibaba.druid.",
    "com.alibaba.dubbo.",
    "org.apache.dubbo.",
    "org.apache.catalina.",
    "org.apache.tomcat.",
    "org.apache.coyote.",
    "jakarta.servlet.",
    "javax.servlet.",
    "org.eclipse.jetty.",
    "io.undertow.",
    "io.micronaut.",
    "io.vertx.",
    "play.api.",
    "slick.jdbc.",
    "liquibase.",
    "org.flywaydb.",
    "org.jooq.",
    "com.mchange.v2.",
    "org.apache.commons.dbcp",
    "com.zaxxer.hikari.",
    "HikariPool-",
    "org.apache.shardingsphere.",
    "org.apache.hadoop.",
    "org.apache.hive.",
    "org.apache.spark.",
    "org.apache.zookeeper.",
    "kafka.server.",
    "kafka.controller.",
    "kafka.network.",
    "kafka.zk.",
    "Traceback (most recent call last)",
    "sqlalchemy",
    "django.db",
    "node_modules/",
    "ActiveRecord",
    "gorm.io",
    "sqlx::",
    "Sequelize",
    "PrismaClient",
    "TypeORM",
    "io.agroal.",
    "org.keycloak.",
    "org.jboss.jca.",
    "PDOException",
    "pg-protocol",
    "Microsoft.Data.SqlClient",
    "System.Data.SqlClient",
    "Microsoft.EntityFrameworkCore",
    "WordPress database error",
    "DataNucleus",
    "SparkUncaughtExceptionHandler",
    "org.camunda.",
    "org.hib.",
    "io.agr.",
    "o.a.nifi.",
    "org.apache.nifi.",
    "io.trino.",
    "middleware.catch-exceptions",
    "<BEA-",
    "hudson.",
    "o.s.k.",
    "org.apache.kafka.streams.",
    "org.apache.kafka.storage.",
    "org.apache.kafka.server.",
    "org.apache.kafka.coordinator.",
    "org.apache.kafka.controller.",
    "org.apache.kafka.raft.",
    "kafka.log.",
    "kafka.cluster.",
    "kafka.coordinator.",
    "internals.ErrorLoggingCallback",
    "[logstash.",
    "[o.e.",
    "org.elasticsearch.index.",
    // the header of Spring Boot: process id, thread
    " --- [",
    // a server's socket, and containers that cannot be made
    "MySQL server through socket",
    "failed to register layer",
    "ETL_RUN_FAIL",
    "] ERROR S: ",
    // the log of a MySQL server: what it refuses to whom
    "] [Server] ",
    // Spark as it prints itself without packages, Gradle and Flyway
    "TaskSetManager: ",
    "TaskSchedulerImpl: ",
    "ERROR Executor: ",
    "Execution failed for task ':",
    "FlywayException",
    // programs in Go
    "caller=",
];

/// Words with one of [`OWN`] in them that say nothing of replication.
const NEUTRAL: &[&str] = &["non-replication", "replicationconnection", "replicationdriver", "jdbc:mysql:replication"];

/// What clients write of a server's refusal. Whoever pastes such a line alone asks what the server means, be it about a job or not; in a
/// log or a trace it is another program's.
const CLIENTS: &[&str] = &[
    "psycopg",
    "asyncpg",
    "PG::",
    "pq: ",
    "SQLSTATE[",
    "pgconn.",
    "Npgsql.",
    "server error (FATAL",
    "server error (ERROR",
    "Postgrex.",
    "psql:",
    "connection to server at \"",
    "connection to server on socket",
    "SQL*Plus",
    "Sqlcmd:",
    "pymysql.",
    "MySQLdb",
    "mysql.connector.errors",
    "cx_Oracle.",
    "oracledb.",
    "pg_dump: ",
    "pg_restore: ",
    "pg_basebackup: ",
    "mysqldump: ",
    "mysql> ",
    "mysql -u",
    "mysql -h",
    "MariaDB [",
];
/// Lines of a paste that is such a line alone.
const ALONE: usize = 2;

/// Is this category one that only a job can have?
pub(super) fn of_jobs(category: &str) -> bool {
    OF_JOBS.contains(&category)
}

/// Does the record tell of another program's failure?
pub(super) fn is_foreign(record: &LogRecord<'_>, chain: &ThrowableChain<'_>) -> bool {
    let text = record.text.as_ref();
    let small = NEUTRAL.iter().fold(text.to_ascii_lowercase(), |small, word| {
        if memchr::memmem::find(small.as_bytes(), word.as_bytes()).is_some() { small.replace(word, "") } else { small }
    });
    if OWN.iter().any(|word| memchr::memmem::find(small.as_bytes(), word.as_bytes()).is_some()) {
        return false;
    }
    let says = |words: &[&str]| words.iter().any(|w| memchr::memmem::find(text.as_bytes(), w.as_bytes()).is_some());
    let alone = record.layout == Layout::None && record.at.line == 1 && text.trim().lines().count() <= ALONE;
    says(OTHERS) || !alone && says(CLIENTS) || is_pooler(text) || frames_of_others(text, chain)
}

/// What `PgBouncer` logs of its clients and servers. A driver's parameter that it refuses is a replication client's as well.
fn is_pooler(text: &str) -> bool {
    let says = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    (says(" C-0x") || says(" S-0x")) && !says("tartup parameter")
}

/// Is there a frame that belongs to nobody known?
fn frames_of_others(text: &str, chain: &ThrowableChain<'_>) -> bool {
    let frames = chain.links.iter().flat_map(|link| &link.frames);
    let mut known = frames.filter_map(|range| text.get(range.clone()).and_then(trace::parse::frame));
    known.any(|frame| !packages::is_of_everybody(frame.class))
}
