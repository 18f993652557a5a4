//! Dialects of SQL: how a value out of a log is written, and what stands where there is no value.
//!
//! A value is only ever a quoted literal or a quoted identifier. What a dialect, or the client that the text is pasted into, might
//! read in another way is not written at all and counts as not known. The table for readers stands in `rules/README.md`.

mod mysql;
mod oracle;
mod postgres;
mod sqlserver;

use super::template::{plain_tables, unseen};

/// A dialect of SQL with the client it is pasted into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL, psql.
    Postgres,
    /// MySQL, MariaDB and what speaks its protocol (`StarRocks`, Doris, `TiDB`, `OceanBase`, Vitess), mysql.
    Mysql,
    /// SQL Server, sqlcmd.
    SqlServer,
    /// Oracle, sqlplus.
    Oracle,
    /// Db2, db2 -t.
    Db2,
    /// Flink SQL, its client.
    Flink,
}

/// What stands for a value that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The text.
    pub text: String,
    /// It is a variable of the client, which a line above the queries sets; otherwise the reader replaces it.
    pub variable: bool,
}

impl Dialect {
    /// Writes a value; `None` if it cannot be written safely as this kind.
    #[must_use]
    pub fn quote(self, value: &str, kind: Option<&str>) -> Option<String> {
        match kind {
            None | Some("literal") => self.literal(value),
            Some("ident") => self.ident(value),
            Some("name") => self.literal(self.split(value)?.last()?),
            Some("regclass") if self == Self::Postgres => self.literal(&self.relation(value)?),
            Some("relation") => self.relation(value),
            Some("list") => {
                let quoted: Option<Vec<String>> = plain_tables(value)?.iter().map(|n| self.relation(n)).collect();
                Some(quoted?.join(", "))
            }
            Some("number") => value.bytes().all(|b| b.is_ascii_digit()).then(|| value.to_owned()),
            Some(_) => None,
        }
    }

    /// What stands for a parameter that is not known. `template` is the whole text.
    #[must_use]
    pub fn unknown(self, name: &str, kind: Option<&str>, template: &str) -> Unknown {
        let variable = |text: String| Unknown { text, variable: true };
        let marked = |text: String| Unknown { text, variable: false };
        let literal = matches!(kind, None | Some("literal" | "name" | "regclass"));
        match (self, kind) {
            (Self::Postgres, Some("ident")) => variable(format!(":\"{name}\"")),
            // psql would quote `public.orders` as one name, so the reader's value stands as it is
            (Self::Postgres, Some("number" | "relation" | "list")) => variable(format!(":{name}")),
            (Self::Postgres, _) => variable(format!(":'{name}'")),
            (Self::Mysql, _) if literal && mysql::takes_variables(template) => variable(format!("@{name}")),
            (Self::SqlServer, _) if literal => marked(format!("N'<{name}>'")),
            _ if literal => marked(format!("'<{name}>'")),
            _ => marked(format!("<{name}>")),
        }
    }

    /// The line that sets a variable for [`Dialect::unknown`]; `meaning` is shown in the place of the value.
    #[must_use]
    pub fn set_line(self, name: &str, meaning: &str) -> String {
        let meaning = meaning.replace(['`', '\\'], "").replace('\'', "''");
        match self {
            Self::Postgres => format!("\\set {name} '<{meaning}>'"),
            _ => format!("SET @{name} = '<{meaning}>';"),
        }
    }

    /// Parts of a possibly quoted, possibly qualified name, as many as the dialect has levels; `None` for more.
    #[must_use]
    pub fn split(self, value: &str) -> Option<Vec<String>> {
        let (quotes, most): (&[(char, char)], usize) = match self {
            Self::Postgres => (&[('"', '"')], 2),
            Self::Mysql => (&[('`', '`'), ('"', '"')], 2),
            Self::Flink => (&[('`', '`')], 3),
            Self::SqlServer => (&[('[', ']'), ('"', '"')], 3),
            Self::Oracle | Self::Db2 => (&[('"', '"')], 3),
        };
        let mut parts = split(value, quotes)?;
        if parts.len() > most {
            return None;
        }
        // Debezium names the database first, which these systems have not in a name
        if matches!(self, Self::Oracle | Self::Db2) && parts.len() == 3 {
            parts.remove(0);
        }
        Some(parts)
    }

    fn literal(self, value: &str) -> Option<String> {
        match self {
            Self::Postgres => Some(postgres::literal(value)),
            Self::Mysql | Self::Flink => mysql::literal(value),
            Self::SqlServer => sqlserver::literal(value),
            Self::Oracle => oracle::literal(value),
            Self::Db2 => plain_literal(value),
        }
    }

    fn ident(self, value: &str) -> Option<String> {
        match self {
            Self::Postgres => postgres::ident(value),
            Self::Mysql | Self::Flink => mysql::ident(value),
            Self::SqlServer => sqlserver::ident(value),
            Self::Oracle | Self::Db2 => oracle::ident(value),
        }
    }

    fn relation(self, value: &str) -> Option<String> {
        let quoted: Option<Vec<String>> = self.split(value)?.iter().map(|p| self.ident(p)).collect();
        Some(quoted?.join("."))
    }
}

/// A literal of standard SQL; `None` for a value that cannot stand on one line.
fn plain_literal(value: &str) -> Option<String> {
    (!value.chars().any(unseen)).then(|| format!("'{}'", value.replace('\'', "''")))
}

