//! PostgreSQL's stderr log: the severity behind whatever `log_line_prefix` says.

use std::ops::Range;

use nom::Parser;
use nom::combinator::opt;
use nom::sequence::terminated;

use super::super::level::Level;
use super::super::time;
use super::grammar::{Head, Kind, REACH};

/// PostgreSQL's severity: the first word before `:` that is one, unless a secondary word (`DETAIL`, `STATEMENT`) comes first.
pub(super) fn severity(line: &[u8], from: usize, any: bool) -> Option<(Level, Range<usize>)> {
    let span = line.get(from..line.len().min(from + REACH + 60))?;
    for n in memchr::memchr_iter(b':', span) {
        let colon = from + n;
        if !matches!(line.get(colon + 1), Some(b' ') | None) {
            continue;
        }
        let before = line.get(from..colon)?;
        let start = before
            .iter()
            .rposition(|b| matches!(b, b' ' | b']' | b',' | b')' | b':' | b';' | b'>' | b'|' | b'\t'))
            .map_or(from, |p| from + p + 1);
        let Some(word) = line.get(start..colon).and_then(|w| std::str::from_utf8(w).ok()) else { continue };
        if secondary(word) {
            return None;
        }
        let two = line.get(colon + 1..).is_some_and(|t| t.starts_with(b"  "));
        if let Some(level) = Level::from_word(word)
            && two
            && (any || !matches!(word, "INFO" | "WARNING" | "SEVERE" | "FINE" | "CONFIG"))
        {
            return Some((level, start..colon));
        }
    }
    None
}

/// The words of PostgreSQL's secondary lines; they carry the prefix but continue the record.
fn secondary(word: &str) -> bool {
    matches!(
        word,
        "DETAIL"
            | "HINT"
            | "CONTEXT"
            | "STATEMENT"
            | "QUERY"
            | "LOCATION"
            | "BACKTRACE"
            | "ПОДРОБНОСТИ"
            | "ПОДСКАЗКА"
            | "КОНТЕКСТ"
            | "ОПЕРАТОР"
            | "ЗАПРОС"
            | "ПОЛОЖЕНИЕ"
            | "СТЕК"
            | "详细信息"
            | "详细情况"
            | "提示"
            | "上下文"
            | "背景"
            | "语句"
            | "查询"
            | "位置"
            | "TIPP"
            | "ZUSAMMENHANG"
            | "ANWEISUNG"
            | "ANFRAGE"
            | "ORT"
            | "DÉTAIL"
            | "ASTUCE"
            | "CONTEXTE"
            | "INSTRUCTION"
            | "REQUÊTE"
            | "EMPLACEMENT"
            | "DETALLE"
            | "CONTEXTO"
            | "SENTENCIA"
            | "CONSULTA"
            | "UBICACIÓN"
            | "詳細"
            | "ヒント"
            | "文脈"
            | "コンテキスト"
            | "ステートメント"
            | "文"
            | "問い合わせ"
            | "クエリ"
            | "場所"
            | "상세정보"
            | "힌트"
            | "내용"
            | "구문"
            | "명령"
            | "쿼리"
            | "위치"
            | "DETTAGLI"
            | "SUGGERIMENTO"
            | "CONTESTO"
            | "ISTRUZIONE"
            | "POSIZIONE"
            | "DETALHE"
            | "DICA"
            | "COMANDO"
            | "LOCAL"
    )
}

/// The process id: the first group of digits between the time and the severity.
pub(super) fn process(line: &[u8], from: usize, to: usize) -> Option<Range<usize>> {
    let span = line.get(from..to)?;
    for n in memchr::memchr_iter(b'[', span) {
        let inner = span.get(n + 1..)?;
        let digits = inner.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits > 0 && matches!(inner.get(digits), Some(b']' | b'-')) {
            return Some(from + n + 1..from + n + 1 + digits);
        }
    }
    None
}

/// PostgreSQL with a prefix that does not begin with the time, or with none at all.
pub(super) fn undated(line: &[u8], from: usize) -> Option<Head> {
    let (level, word) = severity(line, from, false)?;
    let prefix = line.get(from..word.start)?.trim_ascii();
    let first = prefix.split(|b| *b == b' ').next().unwrap_or(&[]);
    let time = stamp_within(line, from, word.start);
    // `<2026-11-22 14:36:07 UTC>`, `6921b0a6.61ca 2026-11-22 14:36:07 UTC`: a date behind a word at most
    let dated = time.as_ref().is_some_and(|t| {
        let before = line.get(from..t.start).unwrap_or(&[]).trim_ascii();
        line.get(t.start + 4) == Some(&b'-') && before.len() <= 40 && !before.contains(&b' ')
    });
    let telling = prefix.is_empty()
        || dated
        || (first.starts_with(b"[") && first.iter().any(u8::is_ascii_alphanumeric))
        || first.iter().any(|b| matches!(b, b'@' | b'='))
        // `1795358167.026`, `10.0.0.7(52432)`
        || (first.first().is_some_and(u8::is_ascii_digit)
            && first.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'(' | b')')))
        || first.starts_with(b"postgres[");
    if !telling {
        return None;
    }
    let thread = process(line, from, word.start);
    Some(Head { time, level: Some(level), after: word.end, word, kind: Kind::Postgres, thread, ..Head::default() })
}

fn stamp_within(line: &[u8], from: usize, to: usize) -> Option<Range<usize>> {
    let mut at = from;
    while at < to {
        let rest = line.get(at..to)?;
        if let Ok((left, _)) = terminated(time::stamp, opt(time::zone)).parse(rest) {
            return Some(at..to - left.len());
        }
        at += memchr::memchr3(b' ', b'[', b'=', rest)? + 1;
    }
    None
}
