//! Single characters: which of ours have an ASCII form, and which of a log must not reach a terminal.
//!
//! The first are glyphs of our own texts. The others steer a terminal, turn the direction of what follows or cannot be seen;
//! they are shown by their code instead.

/// ASCII for the glyphs that our texts use.
pub fn ascii(glyph: char) -> Option<&'static str> {
    Some(match glyph {
        '✗' => "x",
        '✓' => "ok",
        '○' | '·' | '–' | '—' | '−' | '‑' => "-",
        '│' => "|",
        '…' => "...",
        '→' => "->",
        '“' | '”' | '«' | '»' | '„' => "\"",
        '‘' | '’' => "'",
        '×' => "x",
        '≥' => ">=",
        '≤' => "<=",
        '≠' => "!=",
        _ => return None,
    })
}

/// Control characters, and those that are invisible or turn the direction of what follows.
pub fn is_unsafe(ch: char) -> bool {
    ch.is_control()
        || matches!(ch, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `\x1b`, `\u{202e}`.
pub fn escaped(ch: char) -> String {
    let code = u32::from(ch);
    if code < 0x80 { format!("\\x{code:02x}") } else { format!("\\u{{{code:x}}}") }
}