/// Splits a name at dots outside quotes.
fn split(value: &str, quotes: &[(char, char)]) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut chars = value.trim().chars().peekable();
    let mut closing: Option<char> = None;
    while let Some(c) = chars.next() {
        let last = parts.last_mut()?;
        match closing {
            Some(end) if c == end && chars.peek() == Some(&end) => {
                last.push(end);
                chars.next();
            }
            Some(end) if c == end => closing = None,
            Some(_) => last.push(c),
            None => match quotes.iter().find(|(open, _)| *open == c && last.is_empty()) {
                Some((_, end)) => closing = Some(*end),
                None if c == '.' => parts.push(String::new()),
                None => last.push(c),
            },
        }
    }
    parts.iter().all(|p| !p.is_empty()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::Dialect::{self, Db2, Flink, Mysql, Oracle, Postgres, SqlServer};

    const HOSTILE: &[&str] = &[
        "'; DROP TABLE x; --",
        "\"; DROP TABLE x; --",
        "`; DROP TABLE x; --",
        "]; DROP TABLE x; --",
        "\\'; DROP TABLE x; --",
        "x\\",
        "$(x) :!! ls",
        "&x",
        "a\n; DROP TABLE x;",
        "\u{202e}x",
        "*/ x /*",
    ];

    /// Takes a literal apart as strictly as a server would: only doubled quotes inside.
    fn one_literal(text: &str) -> bool {
        let Some(inner) = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) else { return false };
        !inner.replace("''", "").contains('\'')
    }

    #[test]
    fn literals_end_where_they_should() {
        for value in HOSTILE {
            for dialect in [Mysql, Flink, SqlServer, Oracle, Db2] {
                let Some(text) = dialect.quote(value, None) else { continue };
                let text = text.strip_prefix('N').unwrap_or(&text);
                assert!(one_literal(text), "{dialect:?} {value:?}: {text}");
                assert!(!text.contains('\n'), "{dialect:?} {value:?}");
            }
        }
    }

    #[test]
    fn what_a_server_or_client_may_read_otherwise_is_not_written() {
        for (dialect, value) in [
            (Mysql, "DOMAIN\\user"), // means another thing under NO_BACKSLASH_ESCAPES
            (Mysql, "x\ny"),
            (SqlServer, "$(USER)"), // sqlcmd
            (Oracle, "&user"),      // sqlplus
            (Oracle, "x\ny"),
        ] {
            assert_eq!(dialect.quote(value, None), None, "{value}");
            assert_eq!(dialect.quote(value, Some("ident")), None, "{value}");
        }
        assert_eq!(SqlServer.quote("DOMAIN\\user", None).as_deref(), Some("N'DOMAIN\\user'"));
    }

    #[test]
    fn names_are_quoted_as_the_system_does() {
        let quote = |d: Dialect, v: &str, kind: &str| d.quote(v, Some(kind)).unwrap_or_default();
        assert_eq!(quote(Mysql, "shop.orders", "relation"), "`shop`.`orders`");
        assert_eq!(quote(Mysql, "`shop`.`or``ders`", "relation"), "`shop`.`or``ders`");
        assert_eq!(quote(Mysql, "shop\\.a,shop.b", "list"), "`shop`.`a`, `shop`.`b`");
        assert_eq!(quote(Mysql, "shop.orders", "name"), "'orders'");
        assert_eq!(quote(SqlServer, "db.dbo.or]ders", "relation"), "[db].[dbo].[or]]ders]");
        assert_eq!(quote(Oracle, "ORCLPDB1.INVENTORY.CUSTOMERS", "relation"), "INVENTORY.CUSTOMERS");
        assert_eq!(quote(Oracle, "c##dbzuser", "ident"), "c##dbzuser");
        assert_eq!(quote(Oracle, "inventory.order", "relation"), "inventory.\"ORDER\"");
        assert_eq!(quote(Db2, "DB2INST1.my table", "relation"), "DB2INST1.\"my table\"");
        assert_eq!(quote(Flink, "db.t", "relation"), "`db`.`t`");
        assert_eq!(quote(Postgres, "public.orders", "regclass"), "'\"public\".\"orders\"'");
        for dialect in [Mysql, SqlServer, Oracle, Db2, Flink] {
            assert_eq!(dialect.quote("public.orders", Some("regclass")), None);
            assert_eq!(dialect.quote("a.b.c.d", Some("relation")), None);
        }
    }

    #[test]
    fn what_is_missing_is_a_variable_or_marked() {
        let unknown = |d: Dialect, kind: Option<&str>, template: &str| d.unknown("user", kind, template).text;
        assert_eq!(unknown(Mysql, None, "SELECT * FROM mysql.user WHERE user = {user}"), "@user");
        assert_eq!(unknown(Mysql, None, "SHOW GRANTS FOR {user}"), "'<user>'");
        assert_eq!(unknown(Mysql, Some("relation"), "SELECT 1 FROM {user}"), "<user>");
        assert_eq!(unknown(SqlServer, None, "SELECT {user}"), "N'<user>'");
        assert_eq!(unknown(Oracle, None, "SELECT {user} FROM dual"), "'<user>'");
        assert_eq!(unknown(Db2, Some("ident"), "SELECT {user}"), "<user>");
        assert_eq!(unknown(Postgres, None, "SHOW x"), ":'user'");
        assert_eq!(Mysql.set_line("user", "role's name"), "SET @user = '<role''s name>';");
    }
}
