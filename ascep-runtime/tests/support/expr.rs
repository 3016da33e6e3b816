//! Expressions of generated rules: pieces of text with typed holes, so that shrinking can put any part in the place of a whole
//! of the same type.

/// What an expression is, as far as the generator must know to write rules that compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ty {
    Num,
    /// A number that any order of calculation gives to the last bit.
    Grid,
    /// A number whose last digits hang on the order of calculation.
    Rough,
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
    /// How many of the children there must be; all of them, where it is not a list.
    least: usize,
    /// Simpler ones that no replacement of parts leads to.
    lesser: Vec<Expr>,
}

impl Expr {
    /// An expression without parts.
    pub fn leaf(ty: Ty, text: impl Into<String>) -> Self {
        Self { ty, pieces: vec![text.into()], children: Vec::new(), least: 0, lesser: Vec::new() }
    }

    /// An expression whose `template` has one `$` for each part.
    pub fn of(ty: Ty, template: &str, children: Vec<Self>) -> Self {
        let pieces: Vec<String> = template.split('$').map(str::to_owned).collect();
        assert_eq!(pieces.len(), children.len() + 1, "{template}");
        let least = children.len();
        Self { ty, pieces, children, least, lesser: Vec::new() }
    }

    /// A list of expressions with something before, between and after them, of which at least `least` are needed.
    pub fn list(ty: Ty, around: (&str, &str, &str), children: Vec<Self>, least: usize) -> Self {
        let between = std::iter::repeat_n(around.1, children.len().saturating_sub(1));
        let pieces = [around.0].into_iter().chain(between).chain([around.2]).map(str::to_owned).collect();
        Self { ty, pieces, children, least, lesser: Vec::new() }
    }

    /// This expression, which may be simplified to others.
    pub fn or_else(mut self, lesser: Vec<Self>) -> Self {
        self.lesser = lesser;
        self
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
            Ty::Grid | Ty::Rough => vec!["last(\"A/B\")"],
            Ty::Bool => vec!["(last(\"A/B\") > 3)"],
            Ty::Event => vec!["trade(\"A/B\")"],
            Ty::Duration => vec!["1s"],
            Ty::Other => vec![],
        };
        let worth_it = |e: &Self| e.size() < self.size() || (e.size() == self.size() && e.text().len() < self.text().len());
        out.extend(plain.into_iter().map(|text| Self::leaf(self.ty, text)).filter(worth_it));
        out.extend(self.lesser.iter().cloned());
        if self.children.len() > self.least {
            for i in 0..self.children.len() {
                let mut whole = self.clone();
                whole.children.remove(i);
                // The text before the list and after it stays.
                whole.pieces.remove(i.clamp(1, self.pieces.len() - 2));
                out.push(whole);
            }
        }
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
            if child.ty == ty || (child.ty == Ty::Grid && matches!(ty, Ty::Num | Ty::Rough)) {
                out.push(child.clone());
            } else {
                child.parts_of_type(ty, out);
            }
        }
    }
}
