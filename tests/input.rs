//! The input stage on real files: what is found, in which order, what is refused, and that every byte comes through.

#![cfg(feature = "compress")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cdc_doctor::input::decode::{Caps, Stream, open_capped};
use cdc_doctor::input::{
    CHUNK, Compression, Discovered, Limits, Origin, Problem, STDIN_NAME, Source, SourceId, discover, for_each_chunk,
    open, read_all,
};
use flate2::write::GzEncoder;
use tempfile::TempDir;

const LINE: &str = "2026-11-22 14:31:59,231 INFO  org.apache.flink.runtime.taskexecutor.TaskManagerRunner [] - line\n";

/// A directory with these files in it.
fn dir(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

fn find(paths: &[PathBuf]) -> Discovered {
    discover(paths, Limits::default())
}

/// The sources' names, below `dir`.
fn names(found: &Discovered, dir: &TempDir) -> Vec<String> {
    let below = |s: &Source| s.name.trim_start_matches(&format!("{}/", dir.path().display())).to_owned();
    found.sources.iter().map(below).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Made by the zstd program; `None` (and a word why) without it.
fn zstd(text: &[u8], options: &[&str]) -> Option<Vec<u8>> {
    let started = Command::new("zstd").args(options).arg("-qc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = started else {
        println!("skipped: the zstd program is not installed");
        return None;
    };
    let (mut stdin, text) = (child.stdin.take().unwrap(), text.to_vec());
    let writer = std::thread::spawn(move || stdin.write_all(&text));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    Some(output.stdout)
}

/// Log text that packs badly enough for the packed stream to be long.
fn noise(lines: u64) -> Vec<u8> {
    let mut state = 7u64;
    let mut text = Vec::new();
    for at in 0..lines {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        writeln!(text, "2026-11-22 14:31:59,{:03} INFO  a.b.C [] - row {at} is {state:016x}", at % 1000).unwrap();
    }
    text
}

fn source(name: &str, origin: Origin) -> Source {
    Source { id: SourceId(0), name: name.into(), origin, explicit: true, series: None, compression: Compression::None }
}

/// Reads bytes as if they came by stdin.
fn piped(bytes: &[u8], size: usize) -> (Vec<u8>, Option<Problem>) {
    let mut text = Vec::new();
    let stdin: Stream = Box::new(Cursor::new(bytes.to_vec()));
    let source = source(STDIN_NAME, Origin::Stdin);
    let (count, problem) = read_all(&source, Some(stdin), size, &mut |piece| text.extend_from_slice(piece));
    assert_eq!(count, text.len() as u64);
    (text, problem)
}

/// Reads bytes from a file of this name.
fn filed(name: &str, bytes: &[u8]) -> (Vec<u8>, Option<Problem>) {
    let dir = dir(&[(name, bytes)]);
    let mut text = Vec::new();
    let source = source(name, Origin::File(dir.path().join(name)));
    let (_, problem) = read_all(&source, None, CHUNK, &mut |piece| text.extend_from_slice(piece));
    (text, problem)
}

fn same(got: &[u8], wanted: &[u8]) {
    assert_eq!(got.len(), wanted.len());
    assert!(got == wanted, "the bytes differ at {:?}", got.iter().zip(wanted).position(|(a, b)| a != b));
}

// ---- what is found, and in which order ----

#[test]
fn rotated_files_come_oldest_first() {
    let log = LINE.as_bytes();
    let packed = gzip(log);
    let dir = dir(&[
        ("jobmanager.log", log),
        ("taskmanager.log", log),
        ("taskmanager.log.1", log),
        ("taskmanager.log.2", log),
        ("taskmanager.log.10", log),
        ("taskmanager.log.2024-05-02", log),
        ("taskmanager.log.2024-05-01.gz", &packed),
        ("taskmanager-2024-04-30-2.log.gz", &packed),
        ("taskmanager-2024-04-30-10.log.gz", &packed),
        ("taskmanager.log-20240429", log),
        ("zookeeper.log", log),
    ]);
    let found = find(&[dir.path().into()]);
    assert_eq!(
        names(&found, &dir),
        [
            "jobmanager.log",
            "taskmanager.log-20240429",
            "taskmanager-2024-04-30-2.log.gz",
            "taskmanager-2024-04-30-10.log.gz",
            "taskmanager.log.2024-05-01.gz",
            "taskmanager.log.2024-05-02",
            "taskmanager.log.10",
            "taskmanager.log.2",
            "taskmanager.log.1",
            "taskmanager.log",
            "zookeeper.log",
        ]
    );
    let series: Vec<_> = found.sources.iter().map(|s| s.series).collect();
    assert_eq!(series.first(), Some(&None));
    assert_eq!(series.last(), Some(&None));
    assert!(series[1..10].iter().all(|s| *s == Some(0)), "{series:?}");
    let ids: Vec<_> = found.sources.iter().map(|s| s.id.0).collect();
    assert_eq!(ids, (0..11).collect::<Vec<_>>());
    assert_eq!(found.sources[2].compression, Compression::Gzip);
    assert!(found.skipped.is_empty() && found.problems.is_empty(), "{found:?}");
}

#[test]
fn time_stamps_tell_which_way_the_numbers_count() {
    let at = |minute: u32| format!("2026-11-22 14:{minute:02}:00,000 INFO  a.b.C [] - started\n").into_bytes();
    // Flink's own log4j2 configuration: a higher number is newer.
    let up = dir(&[("tm.log.1", &at(1)), ("tm.log.2", &gzip(&at(2))), ("tm.log.3", &at(3)), ("tm.log", &at(4))]);
    assert_eq!(names(&find(&[up.path().into()]), &up), ["tm.log.1", "tm.log.2", "tm.log.3", "tm.log"]);
    // logrotate, Docker, log4j 1: a higher number is older.
    let down = dir(&[("tm.log.1", &at(3)), ("tm.log.2", &gzip(&at(2))), ("tm.log.3", &at(1)), ("tm.log", &at(4))]);
    assert_eq!(names(&find(&[down.path().into()]), &down), ["tm.log.3", "tm.log.2", "tm.log.1", "tm.log"]);
}

#[test]
fn the_order_given_is_kept_and_rotated_files_join_their_first() {
    let log = LINE.as_bytes();
    let dir = dir(&[("b.log", log), ("a.log", log), ("a.log.1", log), ("sub/a.log.2", log)]);
    let at = |name: &str| dir.path().join(name);
    let found = find(&[at("b.log"), at("a.log"), at("sub/a.log.2"), at("a.log.1"), "-".into()]);
    assert_eq!(names(&found, &dir), ["b.log", "a.log.1", "a.log", "sub/a.log.2", STDIN_NAME]);
    let series: Vec<_> = found.sources.iter().map(|s| s.series).collect();
    assert_eq!(series, [None, Some(0), Some(0), None, None]);
    assert!(found.sources.iter().all(|s| s.explicit));
    assert_eq!(found.sources[4].origin, Origin::Stdin);
}

#[test]
fn numbers_that_are_no_rotation_make_no_series() {
    let log = LINE.as_bytes();
    for files in [
        ["10.0.0.1", "10.0.0.2"],
        ["taskmanager.1.log", "taskmanager.log"],
        ["tm.1", "tm.2"],
        ["a-1.2.jar.log", "a-1.3.jar.log"],
    ] {
        let dir = dir(&files.map(|f| (f, log)));
        let found = find(&[dir.path().into()]);
        assert_eq!(names(&found, &dir), files);
        assert!(found.sources.iter().all(|s| s.series.is_none()), "{found:?}");
    }
}

#[test]
fn a_packed_copy_of_a_rotated_file_is_read_once() {
    let log = LINE.as_bytes();
    let dir = dir(&[("tm.log", log), ("tm.log.1", log), ("tm.log.1.gz", &gzip(log)), ("tm.log.2.gz", &gzip(log))]);
    let found = find(&[dir.path().into()]);
    assert_eq!(names(&found, &dir), ["tm.log.2.gz", "tm.log.1", "tm.log"]);
    assert!(found.skipped[0].path.ends_with("tm.log.1.gz") && found.skipped[0].reason.starts_with("a packed copy of"));
}

#[test]
fn what_is_no_log_in_a_directory_is_skipped_with_a_reason() {
    let log = LINE.as_bytes();
    let gc = b"[0.005s][info][gc] Using G1\n[0.061s][info][gc,init] Version: 17.0.9\n";
    let dir = dir(&[
        ("conf/flink-conf.yaml", b"a: b\n"),
        ("flink.out", b"text\n"),
        ("lib/a.jar", b"PK\x03\x04zip"),
        ("gc.log.0.current", b"text\n"),
        ("taskmanager-gc.log", b"text\n"),
        ("memory.log", gc),
        ("core.1234", b"\x7fELF\x02\x01\x01\0\0\0\0"),
        ("empty.log", b""),
        ("empty.log.gz", &gzip(b"")),
        ("rest.json", b"{}"),
        ("rest.json.gz", &gzip(b"{}")),
        ("job.sql", b"select 1"),
        ("logs.zip", b"PK\x03\x04zip"),
        ("odd.log", b"PK\x03\x04zip"),
        (".hidden", log),
        (".git/config.log", log),
        ("a.log", log),
        ("b.txt", log),
        ("c", log),
        ("d.log.gz", &gzip(log)),
        ("e.log.2024-05-01-13", log),
    ]);
    let found = find(&[dir.path().into()]);
    assert_eq!(names(&found, &dir), ["a.log", "b.txt", "c", "d.log.gz", "e.log.2024-05-01-13"]);
    assert!(found.sources.iter().all(|s| !s.explicit));
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let root = format!("{}/", dir.path().display());
    let skipped: Vec<_> =
        found.skipped.iter().map(|s| format!("{}: {}", s.path.trim_start_matches(&root), s.reason)).collect();
    assert_eq!(
        skipped,
        [
            ".git: hidden",
            ".hidden: hidden",
            "conf/flink-conf.yaml: configuration or data, not a log",
            "core.1234: looks binary (not text, gzip or zstd)",
            "empty.log: empty",
            "empty.log.gz: empty",
            "flink.out: standard output of a process, not a log",
            "gc.log.0.current: a garbage collector log",
            "job.sql: configuration or data, not a log",
            "lib/a.jar: program code",
            "logs.zip: an archive; name it to have it read",
            "memory.log: a garbage collector log",
            "odd.log: a zip archive, not a log",
            "rest.json: configuration or data, not a log",
            "rest.json.gz: configuration or data, not a log",
            "taskmanager-gc.log: a garbage collector log",
        ]
    );
}

#[test]
fn a_skipped_file_that_is_named_is_read() {
    let dir = dir(&[("flink.out", LINE.as_bytes()), ("a.log", LINE.as_bytes())]);
    let found = find(&[dir.path().into(), dir.path().join("flink.out")]);
    assert_eq!(names(&found, &dir), ["a.log", "flink.out"]);
    assert!(found.skipped.is_empty(), "{:?}", found.skipped);
}

#[test]
fn the_same_file_is_read_once() {
    let dir = dir(&[("a.log", LINE.as_bytes()), ("sub/b.log", LINE.as_bytes())]);
    let at = |name: &str| dir.path().join(name);
    #[cfg(unix)]
    std::os::unix::fs::symlink(at("a.log"), at("link.log")).unwrap();
    fs::hard_link(at("a.log"), at("sub/hard.log")).unwrap();
    let mut paths = vec![dir.path().into(), at("a.log"), at("sub/../a.log"), at("sub"), "-".into(), "-".into()];
    if cfg!(unix) {
        paths.push(at("link.log"));
    }
    let found = find(&paths);
    assert_eq!(names(&found, &dir), ["a.log", "sub/b.log", STDIN_NAME]);
    // Met in the directory first, named later.
    let explicit: Vec<_> = found.sources.iter().map(|s| s.explicit).collect();
    assert_eq!(explicit, [true, false, true]);
    assert!(found.skipped.is_empty() && found.problems.is_empty(), "{found:?}");
}

#[cfg(unix)]
#[test]
fn links_out_of_a_directory_are_not_followed() {
    use std::os::unix::fs::symlink;
    let outside = dir(&[("secret.log", LINE.as_bytes())]);
    let dir = dir(&[("a.log", LINE.as_bytes()), ("sub/b.log", LINE.as_bytes()), (".x/c.log", b"c\n")]);
    symlink(outside.path().join("secret.log"), dir.path().join("out.log")).unwrap();
    symlink(outside.path(), dir.path().join("outdir")).unwrap();
    symlink("nowhere", dir.path().join("broken.log")).unwrap();
    symlink("sub/b.log", dir.path().join("in.log")).unwrap();
    symlink(".x/c.log", dir.path().join("hidden.log")).unwrap();
    symlink("..", dir.path().join("sub/loop")).unwrap();
    let found = find(&[dir.path().into()]);
    assert_eq!(names(&found, &dir), ["a.log", "sub/b.log"]);
    let skipped: Vec<_> = found.skipped.iter().map(|s| s.path.rsplit('/').next().unwrap()).collect();
    assert_eq!(skipped, [".x", "broken.log", "hidden.log", "out.log", "outdir"]);
    // A root that is itself a link is meant.
    symlink(dir.path(), outside.path().join("here")).unwrap();
    assert_eq!(find(&[outside.path().join("here")]).sources.len(), 2);
}

#[test]
fn globs_are_expanded() {
    let log = LINE.as_bytes();
    let dir =
        dir(&[("a.log", log), ("b.log", log), ("b.txt", log), (".c.log", log), ("x/d.log", log), ("x/y/e.log", log)]);
    let glob = |pattern: &str| find(&[dir.path().join(pattern)]);
    assert_eq!(names(&glob("*.log"), &dir), ["a.log", "b.log"]);
    assert_eq!(names(&glob("?.{log,txt}"), &dir), ["a.log", "b.log", "b.txt"]);
    assert_eq!(names(&glob("*/[d-f].log"), &dir), ["x/d.log"]);
    assert_eq!(names(&glob("**/*.log"), &dir), ["a.log", "b.log", "x/d.log", "x/y/e.log"]);
    assert_eq!(names(&glob("x*"), &dir), ["x/d.log", "x/y/e.log"]);
    assert!(glob("*.log").sources.iter().all(|s| s.explicit));
    let none = glob("*.gz");
    assert_eq!(none.problems[0].what, "no file fits this pattern");
    assert!(none.problems[0].fatal && none.sources.is_empty());
    assert!(glob("[.log").problems[0].what.starts_with("is not a file and not a pattern"));
    // A file whose name is a pattern is that file.
    fs::write(dir.path().join("odd[1].log"), log).unwrap();
    assert_eq!(names(&glob("odd[1].log"), &dir), ["odd[1].log"]);
}

#[test]
fn a_missing_file_gets_a_hint() {
    let dir = dir(&[("taskmanager.log", LINE.as_bytes()), ("jobmanager.log", LINE.as_bytes())]);
    let missing = |name: &str| find(&[dir.path().join(name)]).problems.remove(0);
    let problem = missing("taskmanger.log");
    assert_eq!(problem.what, "no such file");
    let wanted = format!("did you mean {}?", dir.path().join("taskmanager.log").display());
    assert_eq!(problem.help, Some(wanted));
    assert!(problem.fatal && problem.path.ends_with("taskmanger.log"));
    assert_eq!(missing("something else entirely").help, None);
    let wanted = format!("there is no directory {}", dir.path().join("lgo").display());
    assert_eq!(missing("lgo/taskmanager.log").help, Some(wanted));
    let wanted = format!("{} is a file, not a directory", dir.path().join("jobmanager.log").display());
    assert_eq!(missing("jobmanager.log/x").help, Some(wanted));
}

#[test]
fn one_bad_path_does_not_hide_the_others() {
    let dir = dir(&[("a.log", LINE.as_bytes())]);
    let found = find(&[dir.path().join("no.log"), dir.path().join("a.log")]);
    assert_eq!((names(&found, &dir), found.problems.len()), (vec!["a.log".to_owned()], 1));
}

#[test]
fn a_directory_without_logs_is_a_problem() {
    let empty = tempfile::tempdir().unwrap();
    let problem = find(&[empty.path().into()]).problems.remove(0);
    assert_eq!(problem.what, "no log in this directory");
    assert!(problem.fatal && problem.help.unwrap().starts_with("it is empty"));
    let dir = dir(&[("a.jar", b"x"), ("b.yaml", b"x")]);
    let found = find(&[dir.path().into()]);
    assert_eq!((found.problems.len(), found.skipped.len()), (1, 2));
    assert!(found.problems[0].help.as_ref().unwrap().contains("a.jar (program code) and 1 more"));
}

#[test]
fn the_search_has_a_limit() {
    let dir = dir(&[("a.log", LINE.as_bytes()), ("b.log", LINE.as_bytes()), ("c.log", LINE.as_bytes())]);
    let found = discover(&[dir.path().into()], Limits { files: 2, ..Limits::default() });
    assert_eq!(names(&found, &dir), ["a.log", "b.log"]);
    assert!(!found.problems[0].fatal && found.problems[0].what.contains("more files than the 2"));
}

#[cfg(unix)]
#[test]
fn permission_denied_says_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    let dir = dir(&[("a.log", LINE.as_bytes())]);
    let path = dir.path().join("a.log");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    for paths in [vec![path.clone()], vec![dir.path().into()]] {
        let problem = find(&paths).problems.remove(0);
        assert_eq!(problem.what, "permission denied");
        assert!(problem.fatal && problem.help.unwrap().contains("sudo cat ... | cdc-doctor"));
    }
}

#[cfg(unix)]
#[test]
fn devices_are_refused_and_pipes_are_read() {
    let problem = find(&["/dev/null".into()]).problems.remove(0);
    assert_eq!(problem.what, "is a device or a socket, not a file");
    let dir = dir(&[("a.log", LINE.as_bytes())]);
    let pipe = dir.path().join("pipe");
    if !Command::new("mkfifo").arg(&pipe).status().is_ok_and(|s| s.success()) {
        println!("skipped: no mkfifo");
        return;
    }
    let found = find(&[pipe.clone(), dir.path().into()]);
    assert_eq!(names(&found, &dir), ["pipe", "a.log"]);
    let writer = std::thread::spawn(move || fs::write(pipe, gzip(LINE.as_bytes())));
    let mut text = Vec::new();
    let (_, problem) = read_all(&found.sources[0], None, CHUNK, &mut |piece| text.extend_from_slice(piece));
    writer.join().unwrap().unwrap();
    assert_eq!((text.as_slice(), problem), (LINE.as_bytes(), None));
}

// ---- what is read ----

#[test]
fn any_chunk_size_gives_the_same_bytes() {
    let text = noise(40);
    let wide: Vec<u8> = String::from_utf8(text.clone()).unwrap().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut forms = vec![text.clone(), gzip(&text), wide];
    forms.extend(zstd(&text, &["--check"]));
    for form in &forms {
        for size in (0..=64).chain([CHUNK]) {
            let (got, problem) = piped(form, size);
            assert_eq!(problem, None);
            same(&got, &text);
        }
    }
}

#[test]
fn no_piece_is_larger_than_the_buffer_and_interruptions_pass() {
    struct Shy(bool, Cursor<Vec<u8>>);
    impl Read for Shy {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0 = !self.0;
            if self.0 { Err(io::ErrorKind::Interrupted.into()) } else { self.1.read(buf) }
        }
    }
    let text = noise(500);
    for form in [text.clone(), gzip(&text)] {
        let stdin: Stream = Box::new(Shy(false, Cursor::new(form)));
        let mut reader = open(&source(STDIN_NAME, Origin::Stdin), Some(stdin)).unwrap();
        let mut got = Vec::new();
        let count = for_each_chunk(&mut reader, 100, &mut |piece| {
            assert!(!piece.is_empty() && piece.len() <= 100);
            got.extend_from_slice(piece);
        });
        assert_eq!(count.unwrap(), text.len() as u64);
        same(&got, &text);
    }
}

