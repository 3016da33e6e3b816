//! What can be wrong with a program made in code.

use crate::program::InvalidProgram;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A symbol that cannot be read.
    #[error("the symbol `{symbol}`: {reason}")]
    Symbol {
        /// As given.
        symbol: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A name of a rule, signal, field, binding, parameter or input that is no name.
    #[error("`{0}` is not a name: a letter or `_`, then letters, digits and `_`")]
    Name(String),
    /// Two parameters, inputs or rules of one name.
    #[error("the name `{0}` stands twice")]
    Duplicate(String),
    /// A rule name of the form `rule_1`, which unnamed rules get.
    #[error("the rule name `{0}` is reserved for rules without a name")]
    ReservedRuleName(String),
    /// Two fields of one name in one action.
    #[error("the field `{field}` stands twice in `{signal}`")]
    DuplicateField {
        /// The action.
        signal: String,
        /// The field.
        field: String,
    },
    /// A rule without `emit`.
    #[error("the rule `{0}` emits nothing")]
    NoAction(String),
    /// A rule whose trigger reads no market, input, parameter or clock.
    #[error("nothing can change the trigger of the rule `{0}`")]
    ConstantTrigger(String),
    /// A field before the first `emit` of a rule.
    #[error("the field `{0}` stands before the first signal of its rule")]
    FieldWithoutAction(String),
    /// A number that is not finite.
    #[error("{0} is not a finite number")]
    NotFinite(String),
    /// A period that is zero, too long, or not known before the program runs.
    #[error("a period is above zero, fits in 64 bits of nanoseconds, and is a duration or a parameter that is one")]
    Period,
    /// A depth outside 1 to 20.
    #[error("a depth of {0} levels; it is 1 to 20")]
    Depth(u8),
    /// A look back outside 1 to 65,536 updates.
    #[error("a look back over {0} updates; it is 1 to 65536")]
    Updates(u32),
    /// A bound on the samples of a window outside 1 to 16,777,216, or on a window of a number of updates.
    #[error("at most {0} samples in a window; it is 1 to 16777216, of a window of time")]
    Samples(u32),
    /// A percentile outside 0 to 100.
    #[error("percentile {0}; it is 0 to 100")]
    Percentile(String),
    /// A fast average that is not shorter than the slow one.
    #[error("a fast average of {fast} updates and a slow one of {slow}")]
    Lengths {
        /// Of the fast one.
        fast: u32,
        /// Of the slow one.
        slow: u32,
    },
    /// Markets that make no closed way.
    #[error("no way leads round these markets: {0}")]
    Way(String),
    /// A `cycles` that could never find anything, or that does not say what a leg costs.
    #[error("`cycles`: {0}")]
    Search(String),
    /// A state or reason that no opportunity has.
    #[error("`{0}` is not a state or reason of an opportunity")]
    Telling(String),
    /// A limit of no signals at all.
    #[error("the limit of the rule `{0}` is zero")]
    Limit(String),
    /// A parameter outside its range, or a range turned over.
    #[error("the parameter `{0}` is outside its range")]
    ParamRange(String),
    /// `every` on a rule whose trigger is an event.
    #[error("the rule `{0}` is triggered by an event: there is nothing to repeat")]
    EveryWithEvent(String),
    /// A payload field that not every part of the event has with one unit.
    #[error("the event has no field `{0}`")]
    Payload(&'static str),
    /// A payload read where its event is neither the trigger nor filtered.
    #[error("the rule `{0}` reads the payload of an event that is not its trigger")]
    PayloadOutside(String),
    /// One value over the payloads of two events, which do not happen together.
    #[error("one value reads the payloads of two events")]
    PayloadsMixed,
    /// A sequence that cannot be, or a part of one.
    #[error("{0}")]
    Sequence(&'static str),
    /// What a step has matched, read where it has no value.
    #[error("what a step of a sequence has matched is read outside of its later steps and of the rules that it triggers")]
    LabelOutside,
    /// What a step has matched, under an operator that keeps something of it.
    #[error("what a step of a sequence has matched is another thing in each run, and `{0}` would have to remember it")]
    LabelRemembered(&'static str),
    /// What a step has matched, read inside of a part of an event.
    #[error("what a step of a sequence has matched is read inside of a part of an event, and not in the filter of a whole step")]
    LabelInEvent,
    /// A side that is neither.
    #[error("`{0}` is not a side: \"buy\" or \"sell\"")]
    Side(String),
    /// A handle of another builder.
    #[error("a value of another builder")]
    Foreign,
    /// Units that do not agree, under strict units.
    #[error("{0}")]
    Units(String),
    /// More operators than a program may have.
    #[error("more than {0} operators")]
    TooLarge(usize),
    /// The program as a whole does not hold.
    #[error(transparent)]
    Invalid(#[from] InvalidProgram),
}

/// All that is wrong with a program made in code, in the order in which it was built; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildErrors(pub(super) Vec<BuildError>);

impl BuildErrors {
    /// The errors in order.
    pub fn iter(&self) -> std::slice::Iter<'_, BuildError> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a BuildErrors {
    type Item = &'a BuildError;
    type IntoIter = std::slice::Iter<'a, BuildError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl std::fmt::Display for BuildErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, error) in self.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for BuildErrors {}
