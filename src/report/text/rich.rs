//! Styled text: cells with a role, their width, cutting and wrapping.
//!
//! Text enters through three doors: [`Rich::own`] (ours: glyphs become ASCII on request), [`Rich::log`] (a log's: kept as it
//! is) and [`Rich::code`] (SQL and commands: a tab becomes four blanks). All three neutralise control characters, terminal
//! escapes and characters that turn the direction of text. Colour is a role of a cell and decides nothing else.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthChar;

use super::glyphs::{ascii, escaped, is_unsafe};
use crate::report::Slot;
use crate::report::words;

/// Cells of a line's beginning, after its header, that are worth keeping before ` … `.
const LEAST_HEAD: usize = 8;

/// What a piece of text is for: the colour roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Plain,
    Certain,
    Likely,
    Possible,
    Good,
    Title,
    Path,
    Number,
    Match,
    Param,
    Fill,
    Warn,
    Danger,
    Quiet,
}

impl Role {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Certain | Self::Match | Self::Danger => colour(AnsiColor::Red).bold(),
            Self::Likely | Self::Fill => colour(AnsiColor::Yellow).bold(),
            Self::Possible => colour(AnsiColor::Cyan).bold(),
            Self::Good | Self::Number => colour(AnsiColor::Green),
            Self::Title => Style::new().bold(),
            Self::Path => colour(AnsiColor::Magenta),
            Self::Param => colour(AnsiColor::Cyan),
            Self::Warn => colour(AnsiColor::Yellow),
            Self::Quiet => Style::new().dimmed(),
        }
    }
}

/// One character with its role. A glued blank is no place to wrap at.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    ch: char,
    role: Role,
    glued: bool,
}

impl Cell {
    fn width(self) -> usize {
        self.ch.width().unwrap_or(0)
    }

    fn is_break(self) -> bool {
        self.ch == ' ' && !self.glued
    }
}

/// A piece of styled text, without line ends.
#[derive(Debug, Clone, Default)]
pub struct Rich {
    cells: Vec<Cell>,
    ascii: bool,
}

impl Rich {
    /// Nothing yet; `ascii` says whether our own text must do without glyphs.
    pub fn new(ascii: bool) -> Self {
        Self { cells: Vec::new(), ascii }
    }

    /// Adds text of ours. A no-break blank becomes a blank that does not wrap.
    pub fn own(mut self, text: &str, role: Role) -> Self {
        for ch in text.chars() {
            self.own_char(ch, role);
        }
        self
    }

    fn own_char(&mut self, ch: char, role: Role) {
        match ascii(ch).filter(|_| self.ascii) {
            Some(text) => self.cells.extend(text.chars().map(|ch| Cell { ch, role, glued: false })),
            None => self.log_char(ch, role),
        }
    }

    /// Adds text out of a log (or a name out of it).
    pub fn log(mut self, text: &str, role: Role) -> Self {
        for ch in text.chars() {
            self.log_char(ch, role);
        }
        self
    }

    /// Adds one character of a log; line ends and tabs become blanks, a no-break blank one that does not wrap.
    pub fn log_char(&mut self, ch: char, role: Role) {
        if matches!(ch, '\n' | '\t' | '\u{a0}') {
            self.cells.push(Cell { ch: ' ', role, glued: ch == '\u{a0}' });
        } else if is_unsafe(ch) || self.piles_up(ch) {
            self.cells.extend(escaped(ch).chars().map(|ch| Cell { ch, role, glued: false }));
        } else {
            self.cells.push(Cell { ch, role, glued: false });
        }
    }

    /// True for the fourth mark in a row that takes no cell of its own.
    fn piles_up(&self, ch: char) -> bool {
        ch.width() == Some(0) && self.cells.len() >= 3 && self.cells.iter().rev().take(3).all(|cell| cell.width() == 0)
    }

