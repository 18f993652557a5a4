//! The systems that rules and jobs speak of: on which side of a job they stand, which SQL they understand, and how a trace or a
//! logger gives them away.

use super::dialect::Dialect;

/// Where a system stands in a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Changes are read from it.
    Source,
    /// They are written to it.
    Sink,
    /// It is no system of its own: Flink, Debezium, the network. Its rules speak of the job's source unless the log says otherwise.
    Shared,
}

/// One system.
#[derive(Debug)]
pub struct System {
    /// Folder of its rules, and the word after `for:` and `on:`.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Its place in a job.
    pub side: Side,
    /// The dialect of its SQL; `None` if it has none that could be guessed.
    pub dialect: Option<Dialect>,
    /// The client that its SQL is pasted into.
    pub client: &'static str,
}

const fn system(
    id: &'static str,
    name: &'static str,
    side: Side,
    dialect: Option<Dialect>,
    client: &'static str,
) -> System {
    System { id, name, side, dialect, client }
}

/// All systems, by id.
pub const SYSTEMS: &[System] = &[
    system("db2", "Db2", Side::Source, Some(Dialect::Db2), "db2 -t"),
    system("debezium", "Debezium", Side::Shared, Some(Dialect::Postgres), "psql"),
    system("doris", "Doris", Side::Sink, Some(Dialect::Mysql), "mysql, FE port 9030"),
    system("elasticsearch", "Elasticsearch", Side::Sink, None, ""),
    system("flink", "Flink", Side::Shared, Some(Dialect::Flink), "Flink SQL client"),
    system("iceberg", "Iceberg", Side::Sink, Some(Dialect::Flink), "Flink SQL client"),
    system("jdbc", "JDBC", Side::Sink, None, ""),
    system("kafka", "Kafka", Side::Sink, None, ""),
    system("mongodb", "MongoDB", Side::Source, None, "mongosh"),
    system("mysql", "MySQL", Side::Source, Some(Dialect::Mysql), "mysql"),
    system("network", "network", Side::Shared, Some(Dialect::Postgres), "psql"),
    system(
        "oceanbase",
        "OceanBase",
        Side::Source,
        Some(Dialect::Mysql),
        "mysql, OBServer port 2881 or OBProxy port 2883",
    ),
    system("oracle", "Oracle", Side::Source, Some(Dialect::Oracle), "sqlplus"),
    system("paimon", "Paimon", Side::Sink, Some(Dialect::Flink), "Flink SQL client"),
    system("postgres", "PostgreSQL", Side::Source, Some(Dialect::Postgres), "psql"),
    system("sqlserver", "SQL Server", Side::Source, Some(Dialect::SqlServer), "sqlcmd"),
    system("starrocks", "StarRocks", Side::Sink, Some(Dialect::Mysql), "mysql, FE port 9030"),
    system("tidb", "TiDB", Side::Source, Some(Dialect::Mysql), "mysql, TiDB port 4000"),
    system("vitess", "Vitess", Side::Source, Some(Dialect::Mysql), "mysql, VTGate"),
];

/// The system with this id.
#[must_use]
pub fn get(id: &str) -> Option<&'static System> {
    SYSTEMS.iter().find(|s| s.id == id)
}

/// Name for people; an id that is not known stands for itself.
#[must_use]
pub fn name(id: &str) -> &str {
    get(id).map_or(id, |s| s.name)
}

/// Its place in a job. The rules of a team's own folder are shared ones.
#[must_use]
pub fn side(id: &str) -> Side {
    get(id).map_or(Side::Shared, |s| s.side)
}

/// The dialect of a check's or a fix's `on:`; `None` if it has no SQL.
#[must_use]
pub fn dialect(on: &str) -> Option<Dialect> {
    get(on).and_then(|s| s.dialect)
}

/// The `on:` of SQL that does not say it, for a rule of this system; `None` if it must say it.
#[must_use]
pub fn default_on(id: &str) -> Option<&'static str> {
    match get(id) {
        Some(system) if system.side != Side::Shared => system.dialect.map(|_| system.id),
        _ => Some("postgres"),
    }
}