#[test]
fn gzip_members_follow_each_other() {
    let (one, two) = (noise(3000), LINE.repeat(3).into_bytes());
    let mut packed = gzip(&one);
    packed.extend(gzip(b""));
    packed.extend(gzip(&two));
    let (got, problem) = filed("a.log.gz", &packed);
    assert_eq!(problem, None);
    same(&got, &[one.clone(), two.clone()].concat());
    // Padding of tapes and block devices.
    packed.extend([0; 700]);
    assert_eq!(filed("a.log.gz", &packed).1, None);
    packed.extend(b"text");
    let (got, problem) = filed("a.log.gz", &packed);
    same(&got, &[one, two].concat());
    assert!(problem.unwrap().what.contains("something else follows the last member"));
}

#[test]
fn gzip_headers_may_have_every_field() {
    let mut packed = vec![0x1f, 0x8b, 8, 0b1_1110, 0, 0, 0, 0, 0, 3];
    packed.extend(b"\x03\0abc");
    packed.extend(b"taskmanager.log\0a comment\0\xaa\xbb");
    packed.extend(&gzip(LINE.as_bytes())[10..]);
    let (got, problem) = filed("a", &packed);
    assert_eq!((got.as_slice(), problem), (LINE.as_bytes(), None));
}

#[test]
fn a_truncated_gzip_delivers_what_came_before() {
    let text = noise(100_000);
    let packed = gzip(&text);
    let (got, problem) = filed("tm.log.3.gz", &packed[..packed.len() / 2]);
    assert!(got.len() > text.len() / 3, "{}", got.len());
    same(&got, &text[..got.len()]);
    let problem = problem.unwrap();
    let size = got.len() / 1_000_000;
    let wanted = format!("the gzip stream ends early, after {size} MB; what came before was read");
    assert_eq!((problem.path.as_str(), problem.what), ("tm.log.3.gz", wanted));
    assert_eq!(problem.help.as_deref(), Some("a file still being written, or a copy cut short"));
    assert!(!problem.fatal);

    // Cut anywhere: in the header, in the data, in the trailer.
    let text = noise(20);
    let packed = gzip(&text);
    for cut in 3..packed.len() {
        let (got, problem) = piped(&packed[..cut], CHUNK);
        same(&got, &text[..got.len()]);
        let problem = problem.unwrap();
        assert!(problem.what.starts_with("the gzip stream ends early"), "{problem:?}");
        assert_eq!(problem.fatal, got.is_empty());
    }
}

