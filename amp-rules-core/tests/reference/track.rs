//! Truth over time as a plain array: one cell between any two neighbouring instants at which anything can change.
//!
//! Input: the instants. Output: [`Track`]s and their connectives, cell by cell. A true cell knows the first and the last
//! evidence of the unbroken stretch that it is part of.

use std::collections::BTreeSet;

use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::time::Time;

/// Three truth values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    True,
    False,
    Unknown(BTreeSet<UnknownReason>),
}

impl Truth {
    pub(crate) fn open(reason: UnknownReason) -> Self {
        Self::Unknown(BTreeSet::from([reason]))
    }

    pub(crate) fn not(&self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown(reasons) => Self::Unknown(reasons.clone()),
        }
    }

    pub(crate) fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, x) | (x, Self::False) => x.clone(),
            (Self::Unknown(a), Self::Unknown(b)) => Self::Unknown(a.union(b).cloned().collect()),
        }
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        self.not().or(&other.not()).not()
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

/// The truth between two instants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    pub(crate) truth: Truth,
    pub(crate) first: Time,
    pub(crate) last: Time,
}

/// One cell per stretch of the [`Grid`].
pub(crate) type Track = Vec<Cell>;

/// The instants, first to last; the last is the end of the window.
#[derive(Debug)]
pub(crate) struct Grid(pub(crate) Vec<Time>);

impl Grid {
    pub(crate) fn cells(&self) -> usize {
        self.0.len() - 1
    }

    pub(crate) fn start(&self) -> Time {
        self.0[0]
    }

    pub(crate) fn end(&self) -> Time {
        self.0[self.cells()]
    }

    /// The cells that lie between two instants.
    pub(crate) fn between(&self, from: Time, to: Time) -> std::ops::Range<usize> {
        let low = self.0[..self.cells()].partition_point(|at| *at < from);
        let high = self.0[..self.cells()].partition_point(|at| *at < to);
        low..high.max(low)
    }

    /// The same truth throughout.
    pub(crate) fn whole(&self, truth: Truth) -> Track {
        vec![Cell { truth, first: self.start(), last: self.end() }; self.cells()]
    }

    /// False, with one truth between two instants.
    pub(crate) fn stretch(&self, from: Time, to: Time, truth: &Truth, first: Time, last: Time) -> Track {
        let mut track = self.whole(Truth::False);
        for at in self.between(from, to) {
            track[at] = Cell { truth: truth.clone(), first, last };
        }
        track
    }

    /// The unbroken stretches of one truth: cells, from, to.
    pub(crate) fn runs<'t>(&self, track: &'t Track) -> Vec<(&'t Cell, Time, Time)> {
        let mut runs: Vec<(&Cell, Time, Time)> = Vec::new();
        for (at, cell) in track.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if run.0.truth == cell.truth => run.2 = self.0[at + 1],
                _ => runs.push((cell, self.0[at], self.0[at + 1])),
            }
        }
        runs
    }

    /// Gives every cell of a true stretch the evidence of the whole: the first of its first cell, the last of all.
    pub(crate) fn settled(&self, mut track: Track) -> Track {
        let mut from = 0;
        while from < track.len() {
            let mut to = from + 1;
            while to < track.len() && track[to].truth == track[from].truth {
                to += 1;
            }
            let (first, last) = (track[from].first, track[from..to].iter().map(|cell| cell.last).max().unwrap());
            for cell in &mut track[from..to] {
                (cell.first, cell.last) = (first, last);
            }
            from = to;
        }
        track
    }

    fn is_only(&self, track: &Track, truth: &Truth) -> bool {
        track.iter().all(|cell| cell.truth == *truth)
    }

    /// Cell by cell. Evidence counts from where the piece begins in which neither of the two changes.
    fn zip(
        &self,
        a: &Track,
        b: &Track,
        join: fn(&Truth, &Truth) -> Truth,
        evidence: fn(&Cell, &Cell) -> (Time, Time),
    ) -> Track {
        let mut piece = self.start();
        let mut out: Track = Vec::with_capacity(a.len());
        for at in 0..self.cells() {
            if at == 0 || a[at].truth != a[at - 1].truth || b[at].truth != b[at - 1].truth {
                piece = self.0[at];
            }
            let truth = join(&a[at].truth, &b[at].truth);
            let (first, last) = evidence(&a[at], &b[at]);
            out.push(Cell { truth, first: first.max(piece), last: last.max(piece) });
        }
        self.settled(out)
    }

    /// Both: there is evidence once both have theirs.
    pub(crate) fn and(&self, a: &Track, b: &Track) -> Track {
        if self.is_only(a, &Truth::False) || self.is_only(b, &Truth::True) {
            return a.clone();
        }
        if self.is_only(b, &Truth::False) || self.is_only(a, &Truth::True) {
            return b.clone();
        }
        self.zip(a, b, Truth::and, |a, b| (a.first.max(b.first), a.last.min(b.last)))
    }

    /// Either: the evidence of whichever is true.
    pub(crate) fn or(&self, a: &Track, b: &Track) -> Track {
        if self.is_only(a, &Truth::True) || self.is_only(b, &Truth::False) {
            return a.clone();
        }
        if self.is_only(b, &Truth::True) || self.is_only(a, &Truth::False) {
            return b.clone();
        }
        self.zip(a, b, Truth::or, |a, b| match (&a.truth, &b.truth) {
            (Truth::True, Truth::True) => (a.first.min(b.first), a.last.max(b.last)),
            (Truth::True, _) => (a.first, a.last),
            _ => (b.first, b.last),
        })
    }

    /// Each truth changed; what becomes true by it is true for as long as the stretch.
    pub(crate) fn mapped(&self, track: &Track, change: impl Fn(&Truth) -> Truth) -> Track {
        let mut out = track.clone();
        for (cell, from, to) in self.runs(track) {
            let truth = change(&cell.truth);
            if truth != cell.truth {
                for at in self.between(from, to) {
                    out[at] = Cell { truth: truth.clone(), first: from, last: to };
                }
            }
        }
        self.settled(out)
    }

    /// At least so many, judged cell by cell.
    pub(crate) fn at_least(&self, tracks: &[Track], wanted: f64) -> Track {
        let mut piece = self.start();
        let mut out = Vec::with_capacity(self.cells());
        for at in 0..self.cells() {
            if at > 0 && tracks.iter().any(|track| track[at].truth != track[at - 1].truth) {
                piece = self.0[at];
            }
            let holding: Vec<&Cell> =
                tracks.iter().map(|track| &track[at]).filter(|cell| cell.truth == Truth::True).collect();
            let open: Vec<&Truth> =
                tracks.iter().map(|track| &track[at].truth).filter(|truth| truth.is_open()).collect();
            let cell = if holding.len() as f64 >= wanted {
                let first = holding.iter().map(|cell| cell.first).max().unwrap_or(piece).max(piece);
                let last = holding.iter().map(|cell| cell.last).min().unwrap_or(piece).max(piece);
                Cell { truth: Truth::True, first, last }
            } else if ((holding.len() + open.len()) as f64) < wanted {
                Cell { truth: Truth::False, first: piece, last: piece }
            } else {
                Cell { truth: open.into_iter().fold(Truth::False, |sum, one| sum.or(one)), first: piece, last: piece }
            };
            out.push(cell);
        }
        self.settled(out)
    }

    /// True if true in some cell, false if false in all.
    pub(crate) fn overall(&self, track: &Track) -> Truth {
        track.iter().fold(Truth::False, |sum, cell| sum.or(&cell.truth))
    }
}