    /// Adds one line of SQL, a command or a record: no glyph is replaced, a tab becomes four blanks.
    pub fn code(mut self, text: &str, role: Role) -> Self {
        for ch in text.chars() {
            if ch == '\t' {
                self = self.log("    ", role);
            } else {
                self.log_char(ch, role);
            }
        }
        self
    }

    /// Adds text of ours in which `slots` mark what came from a log. `offset` is where `text` begins in what they count.
    pub fn slotted(mut self, text: &str, slots: &[Slot], offset: usize, role: Role, code: bool) -> Self {
        for (at, ch) in text.char_indices() {
            let at = at + offset;
            if slots.iter().any(|slot| slot.start <= at && at < slot.end) {
                self.log_char(ch, Role::Param);
            } else if code {
                self = self.code(ch.encode_utf8(&mut [0; 4]), role);
            } else {
                self.own_char(ch, role);
            }
        }
        self
    }

    /// Adds a phrase of the table with its named places filled in.
    pub fn fill(mut self, template: &str, values: &[(&str, &str, Role)], role: Role) -> Self {
        for piece in words::pieces(template) {
            match piece {
                words::Piece::Text(text) => self = self.own(text, role),
                words::Piece::Slot(name) => match values.iter().find(|value| value.0 == name) {
                    Some((_, value, Role::Plain)) => self = self.own(value, role),
                    Some((_, value, param)) => self = self.log(value, *param),
                    None => self = self.own(name, role),
                },
            }
        }
        self
    }

    /// Adds another piece.
    pub fn rich(mut self, other: &Self) -> Self {
        self.cells.extend_from_slice(&other.cells);
        self
    }

    /// Adds blanks.
    pub fn blanks(mut self, number: usize) -> Self {
        self.cells.extend(std::iter::repeat_n(Cell { ch: ' ', role: Role::Plain, glued: false }, number));
        self
    }

    /// Adds blanks up to a width.
    pub fn pad(self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.blanks(missing)
    }

    /// The same text in which no blank is a place to wrap at.
    pub fn glued(mut self) -> Self {
        for cell in &mut self.cells {
            cell.glued = true;
        }
        self
    }

    /// Cells it takes on a terminal.
    pub fn width(&self) -> usize {
        self.cells.iter().map(|cell| cell.width()).sum()
    }

    /// Its characters, without style.
    pub fn text(&self) -> String {
        self.cells.iter().map(|cell| cell.ch).collect()
    }

    /// True if there is no text.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Column and width of the cells of a role, from the first to the last of them.
    pub fn columns_of(&self, role: Role) -> Option<(usize, usize)> {
        let mut column = 0;
        let mut found: Option<(usize, usize)> = None;
        for cell in &self.cells {
            let end = column + cell.width();
            if cell.role == role {
                found = Some((found.map_or(column, |(start, _)| start), end));
            }
            column = end;
        }
        found.map(|(start, end)| (start, end - start))
    }

    /// The first cells that fit into `width`, and whether something was left over.
    fn head(&self, width: usize) -> (Self, bool) {
        let mut head = Self::new(self.ascii);
        let mut used = 0;
        for cell in &self.cells {
            used += cell.width();
            if used > width {
                return (head, true);
            }
            head.cells.push(*cell);
        }
        (head, false)
    }

    /// Cut at the right, with `…`, if it is wider than `width`.
    pub fn cut(&self, width: usize) -> Self {
        if self.width() <= width {
            return self.clone();
        }
        let dots = if self.ascii { 3 } else { 1 };
        self.head(width.saturating_sub(dots)).0.own("…", Role::Quiet)
    }

