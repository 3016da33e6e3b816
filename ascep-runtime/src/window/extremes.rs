//! The lowest and the highest of a sliding window: a queue of the samples that can still come to be it, best first, each better than all
//! that came after it. It holds places of the window's ring, at most as many as the ring.

use crate::plan::RingPlan;
use crate::ring::Ring;

/// Takes in the sample at `place`; `yields` says of an earlier place that its sample is not better.
#[inline]
pub(super) fn push(queue: &mut Ring, plan: RingPlan, places: &mut [u32], place: u32, yields: impl Fn(u32) -> bool) {
    while queue.newest(plan, places).is_some_and(&yields) {
        queue.drop_newest();
    }
    queue.push(plan, places, place);
}

/// Lets go of the oldest sample of the window, which stands at `place`.
#[inline]
pub(super) fn drop_oldest(queue: &mut Ring, plan: RingPlan, places: &[u32], place: u32) {
    if queue.oldest(plan, places) == Some(place) {
        queue.drop_oldest(plan.capacity);
    }
}
