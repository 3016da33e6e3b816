//! Names that nothing uses, and functions that nothing calls.

use rustc_hash::FxHashSet;

use super::Checker;
use super::items::Kind;
use crate::diagnostic::Code;
use crate::span::Span;

impl<'a> Checker<'a> {
    /// Looks over the global names once all rules are checked.
    pub(super) fn unused(&mut self) {
        // A function that nobody calls was never expanded; its names are checked here, and count as uses.
        let uncalled = self.globals.list.iter().filter(|g| !g.used).filter_map(|g| match (g.kind, g.tree) {
            (Kind::Fn { params, body }, Some(tree)) => Some((tree, params, body)),
            _ => None,
        });
        for (tree, params, body) in uncalled.collect::<Vec<_>>() {
            let bound: FxHashSet<&'a str> = params.iter().map(|p| p.text.as_str()).collect();
            self.names_only(tree, body, &bound);
        }
        for index in 0..self.globals.list.len() {
            let Some(global) = self.globals.get(index) else { continue };
            if !global.used && !global.included {
                let (name, span, words) = (global.name, global.span, global.kind.words());
                self.unused_name(name, span, words);
            }
        }
    }

    /// Warns of a name, unless it starts with `_`.
    pub(super) fn unused_name(&mut self, name: &str, span: Span, words: &str) {
        if name.starts_with('_') {
            return;
        }
        self.report(Code::UnusedName, span, |_, d| {
            d.says(format!("nothing uses `{name}`"), format!("{words} that is never read"))
                .help(format!("if that is meant, name it `_{name}`"))
        });
    }
}
