//! What was taken over from a snapshot and what was not, by parameter, rule and operator.

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It goes on as it was.
    Kept,
    /// It was there under the same name but is not the same any more, or reads something that was reset: it starts anew.
    Reset,
    /// It was not there: it starts.
    New,
    /// It was there and is no longer.
    Dropped,
}

/// What became of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamFate {
    /// Its name.
    pub name: String,
    /// [`Fate::Kept`] where it reads as before.
    pub fate: Fate,
}

/// What became of an instance of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFate {
    /// The rule's name, or `rule_N`.
    pub rule: String,
    /// The bindings of `FOR EACH`, outermost first: variable and symbol.
    pub instance: Vec<(String, String)>,
    /// Of what the rule remembers: its last truth, whether it is armed, when it fired.
    pub fate: Fate,
}

/// What became of an operator that remembers something. Never [`Fate::Dropped`]: those are counted in [`Report::dropped_operators`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorFate {
    /// As in `count(trade("BTC/USDT"), 10s)`; long ones are cut.
    pub operator: String,
    /// Of what it remembers.
    pub fate: Fate,
}

/// What [`Engine::restore`](crate::Engine::restore) and [`Engine::replace`](crate::Engine::replace) kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// In the order of the program, those that are gone after them.
    pub params: Vec<ParamFate>,
    /// In text order, those that are gone after them.
    pub rules: Vec<RuleFate>,
    /// In the order of the program.
    pub operators: Vec<OperatorFate>,
    /// How many operators with a memory are gone.
    pub dropped_operators: usize,
}

impl Report {
    /// Whether everything goes on as it was.
    #[must_use]
    pub fn is_all_kept(&self) -> bool {
        let kept = |fate: Fate| fate == Fate::Kept;
        self.dropped_operators == 0
            && self.params.iter().all(|param| kept(param.fate))
            && self.rules.iter().all(|rule| kept(rule.fate))
            && self.operators.iter().all(|operator| kept(operator.fate))
    }

    /// How many rule instances have this fate.
    #[must_use]
    pub fn rules_with(&self, fate: Fate) -> usize {
        self.rules.iter().filter(|rule| rule.fate == fate).count()
    }

    /// How many operators have this fate.
    #[must_use]
    pub fn operators_with(&self, fate: Fate) -> usize {
        if fate == Fate::Dropped { self.dropped_operators } else { self.operators.iter().filter(|op| op.fate == fate).count() }
    }
}
