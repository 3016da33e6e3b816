//! `ascep replay`: recorded data through the engine, as fast as it can. The end of the data brings the clock to its last ts, or to `--to`.

use crate::args::ReplayArgs;
use crate::console::Console;
use crate::data::Data;
use crate::error::Failure;
use crate::intake::{Intake, Taker};
use crate::interrupt::Interrupt;
use crate::load;
use crate::output::Output;
use crate::progress::Bar;
use crate::session::{Session, Settings};
use crate::verify::Log;

/// Runs the command.
pub(crate) fn replay(args: &ReplayArgs, console: &Console) -> Result<(), Failure> {
    args.data.read.check()?;
    let program = load::load(&args.files, &args.compile, console)?;
    let mut data = Data::open(&args.data.data, &args.data.read, args.signals.strict)?;
    let output = match &args.verify {
        Some(log) => Output::verify(Log::open(log)?),
        None => Output::stdout(args.signals.out, false),
    };
    let interrupt = Interrupt::listen();
    let mut session = Session::new(
        &program,
        data.default_venue(),
        Settings::of(&args.signals.engine).with_strict(args.signals.strict),
        output,
        console,
        &interrupt,
    )?;
    let mut intake = Intake::of(&args.data.read, &data);
    let bar = Bar::new(console, data.progress().map_or(0, |progress| progress.total));

    let ended = all(&mut data, &mut intake, &mut session, &interrupt, &bar);
    bar.finish();
    let unseen = session.unseen();
    let read = data.counters();
    let complete = ended.is_ok();
    let (summary, written) = session.finish(0, intake.report());
    if matches!(ended, Err(Failure::Closed)) || matches!(written, Err(Failure::Closed)) {
        return Err(Failure::Closed);
    }
    if complete && !unseen.is_empty() {
        console.warning(&format_args!("no data came of {}", unseen.join(", ")));
    }
    if read.unknown > 0 {
        unknown(console, read.unknown);
    }
    console.text(&summary.text());
    ended.and(written)
}

/// Says that frames were passed over.
pub(crate) fn unknown(console: &Console, frames: u64) {
    let frames = if frames == 1 {
        "1 frame of a type not known here was".to_owned()
    } else {
        format!("{frames} frames of a type not known here were")
    };
    console.note(&format_args!("{frames} passed over"));
}

/// A time for people.
pub(crate) fn moment(ts: i64) -> String {
    jiff::Timestamp::from_nanosecond(ts.into()).map_or_else(|_| ts.to_string(), |time| format!("{time} ({ts})"))
}

/// Everything that is to be replayed; ends early with a failure, or when the taker wants no more.
pub(crate) fn all(data: &mut Data, intake: &mut Intake, taker: &mut impl Taker, interrupt: &Interrupt, bar: &Bar) -> Result<(), Failure> {
    while let Some(next) = data.next() {
        if interrupt.came() {
            return Err(Failure::Interrupted);
        }
        let event = match next {
            Ok(event) => event,
            Err(error) if error.is_fatal() => return Err(Failure::Feed(format!("{error}; {}", error.help()))),
            Err(error) => {
                bar.aside(|| taker.refuse(&format_args!("{error}; {}", error.help())))?;
                continue;
            }
        };
        intake.event(data.last_source(), event, data.symbols(), taker)?;
        if taker.is_done() {
            return Ok(());
        }
        bar.event(taker.events(), || data.progress());
        taker.progress(&|| data.progress());
    }
    intake.end(data.symbols(), taker)?;
    match intake.to(taker).or(taker.last_ts()) {
        // Without an event there is no clock to bring forward but the one that was asked for.
        Some(end) => taker.advance_to(end),
        None => Ok(()),
    }
}
