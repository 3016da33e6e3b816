//! Expressions of generated rules: pieces of text with typed holes, so that shrinking can put any part in the place of a whole
//! of the same type.

/// What an expression is, as far as the generator must know to write rules that compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ty {
    Num,
    Bool,
    Event,
    Duration,
    Other,
}

/// A piece of text, then child, piece, child, .., piece.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub ty: Ty,
    pieces: Vec<String>,
    children: Vec<Expr>,
}

impl Expr {
    /// An expression without parts.
    pub fn leaf(ty: Ty, text: impl Into<String>) -> Self {
        Self { ty, pieces: vec![text.into()], children: Vec::new() }
    }

    /// An expression whose `template` has one `$` for each part.
    pub fn of(ty: Ty, template: &str, children: Vec<Self>) -> Self {
        let pieces: Vec<String> = template.split('$').map(str::to_owned).collect();
        assert_eq!(pieces.len(), children.len() + 1, "{template}");
        Self { ty, pieces, children }
    }

    /// The text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for (i, piece) in self.pieces.iter().enumerate() {
            out.push_str(piece);
            if let Some(child) = self.children.get(i) {
                out.push_str(&child.text());
            }
        }
        out
    }

    /// How many expressions it is made of.
    pub fn size(&self) -> usize {
        1 + self.children.iter().map(Self::size).sum::<usize>()
    }

    /// Simpler expressions of the same type, the simplest first.
    pub fn simpler(&self) -> Vec<Self> {
        let mut out = Vec::new();
        let plain = match self.ty {
            Ty::Num => vec!["1", "last(\"A/B\")"],
            Ty::Bool => vec!["(last(\"A/B\") > 3)"],
            Ty::Event => vec!["trade(\"A/B\")"],
            Ty::Duration => vec!["1s"],
            Ty::Other => vec![],
        };
        let worth_it = |e: &Self| e.size() < self.size() || (e.size() == self.size() && e.text().len() < self.text().len());
        out.extend(plain.into_iter().map(|text| Self::leaf(self.ty, text)).filter(worth_it));
        self.parts_of_type(self.ty, &mut out);
        for (i, child) in self.children.iter().enumerate() {
            for simpler in child.simpler() {
                let mut whole = self.clone();
                whole.children[i] = simpler;
                out.push(whole);
            }
        }
        out
    }

    fn parts_of_type(&self, ty: Ty, out: &mut Vec<Self>) {
        for child in &self.children {
            if child.ty == ty {
                out.push(child.clone());
            } else {
                child.parts_of_type(ty, out);
            }
        }
    }
}
