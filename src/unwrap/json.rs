//! A small JSON reader that borrows and says where things stand.
//!
//! Log lines need neither numbers nor schemas, but they need the place of each string in the file, which is what serde does not
//! give. Total: any bytes give a value or none; depth and size are bounded by the caller's line.

use std::borrow::Cow;

/// Deepest nesting read.
const DEPTH: usize = 64;

/// A value and the byte at which it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node<'b> {
    /// Byte offset in the text that was read.
    pub at: usize,
    /// The value.
    pub value: Value<'b>,
}

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'b> {
    /// `null`, `true`, `false` or a number, as written.
    Plain(&'b str),
    /// A string, unescaped.
    Text(Cow<'b, str>),
    /// An array.
    List(Vec<Node<'b>>),
    /// An object; of a repeated key the first counts.
    Object(Vec<(Cow<'b, str>, Node<'b>)>),
}

impl<'b> Node<'b> {
    /// The value behind `key`. A key with dots is also looked for in nested objects: `log.level`.
    pub fn get(&self, key: &str) -> Option<&Node<'b>> {
        let Value::Object(entries) = &self.value else { return None };
        let own = |key: &str| entries.iter().find(|(k, _)| k == key).map(|(_, node)| node);
        own(key).or_else(|| {
            let (head, rest) = key.split_once('.')?;
            own(head)?.get(rest)
        })
    }

    /// The first of `keys` that holds a string or a number.
    pub fn first(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|key| self.get(key)?.text())
    }

    /// A string, or a number as written; not `null`.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Plain("null") => None,
            Value::Plain(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of an array; of anything else none.
    pub fn list(&self) -> &[Node<'b>] {
        match &self.value {
            Value::List(list) => list,
            _ => &[],
        }
    }
}

/// Reads one JSON object that takes up the whole text, white space aside.
pub(super) fn object(text: &str) -> Option<Node<'_>> {
    let mut reader = Reader { text, at: 0 };
    reader.blanks();
    if reader.peek() != Some(b'{') {
        return None;
    }
    let node = reader.value(DEPTH)?;
    reader.blanks();
    (reader.at == text.len()).then_some(node)
}

struct Reader<'b> {
    text: &'b str,
    at: usize,
}

impl<'b> Reader<'b> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        self.blanks();
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn value(&mut self, depth: usize) -> Option<Node<'b>> {
        self.blanks();
        let at = self.at;
        let value = match self.peek()? {
            b'"' => Value::Text(self.string()?),
            b'{' => Value::Object(self.entries(depth.checked_sub(1)?)?),
            b'[' => Value::List(self.elements(depth.checked_sub(1)?)?),
            _ => {
                let rest = self.text.get(at..)?;
                let end = rest.find([',', '}', ']', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
                self.at += end;
                Value::Plain(rest.get(..end).filter(|word| plain(word))?)
            }
        };
        Some(Node { at, value })
    }

    fn entries(&mut self, depth: usize) -> Option<Vec<(Cow<'b, str>, Node<'b>)>> {
        self.eat(b'{')?;
        let mut entries = Vec::new();
        if self.eat(b'}').is_some() {
            return Some(entries);
        }
        loop {
            self.blanks();
            let key = self.string()?;
            self.eat(b':')?;
            entries.push((key, self.value(depth)?));
            if self.eat(b',').is_none() {
                return self.eat(b'}').map(|()| entries);
            }
        }
    }

    fn elements(&mut self, depth: usize) -> Option<Vec<Node<'b>>> {
        self.eat(b'[')?;
        let mut elements = Vec::new();
        if self.eat(b']').is_some() {
            return Some(elements);
        }
        loop {
            elements.push(self.value(depth)?);
            if self.eat(b',').is_none() {
                return self.eat(b']').map(|()| elements);
            }
        }
    }

    fn string(&mut self) -> Option<Cow<'b, str>> {
        if self.peek() != Some(b'"') {
            return None;
        }
        self.at += 1;
        let start = self.at;
        let rest = self.text.get(start..)?;
        let stop = memchr::memchr2(b'"', b'\\', rest.as_bytes())?;
        if rest.as_bytes().get(stop) == Some(&b'"') {
            self.at = start + stop + 1;
            return rest.get(..stop).map(Cow::Borrowed);
        }
        let mut out = String::with_capacity(stop + 64);
        loop {
            let rest = self.text.get(self.at..)?;
            let stop = memchr::memchr2(b'"', b'\\', rest.as_bytes())?;
            out.push_str(rest.get(..stop)?);
            self.at += stop + 1;
            if rest.as_bytes().get(stop) == Some(&b'"') {
                return Some(Cow::Owned(out));
            }
            out.push(self.escape()?);
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'"' | b'\\' | b'/' => char::from(byte),
            b'u' => {
                let high = self.hex()?;
                if !(0xd800..0xdc00).contains(&high) {
                    return Some(char::from_u32(high).unwrap_or('\u{fffd}'));
                }
                if !self.text.get(self.at..)?.starts_with("\\u") {
                    return Some('\u{fffd}');
                }
                self.at += 2;
                let low = self.hex()?;
                char::from_u32(0x10000 + ((high - 0xd800) << 10) + low.wrapping_sub(0xdc00)).unwrap_or('\u{fffd}')
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

/// `null`, a truth value or a number.
fn plain(word: &str) -> bool {
    matches!(word, "null" | "true" | "false")
        || (word.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            && word.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E')))
}
