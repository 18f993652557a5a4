//! `--output ndjson=FILE`: a file in which every event stands exactly once.
//!
//! The state knows how long the file was when the events of that state were not in it yet, and holds those events. So after a crash
//! the file is cut back to that length and they are written again, the same bytes.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::event::Event;
use super::identity::Inode;
use super::state::Mark;

/// One output file.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
    file: Option<File>,
    inode: Option<Inode>,
    len: u64,
    /// Lines that could not be written yet.
    waiting: Vec<u8>,
}

impl Output {
    /// Opens the file and cuts it back to what the state knows; without one, events go behind what is there. The text says what
    /// was found.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: &Path, mark: Option<&Mark>, outbox: &[Event]) -> io::Result<(Self, Option<String>)> {
        let mut output = Self { path: path.to_owned(), file: None, inode: None, len: 0, waiting: Vec::new() };
        output.reopen()?;
        let mut remark = None;
        match mark {
            Some(mark) if mark.inode == output.inode && output.len >= mark.len => {
                if let Some(file) = &output.file {
                    file.set_len(mark.len)?;
                }
                output.len = mark.len;
            }
            Some(_) => {
                remark = Some(format!("{} was replaced or cut short; events go behind what is there", path.display()));
                output.end_line()?;
            }
            None => output.end_line()?,
        }
        if mark.is_some() {
            output.write(outbox);
        }
        Ok((output, remark))
    }

    fn reopen(&mut self) -> io::Result<()> {
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&self.path)?;
        let data = file.metadata()?;
        if !data.is_file() {
            return Err(io::Error::other("is not a regular file"));
        }
        self.inode = Some(Inode::of(&data));
        self.len = data.len();
        self.file = Some(file);
        Ok(())
    }

    /// A last line without its end gets one: it is not ours.
    fn end_line(&mut self) -> io::Result<()> {
        let Some(file) = self.file.as_mut().filter(|_| self.len > 0) else { return Ok(()) };
        let mut last = [0];
        file.seek(SeekFrom::Start(self.len - 1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
            self.len += 1;
        }
        Ok(())
    }

    /// How far it is part of the state that is about to be stored. Lines that wait are not in it.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark { len: self.len, inode: self.inode }
    }

    /// Nothing waits to be written.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Writes events, and what could not be written before. True if all is written and on the disk.
    pub fn write(&mut self, events: &[Event]) -> bool {
        for event in events {
            self.waiting.extend_from_slice(event.json().as_bytes());
        }
        if self.waiting.is_empty() {
            return true;
        }
        self.flush().is_ok()
    }

    fn flush(&mut self) -> io::Result<()> {
        // somebody may have moved it away, as logrotate does
        let there = std::fs::metadata(&self.path).ok().map(|d| (Inode::of(&d), d.len()));
        if self.file.is_none() || there.map(|(inode, _)| inode) != self.inode {
            self.file = None;
            self.reopen()?;
        } else if let Some((_, len)) = there
            && len < self.len
        {
            self.len = len;
        }
        let len = self.len;
        let Some(file) = &mut self.file else { return Ok(()) };
        file.seek(SeekFrom::Start(len))?;
        if let Err(e) = file.write_all(&self.waiting).and_then(|()| file.sync_data()) {
            // half a line is none
            let _ = file.set_len(len);
            return Err(e);
        }
        self.len += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }
}
