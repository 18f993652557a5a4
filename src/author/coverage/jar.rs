//! Classes in jars, also in jars within jars.

use super::JarSays;

/// Largest entry that is unpacked, bytes.
#[cfg(feature = "jars")]
const MOST: u64 = 256 << 20;
/// Jars within jars within jars.
#[cfg(feature = "jars")]
const DEPTH: u8 = 3;

/// Reads the classes of a jar whose package begins with one of `packages` (all, if there are none).
///
/// # Errors
/// In words, if the bytes are no jar.
#[cfg(feature = "jars")]
pub fn read(name: &str, bytes: &[u8], packages: &[String]) -> Result<Vec<JarSays>, String> {
    let mut all = Vec::new();
    open(name, bytes, packages, DEPTH, &mut all)?;
    Ok(all)
}

/// Without the feature `jars` nothing can be read.
///
/// # Errors
/// Always.
#[cfg(not(feature = "jars"))]
pub fn read(name: &str, _: &[u8], _: &[String]) -> Result<Vec<JarSays>, String> {
    Err(format!("{name}: this program was built without the feature jars"))
}

#[cfg(feature = "jars")]
fn open(name: &str, bytes: &[u8], packages: &[String], depth: u8, all: &mut Vec<JarSays>) -> Result<(), String> {
    use std::io::{Cursor, Read};

    let wrong = |e: zip::result::ZipError| format!("not a jar: {e}");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(wrong)?;
    let mut jar = JarSays { name: name.to_owned(), ..JarSays::default() };
    let prefixes: Vec<String> = packages.iter().map(|p| p.replace('.', "/")).collect();
    let mut names: Vec<(String, usize)> =
        (0..archive.len()).filter_map(|i| Some((archive.name_for_index(i)?.to_owned(), i))).collect();
    names.sort();
    for (entry, index) in names {
        let class = entry.strip_suffix(".class");
        // classes of a later Java repeat those of the jar; relocated packages have the wanted one inside
        let wanted = class.is_some_and(|c| {
            !c.starts_with("META-INF/")
                && (prefixes.is_empty() || prefixes.iter().any(|p| c.starts_with(p) || c.contains(&format!("/{p}/"))))
        });
        let nested = entry.rsplit('.').next() == Some("jar") && depth > 0;
        if !wanted && !nested {
            continue;
        }
        let file = archive.by_index(index).map_err(wrong)?;
        let mut content = Vec::new();
        file.take(MOST).read_to_end(&mut content).map_err(|e| format!("{entry}: {e}"))?;
        if nested {
            open(&format!("{name}!{entry}"), &content, packages, depth - 1, all)?;
        } else if let Some(class) = super::classfile::read(&content) {
            super::add(&mut jar, &class);
        }
    }
    super::tidy(&mut jar);
    all.push(jar);
    Ok(())
}
