//! What times are read from.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// A clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Time as it passes for everybody.
    Wall,
    /// Time in which the measuring thread ran: for a machine that does other things too. What other threads do for an engine is not in it.
    Thread,
}

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock {
    /// Time since some instant in the past.
    #[must_use]
    #[inline]
    pub fn now(self) -> Duration {
        match self {
            Self::Wall => BEGAN.elapsed(),
            Self::Thread => thread_time(),
        }
    }
}

#[cfg(unix)]
fn thread_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// There is no such clock that could be read without `unsafe`.
#[cfg(not(unix))]
fn thread_time() -> Duration {
    BEGAN.elapsed()
}
