//! Pairs as vectors. The module is there only where the whole target has SSE2, as every x86-64 does that has floats.
//! That is all that its functions ask for: they compute from values and touch no memory.

use core::arch::x86_64::{
    __m128d, _mm_add_pd, _mm_castpd_ps, _mm_cmpeq_pd, _mm_cmpge_pd, _mm_cmpgt_pd, _mm_cmpord_pd, _mm_div_pd, _mm_movemask_pd,
    _mm_movemask_ps, _mm_mul_pd, _mm_set_pd, _mm_shuffle_ps, _mm_sub_pd, _mm_xor_pd,
};

use crate::pairs::Two;

/// Two numbers.
#[derive(Debug, Clone, Copy)]
pub struct Pair(__m128d);

impl Two for Pair {
    type Mask = __m128d;

    #[inline(always)]
    fn new([low, high]: [f64; 2]) -> Self {
        // SAFETY: see the module.
        Self(unsafe { _mm_set_pd(high, low) })
    }

    #[inline(always)]
    fn add(self, y: Self) -> Self {
        // SAFETY: see the module.
        Self(unsafe { _mm_add_pd(self.0, y.0) })
    }

    #[inline(always)]
    fn sub(self, y: Self) -> Self {
        // SAFETY: see the module.
        Self(unsafe { _mm_sub_pd(self.0, y.0) })
    }

    #[inline(always)]
    fn mul(self, y: Self) -> Self {
        // SAFETY: see the module.
        Self(unsafe { _mm_mul_pd(self.0, y.0) })
    }

    #[inline(always)]
    fn div(self, y: Self) -> Self {
        // SAFETY: see the module.
        Self(unsafe { _mm_div_pd(self.0, y.0) })
    }

    #[inline(always)]
    fn xor(self, y: Self) -> Self {
        // SAFETY: see the module.
        Self(unsafe { _mm_xor_pd(self.0, y.0) })
    }

    #[inline(always)]
    fn gt(self, y: Self) -> __m128d {
        // SAFETY: see the module.
        unsafe { _mm_cmpgt_pd(self.0, y.0) }
    }

    #[inline(always)]
    fn ge(self, y: Self) -> __m128d {
        // SAFETY: see the module.
        unsafe { _mm_cmpge_pd(self.0, y.0) }
    }

    #[inline(always)]
    fn eq(self, y: Self) -> __m128d {
        // SAFETY: see the module.
        unsafe { _mm_cmpeq_pd(self.0, y.0) }
    }

    #[inline(always)]
    fn known(self, y: Self) -> __m128d {
        // SAFETY: see the module.
        unsafe { _mm_cmpord_pd(self.0, y.0) }
    }

    #[inline(always)]
    fn bits(mask: __m128d) -> u8 {
        // SAFETY: see the module.
        let bits = unsafe { _mm_movemask_pd(mask) };
        bits as u8
    }

    #[inline(always)]
    fn bits_of_two(low: __m128d, high: __m128d) -> u8 {
        // The upper half of each of the four truths, then their four bits.
        // SAFETY: see the module.
        let bits = unsafe { _mm_movemask_ps(_mm_shuffle_ps::<0b11_01_11_01>(_mm_castpd_ps(low), _mm_castpd_ps(high))) };
        bits as u8
    }
}
