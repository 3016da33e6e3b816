//! The registry of codes.

use serde::{Deserialize, Serialize};

use super::Severity;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $severity:ident, $title:literal;)*) => {
        /// What a diagnostic is about. The text form (`E0301`) is stable and never reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $title] #[serde(rename = $text)] $name,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// `E0301`
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// One line that says what the code is about.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// Error or warning, unless an option raises it.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

// E01xx text and tokens, E02xx syntax, E03xx names and items, E04xx types, E05xx rules and events, E06xx limits, E08xx
// arguments of functions, E09xx tests, W1xxx warnings on units, W2xxx other warnings. Not used again: E0701 (functions), E0702 (sequences), E0703 (bars),
// E0704 (forms), E0705 (modules) and W2009 (tests), which were not available once.
codes! {
    UnknownCharacter = "E0101", Error, "a character that no token starts with";
    UnterminatedString = "E0102", Error, "a string without its closing quote";
    BadNumber = "E0103", Error, "a number that cannot be read";
    BadUnitSuffix = "E0104", Error, "a number with a suffix that is neither a duration, `%` nor `bp`";
    NotUtf8 = "E0105", Error, "a source that is not UTF-8";
    DurationRange = "E0106", Error, "a duration that is zero, not whole nanoseconds, or beyond 64 bits of them";
    NumberRange = "E0107", Error, "a number too large for a 64-bit float";
    BadEscape = "E0108", Error, "an escape in a string that is not known";
    UnexpectedToken = "E0201", Error, "a token that cannot stand here";
    UnexpectedEnd = "E0202", Error, "the text ends in the middle of an item";
    PercentOperator = "E0203", Error, "there is no `%` operator";
    ReservedName = "E0204", Error, "a keyword where a name is wanted";
    SingleEquals = "E0205", Error, "`=` where a comparison is wanted";
    ForeignOperator = "E0206", Error, "an operator of another language";
    ChainedComparison = "E0207", Error, "a comparison of a comparison";
    UnclosedBracket = "E0208", Error, "a bracket that is never closed";
    MissingThen = "E0209", Error, "a rule without `THEN`";
    PositionalAfterNamed = "E0210", Error, "a positional argument after a named one";
    BadQuantifier = "E0211", Error, "a quantifier that cannot be met";
    SeqNotTrigger = "E0212", Error, "`SEQ` or `ALL` that is not the trigger of a rule";
    UnknownName = "E0301", Error, "a name that is not defined";
    UnknownFunction = "E0302", Error, "a function that does not exist";
    DuplicateName = "E0303", Error, "a name defined twice";
    DuplicateRule = "E0304", Error, "a rule name used twice";
    ReservedRuleName = "E0305", Error, "a rule name of the form `rule_N`";
    Recursion = "E0306", Error, "a definition that uses itself";
    UseCycle = "E0307", Error, "files that `USE` each other in a circle";
    UseNotFound = "E0308", Error, "a `USE` of a file that was not given";
    UnknownModule = "E0309", Error, "a `USE` of a library module that does not exist";
    DuplicateSymbol = "E0310", Error, "a symbol twice in one set";
    EmptySet = "E0311", Error, "a set without symbols";
    NotASet = "E0312", Error, "`FOR EACH` over something that is not a set";
    BadSymbol = "E0313", Error, "a symbol that cannot be read";
    ParamOutOfRange = "E0314", Error, "a parameter outside its range";
    BadRange = "E0315", Error, "a range whose low end is above its high end";
    NotConstant = "E0316", Error, "a value that must be known when the rules are loaded";
    DuplicateField = "E0317", Error, "a field twice in one action";
    DuplicateTest = "E0318", Error, "a test name used twice";
    UnknownParam = "E0319", Error, "a parameter that the program does not have";
    WrongArgumentCount = "E0401", Error, "too many or too few arguments";
    UnknownArgument = "E0402", Error, "a named argument that the function does not have";
    DuplicateArgument = "E0403", Error, "an argument given twice";
    MissingArgument = "E0404", Error, "an argument that must be given";
    TypeMismatch = "E0405", Error, "a value of one type where another is wanted";
    NotANumber = "E0406", Error, "arithmetic on something that is not a number";
    NotABool = "E0407", Error, "a number where a condition is wanted";
    NotComparable = "E0408", Error, "a comparison of two types that cannot be compared";
    WantDuration = "E0409", Error, "something else where a duration is wanted";
    WantSymbol = "E0410", Error, "something else where a symbol is wanted";
    UnknownField = "E0411", Error, "a field that the value does not have";
    NoFields = "E0412", Error, "a field of something that has none";
    BadIndex = "E0413", Error, "an index that is not a whole number in range";
    BadExponent = "E0414", Error, "a power whose unit cannot be known";
    FunctionAsValue = "E0415", Error, "a function or set used as a value";
    OrderOfText = "E0416", Error, "an order comparison of text";
    EventAsLevel = "E0501", Error, "an event where a condition is wanted";
    LevelAsEvent = "E0502", Error, "something that never happens where an event is wanted";
    EventAndEvent = "E0503", Error, "two events at one instant";
    NotEvent = "E0504", Error, "`NOT` before an event";
    NoBeforeBool = "E0505", Error, "`NO` before a condition, outside a SEQ";
    EveryWithEvent = "E0506", Error, "`EVERY` with an event";
    SeqWithoutWithin = "E0507", Error, "`SEQ` or `ALL` without `WITHIN`";
    ItOutside = "E0508", Error, "`it` where there is no event";
    DuplicateTail = "E0509", Error, "a tail twice on one rule";
    NoWithoutFor = "E0510", Error, "`NO` without `FOR`, outside a SEQ";
    WhereWithoutEvent = "E0511", Error, "`WHERE` after something that is not an event";
    EventInField = "E0512", Error, "an event as the value of a field";
    ConstantTrigger = "E0513", Error, "a trigger that nothing can change";
    BadLimit = "E0514", Error, "a `LIMIT` that is not a whole number from 1";
    LabelOutside = "E0515", Error, "a label where it has no value";
    LabelRemembered = "E0516", Error, "a label under an operator with a memory";
    LabelInEvent = "E0517", Error, "a label inside of a part of an event";
    NoFirst = "E0518", Error, "`NO` as the first step of a SEQ";
    NeverCompletes = "E0519", Error, "a SEQ that cannot end within its `WITHIN`";
    NestingTooDeep = "E0601", Error, "nesting deeper than 128";
    FileTooLarge = "E0602", Error, "a file over the limit";
    TooManyNodes = "E0603", Error, "a program over the limit of operators";
    TooManyErrors = "E0604", Error, "more errors than are shown";
    TooManyInstances = "E0605", Error, "a rule with more instances than the limit";
    SequenceTooLong = "E0606", Error, "a SEQ over the limit";
    BadDepth = "E0801", Error, "a depth that is not a whole number from 1 to 20";
    BadSide = "E0802", Error, "a side that is neither \"buy\" nor \"sell\"";
    BadCount = "E0803", Error, "a count that is not a whole number in range";
    BadFlag = "E0804", Error, "a flag that is not TRUE or FALSE";
    BadClamp = "E0805", Error, "a clamp whose low end is above its high end";
    BadMax = "E0806", Error, "a `max` that is no bound of a window";
    BadPercentile = "E0807", Error, "a percentile that is not a constant from 0 to 100";
    BadLengths = "E0808", Error, "a fast average that is not shorter than the slow one";
    CycleNotClosed = "E0809", Error, "markets that make no closed way";
    BadFee = "E0810", Error, "a fee that takes all there is";
    ModuleNotUsed = "E0811", Error, "a function of a library module that the program does not use";
    NoUniverse = "E0812", Error, "`cycles` without markets to look through";
    UnknownHome = "E0813", Error, "a home asset that no market has";
    NoWayHome = "E0814", Error, "markets without a closed way through the home asset";
    BadLegs = "E0815", Error, "a number of legs that is not from 2 to 8";
    NoFee = "E0816", Error, "a leg whose fee is not said";
    BadThreshold = "E0817", Error, "a threshold or step that no edge can meet";
    UnknownVenue = "E0818", Error, "a venue that the markets are not on";
    MadeText = "E0819", Error, "a text made while the rules run, where it cannot be read";
    BadTelling = "E0820", Error, "a state or reason that no opportunity has";
    NotATestEvent = "E0901", Error, "something else where a test wants an event of a market";
    BadTestValue = "E0902", Error, "a value in the event of a test that no market sends";
    UnknownSignal = "E0903", Error, "a signal that no rule emits";
    ExpectNoneAndMore = "E0904", Error, "`EXPECT NONE` beside another `EXPECT`";
    UnitMismatch = "W1001", Warning, "two units that do not agree";
    TriangleNotClosed = "W1002", Warning, "a triangle that does not cancel";
    RatioAgainstAmount = "W1003", Warning, "a price compared with a percentage";
    AlwaysTrue = "W2001", Warning, "a comparison that is always true";
    AlwaysFalse = "W2002", Warning, "a comparison that is always false";
    UnusedName = "W2003", Warning, "a name that nothing uses";
    ClockHeld = "W2004", Warning, "a clock reading that is compared only when something else happens";
    ShadowedName = "W2005", Warning, "a name that hides another";
    DivisionByZero = "W2006", Warning, "a division by the constant zero";
    FloatEquality = "W2007", Warning, "`==` between computed numbers";
    SameSymbolTwice = "W2008", Warning, "one instrument under two names in a set";
    TinyEvery = "W2010", Warning, "an `EVERY` of less than a millisecond";
    TestWithoutExpect = "W2011", Warning, "a test that expects nothing";
    UnknownTestSymbol = "W2012", Warning, "an event of a test whose symbol no rule names";
    IdleSetting = "W2013", Warning, "a setting that changes nothing";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL.iter().copied().find(|c| c.as_str().eq_ignore_ascii_case(text)).ok_or(UnknownCode)
    }
}

/// There is no such code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such diagnostic code")]
pub struct UnknownCode;
