//! Random choices from a list of numbers.
//!
//! Input: numbers that a property test draws. Output: choices, one number each. After the last number every choice is the
//! first one, so fewer or smaller numbers make a smaller scenario, and shrinking works without further knowledge.

/// Numbers, consumed one per choice.
#[derive(Debug)]
pub(crate) struct Dice<'a> {
    left: std::slice::Iter<'a, u16>,
}

impl<'a> Dice<'a> {
    pub(crate) fn new(numbers: &'a [u16]) -> Self {
        Self { left: numbers.iter() }
    }

    /// A number below `many`; 0 if no number is left.
    pub(crate) fn below(&mut self, many: usize) -> usize {
        let number = self.left.next().copied().unwrap_or(0);
        (usize::from(number) * many) >> 16
    }

    /// True in `part` of `whole` cases; false if no number is left.
    pub(crate) fn chance(&mut self, part: usize, whole: usize) -> bool {
        self.below(whole) >= whole - part
    }

    /// One of several; the first if no number is left.
    pub(crate) fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// A number from `least` to `most`, inclusive.
    pub(crate) fn between(&mut self, least: i64, most: i64) -> i64 {
        least + self.below(usize::try_from(most - least + 1).unwrap()) as i64
    }
}
