//! Makes a long Flink log for measuring: `cargo run --release --example loggen -- --size 1GiB > flink.log`
//!
//! A TaskManager that reads PostgreSQL, as it writes for weeks: offsets, checkpoints, slots, state changes, and a few harmless
//! warnings. The same options give the same bytes.
//!
//!     --size N[KiB|MiB|GiB]  end with the first record beyond it      (default 1MiB)
//!     --failures N           one failure with its trace in N records  (default 0: none)
//!     --seed N               another log of the same kind             (default 1)

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

const JOB: &str = "7c1f0e5a9b3d42868f5e0d6c4b2a1908";
const TABLES: [&str; 4] = ["public.orders", "public.customers", "app.payments", "app.shipments"];
const VERTEX: &str = "Source: orders[1] -> Calc[2] -> ConstraintEnforcer[3] -> Sink: orders_sink[3]";
/// First record: 2026-03-02, in days since 1970.
const FIRST_DAY: u64 = 20_514;

/// splitmix64: small, even enough, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    fn one_of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let at = self.below(list.len() as u64);
        list.get(usize::try_from(at).unwrap_or(0)).copied().unwrap_or("")
    }
}

struct Log<W> {
    out: W,
    written: u64,
    dice: Dice,
    /// Milliseconds since the first record.
    clock: u64,
    checkpoint: u64,
    lsn: u64,
}

impl<W: Write> Log<W> {
    fn raw(&mut self, text: &str) -> io::Result<()> {
        self.written += text.len() as u64;
        self.out.write_all(text.as_bytes())
    }

    /// One record in the layout of Flink's own log4j2 configuration.
    fn record(&mut self, level: &str, logger: &str, message: &str) -> io::Result<()> {
        let (date, t) = (date(FIRST_DAY + self.clock / 86_400_000), self.clock % 86_400_000);
        let (h, m, s, ms) = (t / 3_600_000, t / 60_000 % 60, t / 1000 % 60, t % 1000);
        self.raw(&format!("{date} {h:02}:{m:02}:{s:02},{ms:03} {level:<5} {logger:<60} [] - {message}\n"))
    }

    fn healthy(&mut self) -> io::Result<()> {
        match self.dice.below(1000) {
            0..=219 => {
                self.lsn += self.dice.below(1 << 20);
                let (n, s, ms, lsn) = (1 + self.dice.below(9000), self.dice.below(60), self.dice.below(1000), self.lsn);
                let text = format!(
                    "{n} records sent during previous 00:00:{s:02}.{ms:03}, last recorded offset of \
                     {{server=postgres_cdc_source}} partition is {{lsn_proc={lsn}, messageType=INSERT, lsn_commit={lsn}, \
                     lsn={lsn}, txId={}, ts_usec={}}}",
                    lsn / 977,
                    1_770_000_000_000_000 + self.clock * 1000
                );
                self.record("INFO", "io.debezium.connector.common.BaseSourceTask", &text)
            }
            220..=339 => {
                self.checkpoint += 1;
                let text = format!(
                    "Triggering checkpoint {} (type=CheckpointType{{name='Checkpoint', \
                     sharingFilesStrategy=FORWARD_BACKWARD}}) @ {} for job {JOB}.",
                    self.checkpoint,
                    1_770_000_000_000 + self.clock
                );
                self.record("INFO", "org.apache.flink.runtime.checkpoint.CheckpointCoordinator", &text)
            }
            340..=459 => {
                let (bytes, ms, end) = (self.dice.below(1 << 27), self.dice.below(3000), self.dice.below(40));
                let text = format!(
                    "Completed checkpoint {} for job {JOB} ({bytes} bytes, checkpointDuration={ms} ms, finalizationTime={end} ms).",
                    self.checkpoint
                );
                self.record("INFO", "org.apache.flink.runtime.checkpoint.CheckpointCoordinator", &text)
            }
            460..=529 => {
                let text = format!("Marking checkpoint {} as completed for source {VERTEX}.", self.checkpoint);
                self.record("INFO", "org.apache.flink.runtime.source.coordinator.SourceCoordinator", &text)
            }
            530..=619 => {
                let text = format!(
                    "Receive slot request {:032x} for job {JOB} from resource manager with leader id {:032x}.",
                    self.dice.roll(),
                    self.dice.roll()
                );
                self.record("INFO", "org.apache.flink.runtime.taskexecutor.TaskExecutor", &text)
            }
            620..=689 => {
                let text = format!(
                    "Allocated slot for {:032x} with resources ResourceProfile{{cpuCores=1, taskHeapMemory=384.000mb \
                     (402653174 bytes), taskOffHeapMemory=0 bytes, managedMemory=512.000mb (536870920 bytes), \
                     networkMemory=128.000mb (134217730 bytes)}}.",
                    self.dice.roll()
                );
                self.record("INFO", "org.apache.flink.runtime.taskexecutor.slot.TaskSlotTableImpl", &text)
            }
            690..=759 => {
                let text = format!("Activate slot {:032x}.", self.dice.roll());
                self.record("INFO", "org.apache.flink.runtime.taskexecutor.slot.TaskSlotTableImpl", &text)
            }
            760..=859 => {
                let (table, rows) = (self.dice.one_of(&TABLES), self.dice.below(100_000));
                let text = format!("Wrote {rows} rows of {table} in {} ms", self.dice.below(900));
                self.record("INFO", "com.example.orders.OrderWriter", &text)
            }
            860..=919 => {
                let text = format!(
                    "Finished building RocksDB keyed state-backend at /flink/io/job_{JOB}_op_KeyedProcessOperator_{:032x}.",
                    self.dice.roll()
                );
                self.record("INFO", "org.apache.flink.contrib.streaming.state.RocksDBKeyedStateBackendBuilder", &text)
            }
            920..=989 => {
                let (table, n) = (self.dice.one_of(&TABLES), self.dice.below(4));
                let text = format!("Key {n} of {table} looked up, cache holds {} entries", self.dice.below(1_000_000));
                self.record("DEBUG", "com.example.orders.Enrichment", &text)
            }
            990..=997 => {
                let text = format!(
                    "REPLICA IDENTITY for '{}' is 'DEFAULT'; UPDATE and DELETE events will contain previous values only \
                     for PK columns",
                    self.dice.one_of(&TABLES)
                );
                self.record("INFO", "io.debezium.connector.postgresql.PostgresSchema", &text)
            }
            _ => self.record(
                "WARN",
                "org.apache.flink.metrics.MetricGroup",
                &format!("The operator name {VERTEX} exceeded the 80 characters length limit and was truncated."),
            ),
        }
    }

