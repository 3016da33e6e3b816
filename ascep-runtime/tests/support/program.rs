//! Generated programs: what they are made of, their text, and simpler ones.

use std::fmt::Write as _;

use super::expr::Expr;

/// A file of rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    /// `CONST`, `PARAM`, `LET`, `FN` and `SET` items; each expression ends its item.
    pub items: Vec<(String, Option<Expr>)>,
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Unnamed rules are written as a bare `IF`.
    pub name: Option<String>,
    /// The variables of `FOR EACH` and their sets.
    pub each: Vec<(String, String)>,
    pub lets: Vec<(String, Expr)>,
    pub trigger: Expr,
    pub until: Option<Expr>,
    pub actions: Vec<(String, Vec<(String, Expr)>)>,
    pub tails: Vec<String>,
}

impl Program {
    /// The text of the file.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for (head, expr) in &self.items {
            let _ = writeln!(out, "{head}{}", expr.as_ref().map(Expr::text).unwrap_or_default());
        }
        for rule in &self.rules {
            rule.write(&mut out);
        }
        out
    }

    /// Simpler programs, the much simpler ones first.
    pub fn simpler(&self) -> Vec<Self> {
        let mut out = Vec::new();
        if self.rules.len() > 1 {
            out.extend((0..self.rules.len()).map(|i| Self { rules: vec![self.rules[i].clone()], ..self.clone() }));
            out.extend((0..self.rules.len()).map(|i| Self { rules: without(&self.rules, i), ..self.clone() }));
        }
        out.extend((0..self.items.len()).map(|i| Self { items: without(&self.items, i), ..self.clone() }));
        for (i, rule) in self.rules.iter().enumerate() {
            for simpler in rule.simpler() {
                let mut whole = self.clone();
                whole.rules[i] = simpler;
                out.push(whole);
            }
        }
        for (i, (head, expr)) in self.items.iter().enumerate() {
            for simpler in expr.iter().flat_map(Expr::simpler) {
                let mut whole = self.clone();
                whole.items[i] = (head.clone(), Some(simpler));
                out.push(whole);
            }
        }
        out
    }
}

impl Rule {
    fn write(&self, out: &mut String) {
        if let Some(name) = &self.name {
            let _ = write!(out, "RULE {name}");
            for (var, set) in &self.each {
                let _ = write!(out, " FOR EACH {var} IN {set}");
            }
            out.push_str(":\n");
            for (name, value) in &self.lets {
                let _ = writeln!(out, "  LET {name} = {}", value.text());
            }
            out.push_str("  ");
        }
        let _ = write!(out, "IF {}", self.trigger.text());
        if let Some(until) = &self.until {
            let _ = write!(out, " UNTIL {}", until.text());
        }
        out.push_str(" THEN ");
        for (i, (name, fields)) in self.actions.iter().enumerate() {
            let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name} = {}", value.text())).collect();
            let fields = if fields.is_empty() { String::new() } else { format!("({})", fields.join(", ")) };
            let _ = write!(out, "{}{name}{fields}", if i == 0 { "" } else { ", " });
        }
        for tail in &self.tails {
            let _ = write!(out, " {tail}");
        }
        out.push('\n');
    }

    fn simpler(&self) -> Vec<Self> {
        let mut out = Vec::new();
        if self.until.is_some() {
            out.push(Self { until: None, ..self.clone() });
        }
        out.extend((0..self.tails.len()).map(|i| Self { tails: without(&self.tails, i), ..self.clone() }));
        out.extend((0..self.lets.len()).map(|i| Self { lets: without(&self.lets, i), ..self.clone() }));
        if self.actions.len() > 1 {
            out.extend((0..self.actions.len()).map(|i| Self { actions: without(&self.actions, i), ..self.clone() }));
        }
        for (i, (_, fields)) in self.actions.iter().enumerate() {
            for j in 0..fields.len() {
                let mut whole = self.clone();
                whole.actions[i].1.remove(j);
                out.push(whole);
            }
        }
        for i in 0..self.each.len() {
            out.push(Self { each: without(&self.each, i), ..self.clone() });
            let mut whole = self.clone();
            whole.each[i].1 = "[\"A/B\"]".into();
            out.push(whole);
        }
        if self.each.is_empty() && self.name.is_some() && self.lets.is_empty() {
            out.push(Self { name: None, ..self.clone() });
        }
        out.retain(|r| r != self);
        out.extend(self.trigger.simpler().into_iter().map(|trigger| Self { trigger, ..self.clone() }));
        if let Some(until) = &self.until {
            out.extend(until.simpler().into_iter().map(|until| Self { until: Some(until), ..self.clone() }));
        }
        for (i, (_, value)) in self.lets.iter().enumerate() {
            for simpler in value.simpler() {
                let mut whole = self.clone();
                whole.lets[i].1 = simpler;
                out.push(whole);
            }
        }
        for (i, (_, fields)) in self.actions.iter().enumerate() {
            for (j, (_, value)) in fields.iter().enumerate() {
                for simpler in value.simpler() {
                    let mut whole = self.clone();
                    whole.actions[i].1[j].1 = simpler;
                    out.push(whole);
                }
            }
        }
        out
    }
}

/// A copy of a list with one place left out.
pub fn without<T: Clone>(list: &[T], index: usize) -> Vec<T> {
    let mut list = list.to_vec();
    list.remove(index);
    list
}
