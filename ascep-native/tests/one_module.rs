//! The word `unsafe` stands in the files of one module and in no other code of the repository.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

/// All files of Rust below a directory, without what was built.
fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default();
        if path.is_symlink() || name == "target" || name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether code has the keyword, outside of comments and texts in quotes.
fn has_it(text: &str) -> bool {
    let keyword = ["un", "safe"].concat();
    text.lines().any(|line| {
        let code = line.split("//").next().unwrap_or_default();
        // Quotes that begin or end no text.
        let code = code.replace("'\"'", "").replace("\\\"", "");
        let outside = code.split('"').step_by(2);
        outside.flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_')).any(|word| word == keyword)
    })
}

#[test]
fn the_keyword_is_seen_in_code_alone() {
    let keyword = ["un", "safe"].concat();
    let code = [format!("{keyword} {{ f() }}"), format!("f('\"'); {keyword} {{}} g('\"')"), format!("a(\"x\\\"\", {keyword} {{}})")];
    assert!(code.iter().all(|line| has_it(line)), "{code:?}");
    let other = [format!("// {keyword}"), format!("f(\"{keyword}\")"), format!("{keyword}_code")];
    assert!(!other.iter().any(|line| has_it(line)), "{other:?}");
}

#[test]
fn code_that_is_not_checked_stands_in_one_module() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // In a package alone there are no other crates.
    let all = root.parent().filter(|parent| parent.join("ascep-runtime").is_dir()).unwrap_or(root);
    let mut found = Vec::new();
    files(all, &mut found);
    assert!(found.len() > 20, "{} files", found.len());
    let with: Vec<&PathBuf> = found.iter().filter(|path| has_it(&fs::read_to_string(path).unwrap())).collect();
    let module = root.join("src").join("bare");
    let (inside, outside): (Vec<&PathBuf>, Vec<&PathBuf>) =
        with.into_iter().partition(|path| path.starts_with(&module) || **path == module.with_extension("rs"));
    assert_eq!(outside, Vec::<&PathBuf>::new());
    assert!(!inside.is_empty());
}