    /// The server went away, and the task with it; the next record is healthy again.
    fn failure(&mut self) -> io::Result<()> {
        let text = format!(
            "{VERTEX} (1/1)#0 ({:032x}_cbc357ccb763df2852fee8c4fc7d55f2_0_0) switched from RUNNING to FAILED with failure cause:",
            self.dice.roll()
        );
        self.record("WARN", "org.apache.flink.runtime.taskmanager.Task", &text)?;
        self.raw(concat!(
            "io.debezium.DebeziumException: Couldn't obtain encoding for database inventory\n",
            "\tat io.debezium.connector.postgresql.connection.PostgresConnection.getDatabaseCharset(PostgresConnection.java:495) ~[flink-sql-connector-postgres-cdc-3.5.0.jar:3.5.0]\n",
            "\tat org.apache.flink.runtime.taskmanager.Task.doRun(Task.java:768) [flink-dist-1.20.1.jar:1.20.1]\n",
            "\tat java.base/java.lang.Thread.run(Thread.java:840) [?:?]\n",
            "Caused by: org.postgresql.util.PSQLException: Connection to db.example:5432 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.\n",
            "\tat org.postgresql.core.v3.ConnectionFactoryImpl.openConnectionImpl(ConnectionFactoryImpl.java:352) ~[flink-sql-connector-postgres-cdc-3.5.0.jar:3.5.0]\n",
            "\t... 12 more\n",
            "Caused by: java.net.ConnectException: Connection refused\n",
            "\tat java.base/sun.nio.ch.Net.pollConnect(Native Method) ~[?:?]\n",
            "\t... 14 more\n",
        ))
    }
}

/// The civil date of a day since 1970, for the years that a log may have.
fn date(mut day: u64) -> String {
    let leap = |y: u64| y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
    let mut year = 1970;
    while day >= 365 + u64::from(leap(year)) {
        day -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", day + 1)
}

fn number(text: &str) -> Option<u64> {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(at)?;
    let shift = match unit {
        "" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_shl(shift)
}

fn options() -> Option<(u64, u64, u64)> {
    let (mut size, mut failures, mut seed) = (1 << 20, 0, 1);
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = number(&args.next()?)?;
        match name.as_str() {
            "--size" => size = value,
            "--failures" => failures = value,
            "--seed" => seed = value,
            _ => return None,
        }
    }
    Some((size, failures, seed))
}

fn main() -> ExitCode {
    let Some((size, failures, seed)) = options() else {
        eprintln!("usage: loggen [--size N[KiB|MiB|GiB]] [--failures N] [--seed N]");
        return ExitCode::from(2);
    };
    let out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let mut log = Log { out, written: 0, dice: Dice(seed), clock: 0, checkpoint: 0, lsn: 26_000_000 };
    // a reader that has seen enough is no fault
    match write(&mut log, size, failures) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("loggen: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn write<W: Write>(log: &mut Log<W>, size: u64, failures: u64) -> io::Result<()> {
    log.record(
        "INFO",
        "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
        " Starting TaskManager (Version: 1.20.1, Scala: 2.12, Rev:0000000, Date:2026-02-01T00:00:00+00:00)",
    )?;
    while log.written < size {
        log.clock += log.dice.below(700);
        if failures > 0 && log.dice.below(failures) == 0 {
            log.failure()?;
        }
        log.healthy()?;
    }
    log.out.flush()
}
