//! From the paths of the command line to an ordered list of sources.
//!
//! A file named there is always a source, whatever its name; what is met in a directory must look like a log. Directories are
//! walked in the order of names, and never left through a symbolic link. A file that is reached twice is read once. Rotated
//! files of one log become a series, oldest first; other than that, the order given is kept.

mod glob;
mod series;

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::{Compression, Origin, Problem, STDIN_NAME, Skipped, Source, SourceId, decode, fault, filter, sniff};
pub(super) use series::{Place, arrange};

/// What is wrong with a directory that holds none.
pub const NO_LOG: &str = "no log in this directory";

/// How far the search goes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most files looked at in all directories together.
    pub files: usize,
    /// Most levels of directories below a given one.
    pub depth: usize,
}

impl Default for Limits {
    /// 10 000 files, 32 levels.
    fn default() -> Self {
        Self { files: 10_000, depth: 32 }
    }
}

/// What the paths came to.
#[derive(Debug, Clone, Default)]
pub struct Discovered {
    /// What to read, in this order.
    pub sources: Vec<Source>,
    /// What was met in directories and is no log.
    pub skipped: Vec<Skipped>,
    /// What was asked for and cannot be had.
    pub problems: Vec<Problem>,
}

/// Finds what `paths` mean: files, directories (with everything below), globs that the shell did not expand, `-` for stdin.
///
/// Never fails: what cannot be used is in [`Discovered::problems`], and the rest is found all the same. The same file system
/// gives the same result.
#[must_use]
pub fn discover(paths: &[PathBuf], limits: Limits) -> Discovered {
    let mut search = Search { limits, ..Search::default() };
    for path in paths {
        search.given(path);
    }
    search.finish()
}

/// What makes a file the same file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    Stdin,
    #[cfg(unix)]
    Inode(u64, u64),
    #[cfg(not(unix))]
    Path(PathBuf),
}

impl Identity {
    #[cfg(unix)]
    fn of(_: &Path, data: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self::Inode(data.dev(), data.ino())
    }

    #[cfg(not(unix))]
    fn of(path: &Path, _: &Metadata) -> Self {
        Self::Path(fs::canonicalize(path).unwrap_or_else(|_| path.into()))
    }
}

#[derive(Default)]
struct Search {
    limits: Limits,
    /// Files looked at in directories.
    looked_at: usize,
    /// Times a log was met, new or known.
    logs: usize,
    found: Vec<(Source, Option<Place>)>,
    seen: BTreeMap<Identity, usize>,
    skipped: Vec<(Option<Identity>, Skipped)>,
    problems: Vec<Problem>,
}

impl Search {
    /// One argument.
    fn given(&mut self, path: &Path) {
        let name = path.display().to_string();
        if name == "-" {
            self.add(Identity::Stdin, source(STDIN_NAME.into(), Origin::Stdin, true), None);
        } else if glob::is_pattern(&name) && fs::symlink_metadata(path).is_err() {
            match glob::expand(path, self.limits) {
                Ok(fitting) => fitting.iter().for_each(|path| self.path(path)),
                Err((what, help)) => self.problems.push(Problem { path: name, what, help, fatal: true }),
            }
        } else {
            self.path(path);
        }
    }

    /// A path that is no pattern.
    fn path(&mut self, path: &Path) {
        let name = path.display().to_string();
        let outcome = fs::metadata(path).and_then(|data| {
            if data.is_dir() {
                self.directory(path);
                return Ok(());
            }
            self.named(path, &name, &data)
        });
        if let Err(e) = outcome {
            self.problems.push(fault::unopened(path, &name, &e));
        }
    }

    /// A file of the command line. A pipe is not opened: what is read of it now would be missing later.
    fn named(&mut self, path: &Path, name: &str, data: &Metadata) -> io::Result<()> {
        let mut source = source(name.into(), Origin::File(path.into()), true);
        let identity = Identity::of(path, data);
        if data.is_file() {
            let mut magic = Vec::new();
            File::open(path)?.take(4).read_to_end(&mut magic)?;
            source.compression = sniff::content(&magic).compression();
            self.add(identity, source, Place::of(path));
        } else if is_pipe(data) {
            self.add(identity, source, None);
        } else {
            let what = "is a device or a socket, not a file".into();
            self.problems.push(Problem { path: name.into(), what, help: None, fatal: true });
        }
        Ok(())
    }

