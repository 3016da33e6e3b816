//! `USE`: files in the order in which they are read, an included file at the place of its first `USE`.

use rustc_hash::FxHashMap;

use super::Checker;
use crate::diagnostic::Code;
use crate::syntax::{Item, StrLit, Tree, UsePath};

/// An item with its tree.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) tree: &'a Tree,
    pub(super) item: &'a Item,
    /// Its file was included by a `USE`: names that nobody uses are no finding there.
    pub(super) included: bool,
}

/// The library modules.
const MODULES: [&str; 1] = ["arbitrage"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// `dir/../a/./b.cep` as `a/b.cep`; what leads above the start stays.
fn normalize(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']) {
        match part {
            "." => {}
            "" if !parts.is_empty() => {}
            ".." if parts.last().is_some_and(|p| !p.is_empty() && *p != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// A path as written in a file, from where that file's own name starts.
fn relative(from: &str, path: &str) -> String {
    if path.starts_with(['/', '\\']) {
        return normalize(path);
    }
    match from.rfind(['/', '\\']) {
        Some(end) => normalize(&format!("{}/{path}", from.get(..end).unwrap_or(""))),
        None => normalize(path),
    }
}

impl<'a> Checker<'a> {
    /// All items of all files in order.
    pub(super) fn gather(&mut self) -> Vec<Placed<'a>> {
        let mut by_name = FxHashMap::default();
        for (index, file) in self.files.iter().enumerate() {
            by_name.entry(normalize(file.name)).or_insert(index);
        }
        // An included file is read at its `USE`, also where the host gave it before the file that uses it.
        let mut included = vec![false; self.files.len()];
        for file in self.files {
            for item in &file.tree.items {
                if let Item::Use { path: UsePath::File(path), .. } = item
                    && let Some(&target) = by_name.get(&relative(file.name, &path.text))
                    && let Some(slot) = included.get_mut(target)
                {
                    *slot = true;
                }
            }
        }
        let roots = (0..self.files.len()).filter(|&i| included.get(i) == Some(&false));
        // Files in a circle have no root among them and are read all the same, for their errors.
        let order: Vec<usize> = roots.chain(0..self.files.len()).collect();
        let mut walk = Walk { states: vec![State::New; self.files.len()], open: Vec::new(), by_name, included, items: Vec::new() };
        for root in order {
            self.walk(&mut walk, root);
        }
        walk.items
    }

    fn walk(&mut self, walk: &mut Walk<'a>, root: usize) {
        if walk.states.get(root) != Some(&State::New) {
            return;
        }
        walk.enter(root);
        while let Some(&(index, next)) = walk.open.last() {
            let Some(file) = self.files.get(index) else { return };
            let Some(item) = file.tree.items.get(next) else {
                walk.leave();
                continue;
            };
            if let Some(top) = walk.open.last_mut() {
                top.1 += 1;
            }
            match item {
                Item::Use { path: UsePath::File(path), .. } => {
                    if let Some(target) = self.target(walk, index, path) {
                        walk.enter(target);
                    }
                }
                Item::Use { path: UsePath::Module(name), .. } if MODULES.contains(&name.text.as_str()) => self.modules.push(&name.text),
                Item::Use { path: UsePath::Module(name), .. } => {
                    self.report(Code::UnknownModule, name.span, |c, d| {
                        let nearest = c.suggest(&name.text, |_| MODULES.to_vec());
                        d.says(format!("there is no library module `{}`", name.text), "")
                            .meant(name.span, nearest)
                            .help("a file is named by its path in quotes: `USE \"./mine.cep\"`")
                    });
                }
                item => {
                    let included = walk.included.get(index) == Some(&true);
                    walk.items.push(Placed { tree: file.tree, item, included });
                }
            }
        }
    }

    /// The file that a `USE` includes, if it is there and has not been read.
    fn target(&mut self, walk: &Walk<'a>, from: usize, path: &StrLit) -> Option<usize> {
        let file = self.files.get(from)?;
        let wanted = relative(file.name, &path.text);
        let Some(&target) = walk.by_name.get(&wanted) else {
            self.report(Code::UseNotFound, path.span, |c, d| {
                let nearest = c.suggest(&wanted, |_| walk.by_name.keys().map(String::as_str).collect());
                let d = d.says(format!("there is no file `{wanted}` among the sources"), "");
                match nearest {
                    Some(name) => d.help(format!("did you mean `{name}`?")),
                    None => d,
                }
            });
            return None;
        };
        match walk.states.get(target)? {
            State::New => Some(target),
            State::Done => None,
            State::Open => {
                let start = walk.open.iter().position(|o| o.0 == target).unwrap_or(0);
                let circle: Vec<&str> = walk
                    .open
                    .iter()
                    .skip(start)
                    .filter_map(|o| self.files.get(o.0))
                    .map(|f| f.name)
                    .chain(self.files.get(target).map(|f| f.name))
                    .collect();
                self.report(Code::UseCycle, path.span, |_, d| {
                    d.says(format!("`{wanted}` uses itself"), "this closes the circle").help(format!("the circle: {}", circle.join(" -> ")))
                });
                None
            }
        }
    }
}

struct Walk<'a> {
    states: Vec<State>,
    /// Files being read, each with its next item.
    open: Vec<(usize, usize)>,
    by_name: FxHashMap<String, usize>,
    included: Vec<bool>,
    items: Vec<Placed<'a>>,
}

impl Walk<'_> {
    fn enter(&mut self, file: usize) {
        if let Some(state) = self.states.get_mut(file) {
            *state = State::Open;
        }
        self.open.push((file, 0));
    }

    fn leave(&mut self) {
        if let Some((file, _)) = self.open.pop()
            && let Some(state) = self.states.get_mut(file)
        {
            *state = State::Done;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!(relative("rules/main.cep", "./mine.cep"), "rules/mine.cep");
        assert_eq!(relative("main.cep", "./mine.cep"), "mine.cep");
        assert_eq!(relative("a/b/main.cep", "../mine.cep"), "a/mine.cep");
        assert_eq!(relative("main.cep", "../mine.cep"), "../mine.cep");
        assert_eq!(relative("/x/main.cep", "mine.cep"), "/x/mine.cep");
        assert_eq!(normalize("../../a"), "../../a");
        assert_eq!(normalize("a//b/./c"), "a/b/c");
    }
}