/// Systems whose CDC connector a text names, by the packages of Debezium and of Flink CDC: `io.debezium.connector.mysql.…`,
/// `org.apache.flink.cdc.connectors.mysql.source.…`. Connectors that write are not meant.
#[must_use]
pub fn connectors(text: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    for package in ["debezium.connector.", "cdc.connectors."] {
        for (at, _) in text.match_indices(package) {
            let mut segments = text.get(at + package.len()..).unwrap_or("").split(['.', '/', '$']);
            let system = segments.next().and_then(of_package);
            let writes = segments.next() == Some("sink");
            if let Some(system) = system.filter(|s| !writes && !found.contains(s)) {
                found.push(system);
            }
        }
    }
    found
}

fn of_package(segment: &str) -> Option<&'static str> {
    Some(match segment {
        "postgres" | "postgresql" => "postgres",
        "mysql" | "mariadb" => "mysql",
        "oracle" => "oracle",
        "sqlserver" => "sqlserver",
        "mongodb" => "mongodb",
        "db2" => "db2",
        "tidb" => "tidb",
        "oceanbase" => "oceanbase",
        "vitess" => "vitess",
        // connectors that no rule is about: that it is another system is worth knowing
        "informix" => "informix",
        "spanner" => "spanner",
        "cassandra" => "cassandra",
        _ => return None,
    })
}

/// Systems that a text names by the packages of a driver or client, or by a JDBC URL.
#[must_use]
pub fn drivers(text: &str) -> Vec<&'static str> {
    const MARKS: &[(&str, &str)] = &[
        ("org.postgresql.", "postgres"),
        ("jdbc:postgresql:", "postgres"),
        ("com.mysql.cj.", "mysql"),
        ("com.mysql.jdbc.", "mysql"),
        ("com.github.shyiko.mysql.", "mysql"),
        ("org.mariadb.jdbc.", "mysql"),
        ("jdbc:mysql:", "mysql"),
        ("jdbc:mariadb:", "mysql"),
        ("oracle.jdbc.", "oracle"),
        ("oracle.net.", "oracle"),
        ("jdbc:oracle:", "oracle"),
        ("com.microsoft.sqlserver.", "sqlserver"),
        ("jdbc:sqlserver:", "sqlserver"),
        ("com.ibm.db2.", "db2"),
        ("jdbc:db2:", "db2"),
        ("com.mongodb.", "mongodb"),
        ("org.tikv.", "tidb"),
        ("com.oceanbase.", "oceanbase"),
        ("jdbc:oceanbase:", "oceanbase"),
        ("io.vitess.", "vitess"),
        ("com.starrocks.", "starrocks"),
        ("org.apache.doris.", "doris"),
        ("org.apache.kafka.clients.", "kafka"),
        ("org.apache.paimon.", "paimon"),
        ("org.apache.iceberg.", "iceberg"),
        ("org.elasticsearch.", "elasticsearch"),
        ("co.elastic.clients.", "elasticsearch"),
    ];
    let mut found = Vec::new();
    for (mark, system) in MARKS {
        if !found.contains(system) && text.contains(mark) {
            found.push(system);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connectors_are_known_by_their_packages() {
        let mysql = "\tat com.ververica.cdc.connectors.mysql.source.MySqlSource.x(MySqlSource.java:1)";
        assert_eq!(connectors(mysql), ["mysql"]);
        assert_eq!(connectors("io.debezium.connector.postgresql.PostgresConnectorTask"), ["postgres"]);
        assert!(connectors("io.debezium.connector.common.BaseSourceTask").is_empty());
        assert!(connectors("org.apache.flink.cdc.connectors.oceanbase.sink.Writer").is_empty());
        assert!(connectors("com.ververica.cdc.connectors.shaded.org.x").is_empty());
    }

    #[test]
    fn drivers_are_known_by_packages_and_urls() {
        assert_eq!(drivers("No suitable driver for jdbc:mysql://fe:9030/x"), ["mysql"]);
        assert!(drivers("org.apache.kafka.connect.errors.ConnectException").is_empty());
    }

    #[test]
    fn systems_are_in_order() {
        assert!(SYSTEMS.windows(2).all(|w| w[0].id < w[1].id));
    }
}