    /// Everything below a directory.
    fn directory(&mut self, root: &Path) {
        let shown = root.display().to_string();
        let (logs, problems, skipped) = (self.logs, self.problems.len(), self.skipped.len());
        let mut walk = WalkDir::new(root).max_depth(self.limits.depth).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            match entry {
                Ok(entry) if entry.depth() == 0 => {}
                Ok(entry) if entry.file_type().is_dir() => {
                    if entry.file_name().to_string_lossy().starts_with('.') {
                        self.skip(None, entry.path(), "hidden");
                        walk.skip_current_dir();
                    }
                }
                Ok(_) if self.looked_at >= self.limits.files => {
                    let what = format!(
                        "has more files than the {} that are looked at; the rest was left out",
                        self.limits.files
                    );
                    let help = Some("name the directory of the logs, or the files".into());
                    self.problems.push(Problem { path: shown.clone(), what, help, fatal: false });
                    break;
                }
                Ok(entry) => {
                    self.looked_at += 1;
                    if let Err(e) = self.met(root, &entry) {
                        let path = entry.path();
                        self.problems.push(fault::unopened(path, &path.display().to_string(), &e));
                    }
                }
                Err(e) => {
                    let path = e.path().unwrap_or(root).to_owned();
                    self.problems.push(fault::unopened(&path, &path.display().to_string(), &e.into()));
                }
            }
        }
        if self.logs == logs && self.problems.len() == problems {
            let help = match self.skipped.get(skipped..).unwrap_or_default() {
                [] => "it is empty; give the directory of the logs, as /opt/flink/log".to_owned(),
                [(_, one)] => format!("it holds {} ({}); name it to have it read", one.path, one.reason),
                [(_, one), rest @ ..] => {
                    format!("it holds {} ({}) and {} more; name one to have it read", one.path, one.reason, rest.len())
                }
            };
            self.problems.push(Problem { path: shown, what: NO_LOG.into(), help: Some(help), fatal: true });
        }
    }

    /// A file in a directory.
    fn met(&mut self, root: &Path, entry: &DirEntry) -> io::Result<()> {
        let path = entry.path();
        if entry.path_is_symlink() {
            let root = fs::canonicalize(root)?;
            match fs::canonicalize(path) {
                Ok(target) if target.starts_with(&root) => {
                    // The walk comes to the file itself, unless it is hidden.
                    let mut below = target.strip_prefix(&root).unwrap_or(&target).components();
                    if below.any(|part| part.as_os_str().to_string_lossy().starts_with('.')) {
                        self.skip(None, path, "a symbolic link to a hidden file; name it to have it read");
                    }
                }
                Ok(_) => self.skip(None, path, "a symbolic link out of the directory; name it to have it read"),
                Err(_) => self.skip(None, path, "a symbolic link that leads nowhere"),
            }
            return Ok(());
        }
        let data = entry.metadata()?;
        if !data.is_file() {
            self.skip(None, path, "not a regular file");
            return Ok(());
        }
        let mut source = source(path.display().to_string(), Origin::File(path.into()), false);
        let identity = Identity::of(path, &data);
        if !self.seen.contains_key(&identity) {
            let mut reason = filter::by_name(&entry.file_name().to_string_lossy()).map(str::to_owned);
            let doubtful = reason.is_some() && filter::may_hold_events(&entry.file_name().to_string_lossy());
            if reason.is_none() || doubtful {
                let (compression, head) = decode::head(path)?;
                source.compression = compression;
                let head = head.as_deref().map_err(|content| *content);
                if !doubtful {
                    reason = filter::by_content(head);
                } else if head.is_ok_and(filter::begins_with_events) {
                    reason = None;
                }
            }
            if let Some(reason) = reason {
                self.skip(Some(identity), path, &reason);
                return Ok(());
            }
        }
        self.add(identity, source, Place::of(path));
        Ok(())
    }

    /// A source, unless it is one already.
    fn add(&mut self, identity: Identity, source: Source, place: Option<Place>) {
        self.logs += 1;
        if let Some((known, _)) = self.seen.get(&identity).and_then(|at| self.found.get_mut(*at)) {
            known.explicit |= source.explicit;
        } else {
            self.seen.insert(identity, self.found.len());
            self.found.push((source, place));
        }
    }

    fn skip(&mut self, identity: Option<Identity>, path: &Path, reason: &str) {
        self.skipped.push((identity, Skipped { path: path.display().to_string(), reason: reason.into() }));
    }

    /// Numbers the sources; forgets what was skipped in a directory and named elsewhere.
    fn finish(self) -> Discovered {
        let (mut sources, copies) = arrange(self.found, &series::head);
        for (number, source) in (0..).zip(&mut sources) {
            source.id = SourceId(number);
        }
        let seen = self.seen;
        let kept =
            self.skipped.into_iter().filter(|(identity, _)| identity.as_ref().is_none_or(|i| !seen.contains_key(i)));
        let mut skipped: Vec<Skipped> = Vec::new();
        let mut paths = std::collections::BTreeSet::new();
        for one in kept.map(|(_, one)| one).chain(copies) {
            if paths.insert(one.path.clone()) {
                skipped.push(one);
            }
        }
        Discovered { sources, skipped, problems: self.problems }
    }
}

/// A source whose number and series come later.
fn source(name: String, origin: Origin, explicit: bool) -> Source {
    Source { id: SourceId(0), name, origin, explicit, series: None, compression: Compression::None }
}

/// A named pipe, or a shell's `<(command)`.
fn is_pipe(data: &Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::FileTypeExt::is_fifo(&data.file_type());
    #[cfg(not(unix))]
    return !data.is_file() && !data.is_dir();
}
