//! What several tests need: golden files, compared or with `UPDATE_GOLDENS=1 cargo test -p ascep-lang` written anew, and the worked cases.
#![allow(dead_code, reason = "each test uses a part")]

use std::path::{Path, PathBuf};

/// A path inside the package.
pub(crate) fn path(inside: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(inside)
}

/// Compares `text` with the golden file, or writes it.
///
/// # Errors
/// What differs.
pub(crate) fn golden(inside: &str, text: &str) -> Result<(), String> {
    let file = path("tests/golden").join(inside);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::create_dir_all(file.parent().ok_or("no folder")?).map_err(|e| e.to_string())?;
        return std::fs::write(&file, text).map_err(|e| e.to_string());
    }
    let wanted = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    if wanted == text {
        return Ok(());
    }
    let at = wanted.lines().zip(text.lines()).position(|(a, b)| a != b);
    let at = at.unwrap_or_else(|| wanted.lines().count().min(text.lines().count()));
    Err(format!(
        "{inside} differs from line {}\n  golden: {:?}\n  now:    {:?}\nrun UPDATE_GOLDENS=1 cargo test -p ascep-lang and look at the change",
        at + 1,
        wanted.lines().nth(at),
        text.lines().nth(at)
    ))
}

/// The rules of the worked cases, with the name of their case; they lie beside the repository. None where they are absent, which is an error under `CI`.
pub(crate) fn cases() -> Option<Vec<(String, String)>> {
    let folder = std::env::var_os("ASCEP_SHARED").map_or_else(|| path("../../shared"), PathBuf::from).join("cases");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        assert!(std::env::var_os("CI").is_none(), "no worked cases at {}", folder.display());
        eprintln!("SKIPPED: no worked cases at {}", folder.display());
        return None;
    };
    let mut cases: Vec<_> = entries
        .filter_map(|entry| {
            let case = entry.ok()?.path();
            Some((case.file_name()?.to_str()?.to_owned(), std::fs::read_to_string(case.join("rules.cep")).ok()?))
        })
        .collect();
    cases.sort();
    Some(cases)
}
