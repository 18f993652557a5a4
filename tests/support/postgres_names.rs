//! Names of objects on a PostgreSQL server, and how its texts take them.

use std::collections::BTreeMap;

use cdc_doctor::builtin;
use cdc_doctor::rule::vocabulary::Kind;

use crate::sql_texts::Text;

impl Text {
    /// Lines that set the variables, as a reader would fill them in, and lines that take them away.
    pub fn variables(&self, names: &Names) -> (String, String) {
        let set = |name: &String| {
            let value = names.value(name).unwrap_or_default().replace('\\', "\\\\").replace('\'', "\\'");
            format!("\\set {name} '{value}'\n")
        };
        let unset = |name: &String| format!("\\unset {name}\n");
        (self.missing.iter().map(set).collect(), self.missing.iter().map(unset).collect())
    }

    /// The text with what psql makes of the variables that name objects.
    pub fn plain_sql(&self, names: &Names) -> String {
        self.sql.replace(":\"publication\"", &names.publication).replace(":\"user\"", &names.user)
    }
}

/// Objects that are on the server: quoted for SQL, and raw as a log has them.
pub struct Names {
    pub user: String,
    pub database: String,
    pub schema: String,
    pub table: String,
    pub other: String,
    pub publication: String,
    pub slot: String,
    pub raw_database: String,
    raw: BTreeMap<&'static str, String>,
}

impl Names {
    /// Such as anybody would choose.
    pub fn plain() -> Self {
        Self::new("cdc_user", "shop", ["sales", "orders", "customers"], "sales.orders", "dbz_publication", "flink")
    }

    /// Such as nobody should choose, but some do.
    pub fn odd() -> Self {
        let table = "\"we\"\"ird s.x\".\"O'Rders; \\ $$\"";
        let parts = ["we\"ird s.x", "O'Rders; \\ $$", "Customers-1"];
        Self::new("O'Brien \"x\" \\ $$", "the \"shop\" 'n' \\", parts, table, "Pub \"1\"; --", "flink_odd")
    }

    fn new(user: &str, database: &str, parts: [&str; 3], table: &str, publication: &str, slot: &str) -> Self {
        let ident = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let [schema, relation, other] = parts;
        let dotted = |name: &str| format!("{}.{}", ident(schema), ident(name));
        let tables = if schema == "sales" { "sales.orders,sales.customers" } else { table };
        let raw = [
            ("user", user),
            ("database", database),
            ("schema", schema),
            ("table", table),
            ("tables", tables),
            ("publication", publication),
            ("slot", slot),
            ("plugin", "pgoutput"),
            ("column", "id"),
            ("host", "127.0.0.1"),
            ("port", "5432"),
            ("pid", "1"),
            ("lsn", "0/16B3748"),
        ];
        Self {
            user: ident(user),
            database: ident(database),
            schema: ident(schema),
            table: dotted(relation),
            other: dotted(other),
            publication: ident(publication),
            slot: slot.to_owned(),
            raw_database: database.to_owned(),
            raw: raw.map(|(name, value)| (name, value.to_owned())).into(),
        }
    }

    /// The value of any parameter.
    pub fn value(&self, name: &str) -> Option<String> {
        let rules = builtin::rules().unwrap();
        let kind = rules.vocabulary.get(name)?.kind;
        Some(self.raw.get(name).cloned().unwrap_or_else(|| {
            match kind {
                Kind::Number => "5",
                Kind::Lsn => "0/16B3748",
                Kind::Name => "plain_name",
                Kind::Text => "plain text",
                Kind::List => "sales.orders",
            }
            .to_owned()
        }))
    }
}

/// Is it for this server?
pub fn is_for(wanted: &str, major: u32) -> bool {
    wanted.split([',', ' ']).filter(|part| !part.is_empty()).all(|part| {
        let number = |sign: &str| part.strip_prefix(sign).and_then(|n| n.trim().parse::<u32>().ok());
        if let Some(n) = number(">=") {
            major >= n
        } else if let Some(n) = number("<=") {
            major <= n
        } else if let Some(n) = number("<") {
            major < n
        } else if let Some(n) = number(">") {
            major > n
        } else {
            panic!("versions: {wanted} is not understood")
        }
    })
}
