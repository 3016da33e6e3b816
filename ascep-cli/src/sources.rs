//! The texts that make up a program: the files on the command line and, behind them, the files that they `USE`. The compiler does no
//! I/O, so everything it may ask for is read here beforehand; what cannot be found it reports itself, at the place of the `USE`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use ascep_lang::Source;
use ascep_lang::span::FileId;
use ascep_lang::syntax::{self, Item, UsePath};

use crate::error::Failure;

/// What `-` is called in diagnostics.
const STDIN: &str = "<stdin>";

/// Reads the files and all that they `USE`, each once, those of the command line first and in its order.
pub(crate) fn read_all(files: &[String], limits: &ascep_lang::Limits) -> Result<Vec<Source>, Failure> {
    let mut sources: Vec<Source> = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files {
        let name = if file == "-" { STDIN.to_owned() } else { tidy(Path::new(file)) };
        if !seen.insert(name.clone()) {
            return Err(Failure::Usage(format!("`{file}` is given twice")));
        }
        let bytes = if file == "-" { read_limited(io::stdin().lock(), limits) } else { open(file).and_then(|f| read_limited(f, limits)) };
        sources.push(Source::from_bytes(name, bytes.map_err(|source| read_failure(file, source))?));
    }
    let mut at = 0;
    while let Some(source) = sources.get(at) {
        let wanted = uses(source, limits);
        at += 1;
        for name in wanted {
            // A file that is not there is for the compiler to report; it knows the place.
            if seen.contains(&name) || !Path::new(&name).is_file() {
                continue;
            }
            let bytes = open(&name).and_then(|f| read_limited(f, limits)).map_err(|source| read_failure(&name, source))?;
            sources.push(Source::from_bytes(name.clone(), bytes));
            seen.insert(name);
        }
    }
    Ok(sources)
}

/// The names of the files that a source uses, as seen from the folder of that source.
fn uses(source: &Source, limits: &ascep_lang::Limits) -> Vec<String> {
    let folder = if source.name == STDIN { Path::new("") } else { Path::new(&source.name).parent().unwrap_or(Path::new("")) };
    let (tree, _) = syntax::parse(FileId(0), &source.text, limits);
    tree.items
        .iter()
        .filter_map(|item| match item {
            Item::Use { path: UsePath::File(path), .. } => Some(tidy(&folder.join(path.text.as_str()))),
            _ => None,
        })
        .collect()
}

/// A path without `.` and, as far as it can be done without looking at the disk, without `..`.
fn tidy(path: &Path) -> String {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidy.components().next_back(), Some(Component::Normal(_))) => {
                tidy.pop();
            }
            other => tidy.push(other),
        }
    }
    tidy.to_string_lossy().into_owned()
}

fn open(path: &str) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    Ok(file)
}

/// Reads up to one byte more than the compiler takes: enough for it to say that the file is too large, however large it is.
fn read_limited(from: impl Read, limits: &ascep_lang::Limits) -> io::Result<Vec<u8>> {
    let most = u64::try_from(limits.max_file_bytes).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    from.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_failure(path: &str, source: io::Error) -> Failure {
    if source.kind() == io::ErrorKind::IsADirectory {
        Failure::Folder { path: path.to_owned() }
    } else {
        Failure::Read { path: path.to_owned(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_tidied_without_looking_at_the_disk() {
        for (path, tidied) in [
            ("./a.cep", "a.cep"),
            ("x/./y/../a.cep", "x/a.cep"),
            ("../a.cep", "../a.cep"),
            ("x/../../a.cep", "../a.cep"),
            ("/x/../a", "/a"),
        ] {
            assert_eq!(tidy(Path::new(path)), tidied, "{path}");
        }
    }
}
