//! What stands before every line of a pasted text: numbers, the file names of `grep -n`, marks of comments, lists and diffs.

/// Marks, the longer of two before the shorter.
const MARKS: [&str; 14] = ["// ", "//", "-- ", "--", "# ", "#", "+ ", "+", "- ", "* ", "• ", "· ", "; ", ": "];
/// Most lines that an editor leaves out between two, as blank ones.
const LEFT_OUT: u64 = 3;

/// Takes it off. `None` if it does not stand before every line, or if there is one line only.
pub(super) fn unmarked(text: &str) -> Option<String> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (first, second) = (lines.next()?, lines.next()?);
    let marked = |mark: &str| {
        body(second, mark).is_some() && text.lines().all(|l| l.trim().is_empty() || body(l, mark).is_some())
    };
    let mark = MARKS.into_iter().find(|mark| body(first, mark).is_some() && marked(mark));
    if mark.is_none() && !counts(text) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let rest = mark.map_or_else(|| numbered(line).map(|(_, _, rest)| rest), |mark| body(line, mark));
        out.push_str(rest.unwrap_or(line));
        if line.ends_with('\n') && !out.ends_with('\n') {
            out.push('\n');
        }
    }
    Some(out)
}

fn body<'l>(line: &'l str, mark: &str) -> Option<&'l str> {
    line.trim_start_matches([' ', '\t']).strip_prefix(mark)
}

/// Do the lines count up, behind one and the same name?
fn counts(text: &str) -> bool {
    let mut before: Option<(&str, u64)> = None;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let Some((name, number, _)) = numbered(line) else { return false };
        let follows = |(known, last): (&str, u64)| known == name && number > last && number <= last + LEFT_OUT;
        if !before.is_none_or(follows) {
            return false;
        }
        before = Some((name, number));
    }
    true
}

/// `  12: text`, `12 | text`, `12. text`, `a.log:12:text`: the name, the number and the text.
fn numbered(line: &str) -> Option<(&str, u64, &str)> {
    let line = line.trim_start_matches([' ', '\t']);
    let (name, rest) = match line.as_bytes().first()? {
        b'0'..=b'9' => ("", line),
        _ => line.split_once(':').filter(|(name, _)| !name.contains(char::is_whitespace))?,
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number = rest.get(..digits).filter(|n| n.len() < 8)?.parse().ok()?;
    let behind = rest.get(digits..)?;
    let text = behind.trim_start_matches(' ');
    let marked = text.strip_prefix(['|', ':', '.', ')', '│', '\t']).or_else(|| behind.strip_prefix('-'));
    // a number alone needs a blank behind it
    let text = marked.or_else(|| behind.strip_prefix(' ')).or_else(|| behind.trim().is_empty().then_some(behind))?;
    Some((name, number, text))
}
