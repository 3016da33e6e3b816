//! Rules that are checked and lowered piece by piece, so that trees and typed rules are never held for more than a piece of a large program.
//!
//! What all rules share is checked first and stays. A piece has rules and nothing else, and everything else of the checker goes from piece to
//! piece. Warnings are kept. Whoever finds an error has to look at the whole program: this only takes programs without one.

use std::rc::Rc;

use super::items::PlacedRule;
use super::report::KEPT;
use super::{Checked, Checker, File};
use crate::compile::Options;
use crate::diagnostic::{Diagnostic, Severity};
use crate::lower;
use crate::program::Program;
use crate::syntax::{Item, Tree};

/// The check of a program, and what its rules have been lowered to.
pub(crate) struct Pieces<'a> {
    checker: Checker<'a>,
    /// Nodes that all rules share.
    shared: usize,
    /// Which of them are factors of a product.
    factors: Vec<bool>,
    /// How many findings were looked at: they are warnings.
    warnings: usize,
    lowered: lower::Pieces,
}

impl<'a> Pieces<'a> {
    /// Checks what all rules share, and the rules that stand in the same trees. None where an error was found.
    pub(crate) fn new(files: &'a [File<'a>], options: &'a Options) -> Option<Self> {
        let mut checker = Checker::new(files, options);
        let (items, rules) = checker.globals();
        // What tests expect is held against the fields of all rules.
        if items.iter().any(|placed| matches!(placed.item, Item::Test(_))) {
            return None;
        }
        let shared = checker.out.typed.nodes.len();
        let mut lowered = lower::Pieces::new();
        lowered.begin(&checker.out.typed);
        let mut pieces = Self { checker, shared, factors: Vec::new(), warnings: 0, lowered };
        pieces.checker.rules(&rules);
        pieces.lower()?;
        Some(pieces)
    }

    /// Checks and lowers the rules of a tree. None where an error was found or there is more than rules.
    pub(crate) fn add(&mut self, tree: &Tree) -> Option<()> {
        let mut rules = Vec::with_capacity(tree.items.len());
        for item in &tree.items {
            let Item::Rule(rule) = item else { return None };
            rules.push(PlacedRule { tree, rule, included: false });
        }
        let mut checker = Checker::new(self.checker.files, self.checker.options);
        checker.globals = self.checker.globals.clone();
        checker.functions = Rc::clone(&self.checker.functions);
        checker.modules.clone_from(&self.checker.modules);
        swap(&mut self.checker, &mut checker);
        checker.rules(&rules);
        swap(&mut self.checker, &mut checker);
        for (global, after) in self.checker.globals.list.iter_mut().zip(&checker.globals.list) {
            global.used = after.used;
        }
        self.lower()
    }

    /// Lowers the rules that were checked, if no error was found.
    fn lower(&mut self) -> Option<()> {
        self.factors.truncate(self.shared);
        self.triangles(self.shared)?;
        let out = &mut self.checker.out;
        self.lowered.lower(&mut out.typed);
        self.checker.dropped += out.typed.nodes.len() - self.shared;
        out.truncate(self.shared);
        Some(())
    }

    /// Looks at the products among the nodes from `start` on, the last that is looked at. None where an error was found.
    fn triangles(&mut self, start: usize) -> Option<()> {
        for broken in self.checker.out.broken_cycles_from(start, &mut self.factors) {
            self.checker.report_cycle(&broken);
        }
        // Of more findings than are kept it would matter in which order they come.
        let found = &self.checker.report.list;
        let good = found.len() < KEPT && !found.iter().skip(self.warnings).any(|d| d.severity == Severity::Error);
        self.warnings = found.len();
        good.then_some(())
    }

    /// Says how much of the text has been lowered, so that memory is taken once.
    pub(crate) fn expect(&mut self, done: usize, all: usize) {
        self.lowered.expect(done, all);
    }

    /// The program with all that was found. None where an error was.
    pub(crate) fn finish(mut self) -> Option<(Program, Vec<Diagnostic>)> {
        self.factors.truncate(self.shared);
        self.checker.overrides();
        self.triangles(0)?;
        let Checked { typed, findings, .. } = self.checker.finish(Vec::new());
        Some((self.lowered.finish(typed), findings))
    }
}

/// Exchanges all that goes from piece to piece.
fn swap(a: &mut Checker<'_>, b: &mut Checker<'_>) {
    use std::mem::swap;
    swap(&mut a.out, &mut b.out);
    swap(&mut a.report, &mut b.report);
    swap(&mut a.rule_names, &mut b.rule_names);
    swap(&mut a.frames, &mut b.frames);
    swap(&mut a.used_lets, &mut b.used_lets);
    swap(&mut a.visits, &mut b.visits);
    swap(&mut a.periods, &mut b.periods);
    swap(&mut a.scans, &mut b.scans);
    swap(&mut a.scans_budget, &mut b.scans_budget);
    swap(&mut a.vals, &mut b.vals);
    swap(&mut a.parts, &mut b.parts);
    swap(&mut a.dropped, &mut b.dropped);
    swap(&mut a.stopped, &mut b.stopped);
}