#[test]
fn a_damaged_gzip_delivers_what_came_before() {
    let text = noise(2_000);
    let mut packed = gzip(&text);
    let middle = packed.len() / 2;
    packed[middle..middle + 20].fill(0xff);
    let (got, problem) = filed("a.gz", &packed);
    // Some rubbish may come out before the damage shows.
    assert!(got.len() > text.len() / 3, "{} of {}", got.len(), text.len());
    same(&got[..text.len() / 3], &text[..text.len() / 3]);
    let problem = problem.unwrap();
    assert!(problem.what.starts_with("the gzip stream is damaged (") && !problem.fatal, "{problem:?}");

    let mut packed = gzip(&text);
    let sum = packed.len() - 8;
    packed[sum] ^= 1;
    let (got, problem) = filed("a.gz", &packed);
    same(&got, &text);
    assert!(problem.unwrap().what.contains("the check sum does not fit"));
}

#[test]
fn zstd_frames_follow_each_other() {
    let (one, two) = (noise(60_000), LINE.repeat(3).into_bytes());
    let (Some(first), Some(second)) = (zstd(&one, &["-19", "--check"]), zstd(&two, &["--no-check"])) else { return };
    let skippable = b"\x55\x2a\x4d\x18\x03\0\0\0abc";
    let packed = [skippable, first.as_slice(), skippable, &second, skippable].concat();
    let (got, problem) = filed("a.log.1.zst", &packed);
    assert_eq!(problem, None);
    same(&got, &[one, two].concat());
    let (_, problem) = filed("a.log.1.zst", &[&packed, b"text".as_slice()].concat());
    assert!(problem.unwrap().what.contains("something else follows the last frame"));
}

