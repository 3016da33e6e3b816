//! The DAGs of rule files, as text and as pictures: what is shared, folded and left out shows in the goldens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]

mod common;

use ascep_lang::program::{Link, Vertex};
use ascep_lang::{Options, Program, RenderOptions, Source, compile};

fn programs() -> Vec<(String, Program)> {
    let mut files: Vec<_> = std::fs::read_dir(common::path("tests/golden/dag")).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "cep"));
    files.sort();
    let programs = files.iter().map(|file| {
        let sources = [Source::new("rules.cep", std::fs::read_to_string(file).unwrap())];
        let program = compile(&sources, &Options::default()).unwrap_or_else(|e| panic!("{}", e.render(&sources, RenderOptions::default())));
        (file.file_stem().unwrap().to_str().unwrap().to_owned(), program)
    });
    programs.collect()
}

#[test]
fn goldens() {
    let programs = programs();
    assert!(programs.len() >= 8);
    let mut wrong = Vec::new();
    for (name, program) in &programs {
        program.validate().unwrap();
        let forms = [("dump", program.dump()), ("dot", program.to_dot()), ("mmd", program.to_mermaid()), ("json", program.to_json_graph())];
        for (ending, text) in forms {
            wrong.extend(common::golden(&format!("dag/{name}.{ending}"), &text).err());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn compiled_programs_read_back() {
    for (name, program) in programs() {
        let text = program.to_json().unwrap();
        let mut back = Program::from_json(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(back.warnings, []);
        back.warnings.clone_from(&program.warnings);
        assert_eq!(back, program, "{name}");
    }
}

#[test]
fn nothing_stands_twice_or_unread() {
    for (name, program) in programs() {
        let mut seen = std::collections::HashSet::new();
        assert!(program.nodes.iter().all(|n| seen.insert(n)), "{name}");
        let graph = program.graph();
        for vertex in graph.node_indices() {
            let read = graph.neighbors(vertex).next().is_some();
            assert!(read || matches!(graph[vertex], Vertex::Rule(_)), "{name}: {vertex:?} is not read");
        }
        assert!(graph.edge_weights().any(|link| *link == Link::Trigger));
    }
}

#[test]
fn every_case_that_compiles_holds() {
    let Some(cases) = common::cases() else { return };
    let mut compiled = 0;
    for (name, text) in cases {
        let Ok(mut program) = compile(&[Source::new("rules.cep", text)], &Options::default()) else { continue };
        compiled += 1;
        program.validate().unwrap_or_else(|e| panic!("{name}: {e}"));
        program.warnings.clear();
        assert_eq!(Program::from_json(&program.to_json().unwrap()).unwrap(), program, "{name}");
        assert_eq!(program.to_dot().lines().count(), program.to_mermaid().lines().count() + 4, "{name}");
    }
    assert!(compiled > 80, "{compiled}");
}
