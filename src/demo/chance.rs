//! Chance that is the same at each start.

/// SplitMix64 (Steele, Lea, Flood 2014): one number of state, good enough for a demo, the same on every machine.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        let offset = ((self.next() >> 32) * span) >> 32;
        low.saturating_add(u32::try_from(offset).unwrap_or_default())
    }

    /// Happens `times` in a thousand.
    pub fn in_thousand(&mut self, times: u32) -> bool {
        self.between(0, 999) < times
    }

    /// One of them; none of none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let last = u32::try_from(of.len()).ok()?.checked_sub(1)?;
        of.get(self.between(0, last) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_each_time_and_stays_within_its_bounds() {
        let draw = || {
            let mut chance = Chance::seeded(7);
            (0..1000).map(|_| chance.between(3, 9)).collect::<Vec<_>>()
        };
        assert_eq!(draw(), draw());
        assert!(draw().iter().all(|drawn| (3..=9).contains(drawn)));
        assert!((3..=9).all(|value| draw().contains(&value)));
        assert_eq!(Chance::seeded(1).pick::<u8>(&[]), None);
    }
}