#[test]
fn a_truncated_zstd_delivers_what_came_before() {
    let text = noise(100_000);
    let Some(packed) = zstd(&text, &["-3"]) else { return };
    let (got, problem) = filed("a.zst", &packed[..packed.len() / 2]);
    assert!(got.len() > text.len() / 3, "{}", got.len());
    same(&got, &text[..got.len()]);
    let problem = problem.unwrap();
    assert!(problem.what.starts_with("the zstd stream ends early, after ") && !problem.fatal, "{problem:?}");

    let text = noise(20);
    let packed = zstd(&text, &["--check"]).unwrap();
    for cut in 4..packed.len() {
        let (got, problem) = piped(&packed[..cut], CHUNK);
        same(&got, &text[..got.len()]);
        assert!(problem.unwrap().what.starts_with("the zstd stream ends early"));
    }
    let mut damaged = packed.clone();
    let sum = damaged.len() - 1;
    damaged[sum] ^= 1;
    let (got, problem) = piped(&damaged, CHUNK);
    same(&got, &text);
    assert!(problem.unwrap().what.contains("the check sum does not fit"));
}

#[test]
fn damage_anywhere_ends_in_a_problem_or_in_text() {
    let text = noise(200);
    let mut forms = vec![gzip(&text)];
    forms.extend(zstd(&text, &["--check"]));
    for form in forms {
        for at in 0..form.len() {
            let mut damaged = form.clone();
            damaged[at] ^= 0x55;
            let _ = piped(&damaged, CHUNK);
        }
    }
}

