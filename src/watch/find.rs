//! Which files are there now. Files are looked for by name and known by inode; nothing is opened.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use globset::GlobSet;

use super::identity::Inode;
use crate::input::follow;

/// Levels of directories that are searched.
const DEPTH: usize = 32;
/// Most files looked at.
const FILES: usize = 20_000;

/// A file.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its path.
    pub path: PathBuf,
    /// Which file it is.
    pub inode: Inode,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub changed: i128,
    /// The path is a symbolic link.
    pub link: bool,
}

/// What a look at all paths gave.
#[derive(Debug, Default)]
pub struct Sweep {
    /// Files that may be logs, in the order of their paths.
    pub files: Vec<Seen>,
    /// Directories that were read.
    pub directories: Vec<(PathBuf, Inode)>,
    /// What could not be looked at, and why.
    pub problems: Vec<(PathBuf, String)>,
    /// Some path is a symbolic link, so that no event may come for its file.
    pub links: bool,
    /// There were more files than are looked at.
    pub cut: bool,
    /// Names and paths that are passed over.
    exclude: GlobSet,
}

/// Looks at everything below these paths. Symbolic links to files are followed, as container runtimes make them; links to
/// directories are not, unless given.
#[must_use]
pub fn sweep(roots: &[PathBuf], exclude: &GlobSet) -> Sweep {
    let mut sweep = Sweep { exclude: exclude.clone(), ..Sweep::default() };
    for root in roots {
        match fs::metadata(root) {
            Ok(data) if data.is_dir() => directory(&mut sweep, root, None, 0),
            Ok(_) => siblings(&mut sweep, root),
            // it may come later; its directory may hold what was rotated meanwhile
            Err(e) if e.kind() == ErrorKind::NotFound => {
                if root.extension().is_some() && root.parent().is_some_and(Path::is_dir) {
                    siblings(&mut sweep, root);
                }
                sweep.problems.push((root.clone(), "does not exist".into()));
            }
            Err(e) => sweep.problems.push((root.clone(), why(&e))),
        }
    }
    sweep
}

/// What an error of the file system means for people.
#[must_use]
pub fn why(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "permission denied".into(),
        ErrorKind::NotFound => "does not exist".into(),
        _ => error.to_string(),
    }
}

/// A file that was named: the file, and what it is rotated to.
fn siblings(sweep: &mut Sweep, file: &Path) {
    let parent = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    directory(sweep, parent, Some(&follow::log_of(file)), DEPTH);
}

fn directory(sweep: &mut Sweep, path: &Path, log: Option<&Path>, depth: usize) {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(e) => {
            // a directory that is gone is no problem of its own
            if e.kind() != ErrorKind::NotFound {
                sweep.problems.push((path.to_owned(), why(&e)));
            }
            return;
        }
    };
    if let Ok(data) = fs::metadata(path) {
        sweep.directories.push((path.to_owned(), Inode::of(&data)));
    }
    let mut names: Vec<_> = entries.flatten().collect();
    names.sort_by_key(fs::DirEntry::file_name);
    for entry in names {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let full = if path == Path::new(".") { PathBuf::from(entry.file_name()) } else { entry.path() };
        if name.starts_with('.') {
            continue;
        }
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            let path = full.to_string_lossy();
            let passed_over = sweep.exclude.is_match(name.as_ref()) || sweep.exclude.is_match(path.as_ref());
            if depth < DEPTH && !passed_over {
                directory(sweep, &full, log, depth + 1);
            }
            continue;
        }
        let fits = log.map_or_else(
            || follow::no_log(&name).is_none(),
            |log| follow::log_of(&path.join(name.as_ref())) == path.join(log.file_name().unwrap_or_default()),
        );
        let path = full.to_string_lossy();
        if !fits || sweep.exclude.is_match(name.as_ref()) || sweep.exclude.is_match(path.as_ref()) {
            continue;
        }
        if sweep.files.len() >= FILES {
            sweep.cut = true;
            return;
        }
        if let Some(seen) = look(&full, kind.is_symlink()) {
            sweep.links |= seen.link;
            sweep.files.push(seen);
        }
    }
}

/// One file as it is now; `None` if it is none, or gone.
#[must_use]
pub fn look(path: &Path, link: bool) -> Option<Seen> {
    let data = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let changed = data.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok();
    let changed = changed.and_then(|d| i128::try_from(d.as_nanos()).ok()).unwrap_or(0);
    Some(Seen { path: path.to_owned(), inode: Inode::of(&data), size: data.len(), changed, link })
}
