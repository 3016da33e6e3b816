//! The generator of programs: by type, so that nearly all of them compile, and over few symbols, constants and durations, so that
//! equal parts and equal deadlines are common.

use ascep_lang::program::Constant;

use super::dice::Dice;
use super::expr::{Expr, Ty};
use super::program::{Program, Rule};
use super::stream::{SECOND, Settings};
use super::terms::{Maker, Payload};

/// A generated program with what a stream for it must know.
pub struct Generated {
    pub program: Program,
    /// The symbols that it may name.
    pub symbols: Vec<String>,
    /// Its parameters and inputs, with values to set them to; some of these lie outside the range.
    pub settings: Settings,
}

/// A number that the host delivers.
pub const NUMBER_INPUT: &str = "host_number";
/// A level that the host delivers.
pub const LEVEL_INPUT: &str = "host_level";

/// Makes a program.
pub fn generate(dice: &mut Dice) -> Generated {
    // `b` is the default venue, so that `b:A/B` is another name of the first symbol.
    let pools: [&[&str]; 8] = [
        // Of one symbol alone much more happens at once.
        &["A/B"],
        &["A/B"],
        &["A/B", "C/D"],
        &["A/B", "b:A/B", "C/D"],
        &["A/B", "k:A/B"],
        &["A/B", "GOLD", "C/D"],
        // Those of a triangle, and two that quote one pair inversely.
        &["A/B", "C/A", "C/B"],
        &["A/B", "B/A"],
    ];
    let pool = pools[dice.below(pools.len())];
    let symbols: Vec<String> = pool.iter().map(|s| (*s).to_owned()).collect();
    let mut maker = Maker {
        symbols: symbols.iter().map(|s| format!("\"{s}\"")).collect(),
        dice,
        nums: Vec::new(),
        levels: Vec::new(),
        durations: ["1s", "2s", "3s", "500ms", "5s"].map(str::to_owned).to_vec(),
        shared: Vec::new(),
        functions: Vec::new(),
        it: None,
        in_rule: false,
        windows: true,
        windowed: Vec::new(),
        pool,
        searches: Vec::new(),
        labels: Vec::new(),
    };
    // Without them too, so that what is old is not drowned by what is new.
    maker.windows = maker.dice.chance(75);
    let (items, settings) = maker.items();
    let count = 1 + maker.dice.below(4);
    let mut rules: Vec<_> = (0..count).map(|i| maker.rule(i)).collect();
    if maker.dice.chance(12) {
        rules.extend(maker.family());
    }
    Generated { program: Program { items, rules }, symbols, settings }
}

