//! The line that names a throwable: `a.b.CException: message`.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::combinator::{eof, peek, recognize};
use nom::{IResult, Parser};

/// Class and message of a throwable, as offsets from the beginning of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Length of the class.
    pub class: usize,
    /// Where the message begins.
    pub message: usize,
    /// True if the name says that it is a throwable.
    pub strong: bool,
    /// True if a colon follows the class.
    pub colon: bool,
}

/// A token of the characters of Java's class names.
fn token(i: &str) -> IResult<&str, &str> {
    take_while1(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '$')).parse(i)
}

/// Every part of the name is there and none begins with a digit (but `Foo$1` does).
fn well_formed(name: &str) -> bool {
    name.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$')))
}

/// Does the simple name end as throwables' names do?
pub(super) fn throwable_name(name: &str) -> bool {
    let simple = name.rsplit('.').next().unwrap_or(name);
    ["Exception", "Error", "Throwable", "Failure", "Fault"].iter().any(|end| simple.ends_with(end))
        || simple.contains("Exception$")
}

/// Reads `class`, `class:` or `class: message`. After `Caused by:` the name needs no dots, and a blank may follow it.
pub(super) fn class_head(text: &str, caused: bool) -> Option<Head> {
    let (rest, class) = token(text).ok()?;
    let strong = throwable_name(class);
    let dotted = class.contains('.');
    if !well_formed(class) || !(dotted || (caused && strong)) {
        return None;
    }
    let end = |i| alt((tag(": "), recognize((tag(":"), eof)), eof)).parse(i);
    let ended: IResult<&str, &str> = end(rest);
    let blank: IResult<&str, &str> = peek(tag(" ")).parse(rest);
    match (ended, blank) {
        (Ok((left, mark)), _) => {
            Some(Head { class: class.len(), message: text.len() - left.len(), strong, colon: !mark.is_empty() })
        }
        (_, Ok(_)) if caused && strong => {
            Some(Head { class: class.len(), message: class.len() + 1, strong, colon: false })
        }
        // cut in the middle, or `Foo:text` as some hand-made texts have it
        _ if strong && rest.starts_with(':') => {
            Some(Head { class: class.len(), message: class.len() + 1, strong, colon: true })
        }
        _ => None,
    }
}

/// A throwable named at the beginning of a message: its class, and where its own message begins.
pub(super) fn embedded(message: &str) -> Option<(&str, usize)> {
    let (rest, class) = token(message).ok()?;
    let named = ["Exception", "Error", "Throwable"].iter().any(|end| class.ends_with(end));
    (named && class.contains('.') && well_formed(class) && rest.starts_with(": ")).then_some((class, class.len() + 2))
}

/// Classes whose message is a class name that was *not* thrown.
pub(super) fn linkage(class: &str) -> bool {
    let simple = class.rsplit('.').next().unwrap_or(class);
    matches!(
        simple,
        "ClassNotFoundException"
            | "NoClassDefFoundError"
            | "LinkageError"
            | "UnsupportedClassVersionError"
            | "IncompatibleClassChangeError"
            | "NoSuchMethodError"
            | "NoSuchFieldError"
            | "AbstractMethodError"
            | "IllegalAccessError"
            | "InstantiationError"
            | "ClassFormatError"
            | "ClassCircularityError"
            | "ExceptionInInitializerError"
            | "VerifyError"
            | "UnsatisfiedLinkError"
            | "BootstrapMethodError"
            | "GenericSignatureFormatError"
    )
}