#[test]
fn bombs_are_stopped() {
    let mut bomb = GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b'a'; 64 << 20]).unwrap();
    let bomb = bomb.finish().unwrap();
    let (got, problem) = filed("a.log.gz", &bomb);
    assert!(got.len() > 16 << 20 && got.len() < 64 << 20, "{} of {}", got.len(), bomb.len());
    let problem = problem.unwrap();
    assert!(problem.what.starts_with("it unpacks to more than 1000 times its size, after "), "{problem:?}");

    let stdin: Stream = Box::new(Cursor::new(gzip(&noise(1000))));
    let caps = Caps { bytes: 5000, ..Caps::default() };
    let mut reader = open_capped(&source(STDIN_NAME, Origin::Stdin), Some(stdin), caps).unwrap();
    let mut got = Vec::new();
    let error = reader.read_to_end(&mut got).unwrap_err();
    assert_eq!((got.len(), error.to_string().contains("more than the 5 kB")), (5000, true));
}

#[test]
fn utf_16_is_transcoded() {
    let text = "2026-11-22 ERROR Rolle „flink“ existiert nicht 𝄞\r\n权限不够\r\n".repeat(3000);
    let pad = "2026-11-22 14:31:59,231 INFO  plain text first, as logs have it\r\n".repeat(80);
    let text = pad + &text;
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (mark, body) in [(b"\xff\xfe".as_slice(), &little), (b"", &little), (b"\xfe\xff", &big), (b"", &big)] {
        let form = [mark, body].concat();
        let (got, problem) = filed("a.log", &form);
        assert_eq!(problem, None);
        same(&got, text.as_bytes());
        same(&filed("a.log.gz", &gzip(&form)).0, text.as_bytes());
    }
    // Half a character at the end is no error.
    let (got, problem) = filed("a.log", &[b"\xff\xfe", little.as_slice(), b"\x61"].concat());
    assert_eq!((got.ends_with("\u{fffd}".as_bytes()), problem), (true, None));
}

