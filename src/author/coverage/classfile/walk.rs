//! The bytecode of a method, read once in order: which strings belong to which exception or line of the log.

use super::super::GAP;
use super::pool::{Pool, Reader};
use super::{Kind, Said};

/// A piece of a message.
#[derive(Clone)]
pub(super) enum Piece {
    Text(String),
    Gap,
    /// What follows is the other side of a choice.
    Or,
}

/// One method, instruction by instruction.
pub(super) struct Walk<'w> {
    pub(super) pool: &'w Pool,
    pub(super) recipes: &'w [Vec<u16>],
    pub(super) class: &'w str,
    /// Exceptions whose constructor is not yet called.
    pub(super) open: Vec<(String, Vec<Piece>)>,
    /// Strings outside of any.
    pub(super) loose: Vec<Piece>,
    pub(super) says: &'w mut Vec<Said>,
}

impl Walk<'_> {
    pub(super) fn code(&mut self, code: &[u8]) -> Option<()> {
        let mut r = Reader { bytes: code, at: 0 };
        let mut pushed = false;
        while r.at < code.len() {
            let start = r.at;
            let op = r.u8()?;
            let text_before = std::mem::take(&mut pushed);
            match op {
                0x12 => {
                    let index = u16::from(r.u8()?);
                    pushed = self.constant(index);
                }
                0x13 => {
                    let index = r.u16()?;
                    pushed = self.constant(index);
                }
                0xbb => {
                    let class = self.pool.class(r.u16()?).unwrap_or("");
                    if thrown(class) {
                        self.open.push((class.replace('/', "."), Vec::new()));
                    }
                }
                0xb6..=0xb9 => {
                    let index = r.u16()?;
                    r.skip(if op == 0xb9 { 2 } else { 0 })?;
                    self.call(index, text_before);
                }
                0xba => {
                    let index = r.u16()?;
                    r.skip(2)?;
                    self.dynamic(index);
                }
                0xa7 => {
                    r.skip(2)?;
                    match self.open.last_mut() {
                        Some((_, pieces)) => pieces.push(Piece::Or),
                        None => self.loose.push(Piece::Or),
                    }
                }
                // the end of a statement: a store, a pop, a return, a throw, a field set
                0x36..=0x4e | 0x57 | 0x58 | 0xac..=0xb1 | 0xb3 | 0xb5 | 0xbf => {
                    if self.open.is_empty() || matches!(op, 0xac..=0xb1 | 0xbf) {
                        self.loose.clear();
                        self.open.clear();
                    }
                    skip_operands(&mut r, op, start)?;
                }
                _ => skip_operands(&mut r, op, start)?,
            }
        }
        Some(())
    }

    fn pieces(&mut self) -> &mut Vec<Piece> {
        match self.open.last_mut() {
            Some((_, pieces)) => pieces,
            None => &mut self.loose,
        }
    }

    /// A string constant; says whether it was one.
    fn constant(&mut self, index: u16) -> bool {
        let Some(text) = self.pool.text(index).map(str::to_owned) else { return false };
        self.pieces().push(Piece::Text(text));
        true
    }

    fn call(&mut self, index: u16, text_before: bool) {
        let Some((class, name, kind)) = self.pool.method(index) else { return };
        let dotted = class.replace('/', ".");
        if name == "<init>" {
            if self.open.last().is_some_and(|(c, _)| *c == dotted)
                && let Some((class, pieces)) = self.open.pop()
            {
                self.say(&pieces, &Kind::Thrown(class));
            }
            return;
        }
        if class.ends_with("Logger") && matches!(name, "warn" | "error") {
            let pieces = std::mem::take(&mut self.loose);
            self.say(&pieces, &if name == "warn" { Kind::Warning } else { Kind::Error });
            return;
        }
        if name == "append" && class.starts_with("java/lang/StringBu") {
            if !text_before {
                self.pieces().push(Piece::Gap);
            }
            return;
        }
        // what a value is compared with is no message
        let compared = ["equals", "equalsIgnoreCase", "startsWith", "endsWith", "contains", "matches"].contains(&name);
        if compared && matches!(self.pieces().last(), Some(Piece::Text(_))) {
            self.pieces().pop();
            return;
        }
        // a call that gives nothing back ends a statement
        if kind.ends_with(")V") && self.open.is_empty() {
            self.loose.clear();
        }
    }

    fn dynamic(&mut self, index: u16) {
        let Some((bootstrap, "makeConcatWithConstants")) = self.pool.dynamic(index) else { return };
        let Some(arguments) = self.recipes.get(usize::from(bootstrap)) else { return };
        let Some(recipe) = arguments.first().and_then(|a| self.pool.text(*a)) else { return };
        let text: String = recipe.chars().map(|c| if matches!(c, '\u{1}' | '\u{2}') { GAP } else { c }).collect();
        self.pieces().push(Piece::Text(text));
    }

    fn say(&mut self, pieces: &[Piece], kind: &Kind) {
        for side in pieces.split(|p| matches!(p, Piece::Or)) {
            let template = side.iter().find_map(|p| match p {
                Piece::Text(t) if t.contains("%s") || t.contains("%d") || t.contains("{}") => Some(t.clone()),
                _ => None,
            });
            let joined = || {
                side.iter()
                    .map(|p| match p {
                        Piece::Text(t) => t.clone(),
                        _ => GAP.to_string(),
                    })
                    .collect::<String>()
            };
            let text = gaps(&template.unwrap_or_else(joined));
            let fixed: String = text.split(GAP).collect();
            let worth = fixed.chars().filter(|c| c.is_alphabetic()).count() >= 8 && fixed.trim().contains(' ');
            if worth {
                self.says.push(Said { text, kind: kind.clone(), class: self.class.to_owned() });
            }
        }
    }
}

