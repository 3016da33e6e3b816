//! Bytes to tokens and to a tree, the tree to text, the text to the same tree.

use ascep_lang::span::FileId;
use ascep_lang::syntax::{dump_tree, parse, print, tokens};
use ascep_lang::{Diagnostics, Limits, RenderOptions, Source};

/// Panics where a text breaks a promise of the lexer or the parser.
pub fn check(bytes: &[u8]) {
    let source = Source::from_bytes("fuzz.cep", bytes.to_vec());
    let text = &source.text;

    let mut end = 0;
    for (_, range) in tokens(text) {
        assert!(end <= range.start && range.start < range.end, "tokens stand in order and none is empty: {range:?}");
        assert!(text.get(range.clone()).is_some(), "a token ends between characters: {range:?}");
        end = range.end;
    }
    assert!(end <= text.len(), "the last token ends in the text");

    let limits = Limits::default();
    let (mut tree, found) = parse(FileId(0), text, &limits);
    for diagnostic in &found {
        assert!(diagnostic.span.start <= diagnostic.span.end, "{diagnostic:?}");
        assert!(text.get(diagnostic.span.range()).is_some(), "a diagnostic names a place in the text: {diagnostic:?}");
    }
    let diagnostics = Diagnostics::new(found);
    let sources = [source.clone()];
    let _ = diagnostics.render(&sources, RenderOptions::default());
    let _ = diagnostics.to_json(&sources);
    if diagnostics.has_errors() {
        return;
    }

    // What the printer leaves out on purpose.
    tree.comments.clear();
    let printed = print(&tree);
    let (again, found) = parse(FileId(0), &printed, &limits);
    assert!(!Diagnostics::new(found.clone()).has_errors(), "printed text does not parse: {found:?}\n{printed}");
    assert_eq!(dump_tree(&tree, false), dump_tree(&again, false), "printed text parses to another tree:\n{printed}");
    assert_eq!(printed, print(&again), "what is printed twice is the same");
}