#[test]
fn a_byte_order_mark_is_left_out_and_odd_bytes_stay() {
    let text = "§ ERROR \u{1b}[31mред\n".as_bytes();
    same(&filed("a.log", &[b"\xef\xbb\xbf", text].concat()).0, text);
    same(&filed("a.log.gz", &gzip(&[b"\xef\xbb\xbf", text].concat())).0, text);
    let latin = b"caf\xe9 \xff\xfe \x80 invalid\r\n".repeat(9);
    same(&filed("a.log", &latin).0, &latin);
    // PostgreSQL complains about this very byte: a lone NUL makes no binary file.
    let nul = [LINE.repeat(20).as_bytes(), b"invalid byte: \0\n"].concat();
    assert_eq!(filed("a.log", &nul), (nul, None));
}

#[test]
fn what_is_no_text_is_refused() {
    let what = |name: &str, bytes: &[u8]| {
        let (got, problem) = filed(name, bytes);
        let problem = problem.unwrap();
        assert!(got.is_empty() && problem.fatal && problem.path == name, "{problem:?}");
        (problem.what, problem.help.unwrap_or_default())
    };
    let binary = "looks binary (not text, gzip or zstd)";
    assert_eq!(what("core.1", b"\x7fELF\x02\x01").0, binary);
    assert_eq!(what("A.class", b"\xca\xfe\xba\xbe\0\0").0, binary);
    assert_eq!(what("x", b"abc\0def\0\0").0, binary);
    assert_eq!(what("x", &(0..=255).cycle().take(9000).collect::<Vec<u8>>()).0, binary);
    assert_eq!(what("x.gz", &gzip(b"abc\0def\0\0")).0, binary);
    let (zip, help) = what("logs.zip", b"PK\x03\x04zip");
    assert_eq!((zip.as_str(), help.contains("unzip logs.zip")), ("is a zip archive, not a log", true));
    let mut tar = vec![0; 1024];
    tar[..5].copy_from_slice(b"a.log");
    tar[257..262].copy_from_slice(b"ustar");
    for (name, bytes) in [("logs.tar", tar.clone()), ("logs.tgz", gzip(&tar))] {
        let (what, help) = what(name, &bytes);
        assert_eq!(what, "is a tar archive, not a log");
        assert!(help.starts_with("unpack it first: ") && help.contains(&format!("tar -xf {name}")), "{help}");
    }
    assert!(what("a.xz", b"\xfd7zXZ\0\0").1.contains("xzcat a.xz | cdc-doctor"));
    assert!(what("a.bz2", b"BZh91AY&SY").1.contains("bzcat"));
    assert_eq!(what("a.gz", &gzip(&gzip(LINE.as_bytes()))).0, "is packed twice");
    assert_eq!(what("a.log", b"").0, "is empty");
    assert_eq!(what("a.log.gz", &gzip(b"")).0, "is empty");
    assert!(what("a.log", b"\xff\xfe\0\0a\0\0\0").1.contains("iconv -f UTF-32LE"));
}

#[test]
fn an_empty_stdin_says_so() {
    let (_, problem) = piped(b"", CHUNK);
    let problem = problem.unwrap();
    assert_eq!((problem.path.as_str(), problem.what.as_str()), (STDIN_NAME, "stdin is empty"));
    assert!(problem.fatal && problem.help.unwrap().contains("2>&1 | cdc-doctor"));
}

#[test]
fn a_file_that_is_gone_by_now_is_a_problem() {
    let problem = open(&source("x", Origin::File(Path::new("/no/such/x.log").into())), None).err().unwrap();
    assert_eq!((problem.what.as_str(), problem.fatal), ("no such file", true));
}

#[test]
fn the_types_survive_json() {
    let one = source("ä.log", Origin::File("ä.log".into()));
    let json = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<Source>(&json).unwrap(), one);
    assert!(json.contains(r#""compression":"none""#), "{json}");
}
