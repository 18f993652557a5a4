//! `CREATE PUBLICATION` and `ALTER PUBLICATION`, which scripts have beside Flink's own statements.

use super::{Reader, ends};
use crate::job::tokens::{Kind, Token};
use crate::job::{At, Publication};

impl Reader<'_> {
    /// PostgreSQL's own statement: `name FOR TABLE a, b.c`, `FOR ALL TABLES`, `FOR TABLES IN SCHEMA s`, `name ADD TABLE d`.
    pub(super) fn publication(&mut self, s: &[Token], all: &[Token]) {
        let Some((parts, rest)) = self.name(s) else { return };
        let folded = |t: &Token| match &t.kind {
            Kind::Word => t.text(self.text()).map(str::to_ascii_lowercase),
            _ => t.text(self.text()).map(str::to_owned),
        };
        let name = s.first().and_then(folded).or_else(|| parts.last().cloned()).unwrap_or_default();
        let mut tables: Vec<String> = Vec::new();
        let mut schemas = Vec::new();
        let mut everything = false;
        let mut in_schema = false;
        let mut depth = 0_usize;
        let mut dotted = false;
        for (i, token) in rest.iter().enumerate() {
            let is = |word: &str| token.is(self.text(), word);
            if token.sign('(') {
                depth += 1;
            } else if token.sign(')') {
                depth = depth.saturating_sub(1);
            } else if depth > 0 {
            } else if is("all") {
                everything = true;
            } else if is("with") || is("where") && !in_schema {
                break;
            } else if is("schema") {
                in_schema = true;
            } else if token.sign('.') {
                dotted = true;
            } else if ["for", "add", "set", "table", "tables", "in", "only", "drop"].iter().any(|w| is(w)) {
                if is("drop") {
                    return;
                }
                if is("table") {
                    in_schema = false;
                }
            } else if let Some(word) = folded(token) {
                match (in_schema, dotted, tables.last_mut()) {
                    (true, ..) => schemas.push(word),
                    (_, true, Some(last)) => *last = format!("{last}.{word}"),
                    _ => tables.push(word),
                }
                dotted = rest.get(i + 1).is_some_and(|t| t.sign('.'));
            }
        }
        for table in &mut tables {
            if !table.contains('.') {
                *table = format!("public.{table}");
            }
        }
        let (start, end) = ends(all);
        match self.file.publications.iter_mut().find(|p| p.name == name) {
            Some(known) => {
                known.tables.extend(tables);
                known.schemas.extend(schemas);
            }
            None => {
                let at = At::of(self.text(), start, end);
                self.file.publications.push(Publication { name, all: everything, schemas, tables, at });
            }
        }
    }
}
