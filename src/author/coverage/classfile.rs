//! What a Java class says when it fails: the constants of its exception messages and of its warnings.
//!
//! The heuristic: the bytecode of each method is read once, in order. Strings that are pushed after `new SomethingException` belong to
//! that exception until its constructor is called; strings before a call of `Logger.warn` or `Logger.error` belong to that call. Text
//! put together with `+` (`makeConcatWithConstants`, or `StringBuilder.append`) becomes one message with gaps, and of a call of
//! `String.format` only the template counts. Both sides of `a ? "x" : "y"` become a message of their own. What a method gets from
//! elsewhere (a field, another method, a resource bundle) is not seen.

mod pool;
mod walk;

use pool::{Pool, Reader, attributes, bootstraps};
use walk::{Walk, gaps};

/// What a class says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Class {
    /// Its name, with dots.
    pub name: String,
    /// Its messages, in the order of the file.
    pub says: Vec<Said>,
    /// All its strings of some length, messages or not, with gaps.
    pub strings: Vec<String>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The text, with [`GAP`](super::GAP) for what is filled in at run time.
    pub text: String,
    /// Where it goes.
    pub kind: Kind,
    /// The class that says it.
    pub class: String,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Into an exception of this class.
    Thrown(String),
    /// Into the log, as an error.
    Error,
    /// Into the log, as a warning.
    Warning,
}

/// Reads a class file; `None` if the bytes are not one.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Class> {
    let mut r = Reader { bytes, at: 0 };
    if r.u32()? != 0xcafe_babe {
        return None;
    }
    r.skip(4)?;
    let pool = Pool::read(&mut r)?;
    r.skip(2)?;
    let name = pool.class(r.u16()?)?.replace('/', ".");
    r.skip(2)?;
    let interfaces = usize::from(r.u16()?);
    r.skip(2 * interfaces)?;
    // fields
    for _ in 0..r.u16()? {
        r.skip(6)?;
        attributes(&mut r, &pool, &mut |_, _| {})?;
    }
    let mut codes: Vec<&[u8]> = Vec::new();
    for _ in 0..r.u16()? {
        r.skip(6)?;
        attributes(&mut r, &pool, &mut |name, body| {
            if name == "Code" {
                let mut inner = Reader { bytes: body, at: 4 };
                if let Some(code) = inner.u32().and_then(|n| inner.take(usize::try_from(n).ok()?)) {
                    codes.push(code);
                }
            }
        })?;
    }
    let mut recipes: Vec<Vec<u16>> = Vec::new();
    attributes(&mut r, &pool, &mut |name, body| {
        if name == "BootstrapMethods" {
            recipes = bootstraps(body).unwrap_or_default();
        }
    })?;
    let mut says = Vec::new();
    for code in codes {
        let mut walk =
            Walk { pool: &pool, recipes: &recipes, class: &name, open: Vec::new(), loose: Vec::new(), says: &mut says };
        // what was read before a broken instruction stays
        let _ = walk.code(code);
    }
    let long = |t: &&str| t.chars().filter(|c| c.is_alphabetic()).count() >= 8;
    let strings = pool.texts().filter(long).map(gaps).collect();
    Some(Class { name, says, strings })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_have_gaps() {
        assert_eq!(gaps("Slot %s of %d%%: {}\n{0}"), "Slot … of …%: … …");
        assert_eq!(gaps("a\u{2026}\u{2026}b"), "a…b");
    }

    #[test]
    fn broken_bytes_are_no_class() {
        assert!(read(b"").is_none());
        assert!(read(b"\xca\xfe\xba\xbe\0\0\0\x34\0\x05\x01\xff\xff").is_none());
    }
}