impl Maker<'_> {
    /// Items at the top of the file, and the parameters among them.
    fn items(&mut self) -> (Vec<(String, Option<Expr>)>, Settings) {
        let mut items = vec![("USE arbitrage".to_owned(), None)];
        let mut settings = Settings::default();
        let number = |x: i32| Constant::Num(f64::from(x).to_bits());
        if self.dice.chance(25) {
            items.push(("CONST K = 3".to_owned(), None));
            self.nums.push("K".into());
        }
        if self.dice.chance(20) {
            items.push(("CONST W = 2s".to_owned(), None));
            self.durations.push("W".into());
        }
        if self.dice.chance(30) {
            items.push(("PARAM p = 3 IN 0 .. 6".to_owned(), None));
            self.nums.push("p".into());
            self.nums.push("p".into());
            settings.params.push(("p".to_owned(), [0, 2, 3, 4, 6, 9].map(number).to_vec()));
        }
        if self.dice.chance(28) {
            items.push(("PARAM d = 2s IN 1s .. 5s".to_owned(), None));
            if self.dice.chance(50) {
                self.durations.truncate(2);
            }
            self.durations.extend(["d".into(), "d".into(), "d".into()]);
            settings.params.push(("d".to_owned(), [1, 2, 3, 5, 9].map(|x| Constant::Duration(x * SECOND)).to_vec()));
        }
        if self.dice.chance(12) {
            items.push(("PARAM on = TRUE".to_owned(), None));
            self.levels.push("on".into());
            settings.params.push(("on".to_owned(), vec![Constant::Bool(true), Constant::Bool(false)]));
        }
        if self.dice.chance(12) {
            self.nums.push(NUMBER_INPUT.into());
            settings.inputs.push((NUMBER_INPUT.to_owned(), [1, 2, 3, 4].map(number).to_vec()));
        }
        if self.dice.chance(12) {
            self.levels.push(LEVEL_INPUT.into());
            settings.inputs.push((LEVEL_INPUT.to_owned(), vec![Constant::Bool(true), Constant::Bool(false)]));
        }
        if self.dice.chance(30) {
            let (symbols, nums) = (std::mem::replace(&mut self.symbols, vec!["x".into()]), self.nums.clone());
            self.nums.push("k".into());
            self.in_rule = true;
            let ty = if self.dice.chance(50) { Ty::Num } else { Ty::Bool };
            let body = if ty == Ty::Num { self.num(2) } else { self.level(2) };
            items.push(("FN f(x, k) = ".to_owned(), Some(body)));
            (self.symbols, self.nums, self.in_rule) = (symbols, nums, false);
            self.functions.push(("f".into(), ty));
        }
        self.searches(&mut items, &mut settings);
        for name in ["v", "w"] {
            if self.dice.chance(30) {
                let value = match self.dice.below(4) {
                    0 => self.level(2),
                    1 => self.event(2).0,
                    _ => self.num(2),
                };
                self.shared.push(Expr::leaf(value.ty, name));
                items.push((format!("LET {name} = "), Some(value)));
            }
        }
        (items, settings)
    }

    fn rule(&mut self, index: usize) -> Rule {
        let loops = self.dice.weighted(&[78, 18, 4]);
        let each: Vec<_> =
            ["s", "t"].into_iter().take(loops).map(|var| (var.to_owned(), format!("[{}]", self.distinct_symbols().join(", ")))).collect();
        let symbols = self.symbols.clone();
        match loops {
            0 => {}
            1 => self.symbols = vec!["s".into(), "s".into(), "s".into(), symbols[0].clone()],
            _ => self.symbols = vec!["s".into(), "t".into()],
        }
        self.in_rule = loops > 0;
        let depth = if self.dice.chance(35) { 0 } else { 1 + self.dice.below(3) };
        let mut lets = Vec::new();
        let name = (loops > 0 || self.dice.chance(60)).then(|| format!("r{index}"));
        if name.is_some() && self.dice.chance(15) {
            let value = if self.dice.chance(50) { self.num(2) } else { self.level(2) };
            self.shared.push(Expr::leaf(value.ty, "m"));
            lets.push(("m".to_owned(), value));
        }
        let mut payload = None;
        let found = if self.dice.chance(22) { self.opportunity() } else { None };
        let trigger = if let Some((event, has)) = found {
            payload = Some(has);
            event
        } else if depth == 0 {
            self.plain_level()
        } else if self.dice.chance(25) {
            payload = Some(Payload::Time);
            self.pattern()
        } else if self.dice.chance(60) {
            self.moving_level(depth)
        } else {
            let (event, has) = self.event(depth);
            payload = Some(has);
            event
        };
        let until = self.dice.chance(20).then(|| if self.dice.chance(60) { self.level(1) } else { self.event(1).0 });
        self.it = payload.clone();
        let mut actions = vec![(format!("S{index}"), self.fields())];
        if self.dice.chance(10) {
            actions.push(("T".to_owned(), self.fields()));
        }
        self.it = None;
        self.labels.clear();
        let tails = self.tails(payload.is_none());
        self.shared.retain(|e| e.text() != "m");
        (self.symbols, self.in_rule) = (symbols, false);
        Rule { name, each, lets, trigger, until, actions, tails }
    }

    /// Many rules that are equal but for symbols and constants, as a host makes them: the engine runs such rules in columns.
    fn family(&mut self) -> Vec<Rule> {
        let op = self.comparison();
        let (a, b) = (self.field(), self.dice.chance(50).then(|| self.field()));
        let until = self.dice.chance(30).then(|| (self.field(), self.comparison()));
        let (tails, fields) = (self.tails(true), self.dice.below(3));
        let count = 6 + self.dice.below(20);
        let mut member = |i: usize| {
            let at = |field: &str, symbol: &str| Expr::leaf(Ty::Num, format!("{field}({symbol})"));
            let (s, t) = (self.symbol(), self.symbol());
            let limits = [self.small(), self.small()];
            let left = b.iter().fold(at(a, &s), |left, b| Expr::of(Ty::Num, "$ - $", vec![left, at(b, &t)]));
            let [limit, low] = limits;
            let until = until.map(|(field, op)| Expr::of(Ty::Bool, &format!("$ {op} $"), vec![at(field, &s), low]));
            let fields = (0..fields).map(|k| (format!("f{k}"), at("bid", &s))).collect();
            Rule {
                name: Some(format!("q{i}")),
                each: Vec::new(),
                lets: Vec::new(),
                trigger: Expr::of(Ty::Bool, &format!("$ {op} $"), vec![left, limit]),
                until,
                actions: vec![("Q".to_owned(), fields)],
                tails: tails.clone(),
            }
        };
        (0..count).map(&mut member).collect()
    }

    /// Symbols for a set: no instrument twice.
    fn distinct_symbols(&mut self) -> Vec<String> {
        let mut all: Vec<String> = self.symbols.iter().filter(|s| !s.starts_with("\"b:")).cloned().collect();
        if self.dice.chance(50) {
            all.reverse();
        }
        all
    }

    fn tails(&mut self, is_level: bool) -> Vec<String> {
        let mut tails = Vec::new();
        if is_level && self.dice.chance(30) {
            tails.push(if self.dice.chance(50) { "EVERY TICK".to_owned() } else { format!("EVERY {}", self.duration()) });
        }
        if self.dice.chance(15) {
            tails.push(format!("COOLDOWN {}", self.duration()));
        }
        if self.dice.chance(15) {
            tails.push(format!("LIMIT {} PER {}", self.dice.between(1, 3), self.duration()));
        }
        tails
    }

    fn fields(&mut self) -> Vec<(String, Expr)> {
        let count = self.dice.below(4);
        let mut fields = Vec::new();
        for i in 0..count {
            if self.windows && self.dice.chance(30) {
                // Fields whose name begins with g are compared with a tolerance.
                fields.push((format!("g{i}"), self.rough(2)));
                continue;
            }
            if self.it == Some(Payload::Opportunity) && self.dice.chance(60) {
                // Sizes are products that may be made in another order.
                let (letter, field) = match self.dice.below(8) {
                    0 => ("g", "size"),
                    1 => ("g", "profit"),
                    _ => ("f", self.dice.pick(&["path", "path", "state", "reason", "age", "skew", "lifetime"])),
                };
                fields.push((format!("{letter}{i}"), Expr::leaf(Ty::Other, format!("it.{field}"))));
                continue;
            }
            let label = if self.dice.chance(60) { self.label_field() } else { None };
            if let Some(label) = label {
                fields.push((format!("f{i}"), label));
                continue;
            }
            let value = match self.dice.below(12) {
                0..=4 => self.num(2),
                5 | 6 => self.level(2),
                7 => Expr::leaf(Ty::Duration, format!("age({})", self.symbol())),
                8 if self.dice.chance(40) => match self.cycle_duration() {
                    Some(duration) => duration,
                    None => self.num(2),
                },
                8 => match self.dice.below(3) {
                    0 => Expr::leaf(Ty::Other, "now()"),
                    1 => Expr::of(Ty::Other, "now() - $", vec![self.reading(1)]),
                    _ => self.calculated_reading(1),
                },
                9 => Expr::leaf(Ty::Other, format!("side({})", self.symbol())),
                10 if self.it.is_some() => Expr::leaf(Ty::Other, "it.ts"),
                10 => Expr::leaf(Ty::Other, self.symbol()),
                _ => {
                    let it = self.it.take();
                    let since = Expr::of(Ty::Duration, "since($)", vec![self.event(1).0]);
                    self.it = it;
                    since
                }
            };
            fields.push((format!("f{i}"), value));
        }
        fields
    }
}