    /// Cut to `width` so that what begins at cell `mark` can be read: the middle before it makes way for ` … `. The first
    /// `keep` cells stay in any case.
    pub fn cut_to(&self, mark: usize, keep: usize, width: usize) -> Self {
        let tail = Self { cells: self.cells.get(mark..).unwrap_or(&[]).to_vec(), ascii: self.ascii };
        let keep = keep.min(mark);
        let gap = Self::new(self.ascii).own(" … ", Role::Quiet);
        let keep = self.cells.get(..keep).unwrap_or(&[]).iter().map(|cell| cell.width()).sum::<usize>();
        let room = width.saturating_sub(tail.width() + gap.width());
        let room = if room < keep + LEAST_HEAD { keep } else { room };
        let mut head = self.head(room).0;
        if head.len() >= mark {
            return self.cut(width);
        }
        head.trim();
        let room = width.saturating_sub(head.width() + gap.width());
        head.rich(&gap).rich(&tail.cut(room))
    }

    /// True if the first `cells` cells fit into `width`, with room for `…`.
    pub fn fits(&self, cells: usize, width: usize) -> bool {
        let dots = if self.ascii { 3 } else { 1 };
        self.cells.iter().take(cells).map(|cell| cell.width()).sum::<usize>() + dots <= width
    }

    /// The same text with one role in place of another.
    pub fn recoloured(mut self, from: Role, to: Role) -> Self {
        for cell in self.cells.iter_mut().filter(|cell| cell.role == from) {
            cell.role = to;
        }
        self
    }

    /// Role of the first cell.
    pub fn first_role(&self) -> Role {
        self.cells.first().map_or(Role::Plain, |cell| cell.role)
    }

    /// Number of characters.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Takes trailing blanks off.
    pub fn trim(&mut self) {
        while self.cells.last().is_some_and(|cell| cell.ch == ' ') {
            self.cells.pop();
        }
    }

    /// Wraps at blanks: `first` cells for the first line, `rest` for the others. A word that no line can hold is broken.
    /// Runs of blanks become one unless `keep`.
    pub fn wrap(&self, first: usize, rest: usize, keep: bool) -> Vec<Self> {
        let mut lines = Vec::new();
        let mut line = Self::new(self.ascii);
        let mut room = first.max(1);
        let mut used = 0;
        let mut blanks: Vec<Cell> = Vec::new();
        let mut word: Vec<Cell> = Vec::new();
        let end = Cell { ch: ' ', role: Role::Plain, glued: false };
        for cell in self.cells.iter().copied().chain(std::iter::once(end)) {
            if !cell.is_break() {
                word.push(cell);
                continue;
            }
            let wide: usize = word.iter().map(|cell| cell.width()).sum();
            let gap = if line.is_empty() { 0 } else { blanks.len() };
            if !word.is_empty()
                && !line.is_empty()
                && used + gap + wide > room
                && (wide <= rest || used + gap + 8 > room)
            {
                lines.push(std::mem::replace(&mut line, Self::new(self.ascii)));
                room = rest.max(1);
                used = 0;
            } else if !word.is_empty() && !line.is_empty() {
                used += blanks.len();
                line.cells.append(&mut blanks);
            }
            if !word.is_empty() {
                blanks.clear();
            }
            for cell in word.drain(..) {
                if line.is_empty() && !lines.is_empty() && cell.ch == ' ' {
                    continue;
                }
                if used + cell.width() > room && !line.is_empty() {
                    lines.push(std::mem::replace(&mut line, Self::new(self.ascii)));
                    room = rest.max(1);
                    used = 0;
                }
                used += cell.width();
                line.cells.push(cell);
            }
            if keep || blanks.is_empty() {
                blanks.push(cell);
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// Writes the line and its end.
    ///
    /// # Errors
    /// What `out` answers.
    pub fn write(&self, color: bool, out: &mut dyn Write) -> io::Result<()> {
        let mut text = String::new();
        let mut cells = self.cells.iter().peekable();
        while let Some(cell) = cells.next() {
            text.push(cell.ch);
            let role = cell.role;
            if cells.peek().is_none_or(|next| next.role != role) {
                if color && role != Role::Plain {
                    let style = role.style();
                    write!(out, "{style}{text}{style:#}")?;
                } else {
                    out.write_all(text.as_bytes())?;
                }
                text.clear();
            }
        }
        out.write_all(b"\n")
    }
}