/// `%s`, `%d`, `{}` and `{0}` become gaps; white space becomes single blanks.
pub(super) fn gaps(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let gap = |out: &mut String| {
        if !out.ends_with(GAP) {
            out.push(GAP);
        }
    };
    while let Some(c) = rest.next() {
        match c {
            '%' => match rest.peek() {
                Some('%') => {
                    rest.next();
                    out.push('%');
                }
                Some('n') => {
                    rest.next();
                    out.push(' ');
                }
                Some('s' | 'd' | 'S' | 'x' | '.' | '0'..='9') => {
                    while rest.next().is_some_and(|c| !c.is_alphabetic()) {}
                    gap(&mut out);
                }
                _ => out.push('%'),
            },
            '{' if rest.peek().is_some_and(|c| *c == '}' || c.is_ascii_digit()) => {
                while rest.next().is_some_and(|c| c != '}') {}
                gap(&mut out);
            }
            GAP => gap(&mut out),
            c if c.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.trim().to_owned()
}

fn thrown(class: &str) -> bool {
    ["Exception", "Error", "Throwable"].iter().any(|end| class.ends_with(end))
}

/// The operands of an instruction that says nothing.
fn skip_operands(r: &mut Reader<'_>, op: u8, start: usize) -> Option<()> {
    let n = match op {
        0x10 | 0x15..=0x19 | 0x36..=0x3a | 0xa9 | 0xbc => 1,
        0x11 | 0x14 | 0x84 | 0x99..=0xa8 | 0xb2..=0xb5 | 0xbd | 0xc0 | 0xc1 | 0xc6 | 0xc7 => 2,
        0xc5 => 3,
        0xc8 | 0xc9 => 4,
        0xc4 => {
            let wide = r.u8()?;
            if wide == 0x84 { 4 } else { 2 }
        }
        0xaa | 0xab => {
            r.skip((4 - (start + 1) % 4) % 4)?;
            r.skip(4)?;
            if op == 0xaa {
                let (low, high) = (i64::from(r.u32()?.cast_signed()), i64::from(r.u32()?.cast_signed()));
                usize::try_from(4 * (high - low + 1)).ok()?
            } else {
                usize::try_from(r.u32()?).ok()?.checked_mul(8)?
            }
        }
        _ => 0,
    };
    r.skip(n)
}
