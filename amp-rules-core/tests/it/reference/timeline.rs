//! Truth over time as a plain array: one cell between any two adjacent instants at which something can change.
//!
//! Input: the instants. Output: [`Timeline`]s and their connectives, cell by cell. A true cell has the first and the last
//! evidence of the run of true cells that it is part of.

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
    pub(crate) fn unknown(reason: UnknownReason) -> Self {
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

    /// The disjunction of several truths; false if there are none.
    pub(crate) fn any<'t>(truths: impl IntoIterator<Item = &'t Self>) -> Self {
        truths.into_iter().fold(Self::False, |any, truth| any.or(truth))
    }

    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

/// The truth between two adjacent instants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    pub(crate) truth: Truth,
    pub(crate) first: Time,
    pub(crate) last: Time,
}

/// One cell per pair of adjacent instants of the [`Grid`].
pub(crate) type Timeline = Vec<Cell>;

/// The instants in order of time. The last one is the end of the window.
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

    /// The cells between two instants.
    pub(crate) fn between(&self, from: Time, to: Time) -> std::ops::Range<usize> {
        let low = self.0[..self.cells()].partition_point(|at| *at < from);
        let high = self.0[..self.cells()].partition_point(|at| *at < to);
        low..high.max(low)
    }

    /// The same truth in all cells.
    pub(crate) fn constant(&self, truth: Truth) -> Timeline {
        vec![Cell { truth, first: self.start(), last: self.end() }; self.cells()]
    }

    /// False, except for one truth between two instants.
    pub(crate) fn span(&self, from: Time, to: Time, truth: &Truth, first: Time, last: Time) -> Timeline {
        let mut timeline = self.constant(Truth::False);
        for at in self.between(from, to) {
            timeline[at] = Cell { truth: truth.clone(), first, last };
        }
        timeline
    }

    /// The runs of cells with the same truth: first cell, from, to.
    pub(crate) fn runs<'t>(&self, timeline: &'t Timeline) -> Vec<(&'t Cell, Time, Time)> {
        let mut runs: Vec<(&Cell, Time, Time)> = Vec::new();
        for (at, cell) in timeline.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if run.0.truth == cell.truth => run.2 = self.0[at + 1],
                _ => runs.push((cell, self.0[at], self.0[at + 1])),
            }
        }
        runs
    }

    /// Gives every cell of a run the evidence of the run: the first of its first cell, the last of all its cells.
    pub(crate) fn merged(&self, mut timeline: Timeline) -> Timeline {
        let mut from = 0;
        while from < timeline.len() {
            let mut to = from + 1;
            while to < timeline.len() && timeline[to].truth == timeline[from].truth {
                to += 1;
            }
            let first = timeline[from].first;
            let last = timeline[from..to].iter().map(|cell| cell.last).max().unwrap();
            for cell in &mut timeline[from..to] {
                (cell.first, cell.last) = (first, last);
            }
            from = to;
        }
        timeline
    }

    fn is_only(&self, timeline: &Timeline, truth: &Truth) -> bool {
        timeline.iter().all(|cell| cell.truth == *truth)
    }

    /// Cell by cell. Evidence is clipped to the start of the longest piece in which neither of the two changes.
    fn zip(
        &self,
        a: &Timeline,
        b: &Timeline,
        join: fn(&Truth, &Truth) -> Truth,
        evidence: fn(&Cell, &Cell) -> (Time, Time),
    ) -> Timeline {
        let mut piece = self.start();
        let mut out: Timeline = Vec::with_capacity(a.len());
        for at in 0..self.cells() {
            if at == 0 || a[at].truth != a[at - 1].truth || b[at].truth != b[at - 1].truth {
                piece = self.0[at];
            }
            let truth = join(&a[at].truth, &b[at].truth);
            let (first, last) = evidence(&a[at], &b[at]);
            out.push(Cell { truth, first: first.max(piece), last: last.max(piece) });
        }
        self.merged(out)
    }

    /// The conjunction. Its evidence is where both have theirs.
    pub(crate) fn and(&self, a: &Timeline, b: &Timeline) -> Timeline {
        if self.is_only(a, &Truth::False) || self.is_only(b, &Truth::True) {
            return a.clone();
        }
        if self.is_only(b, &Truth::False) || self.is_only(a, &Truth::True) {
            return b.clone();
        }
        self.zip(a, b, Truth::and, |a, b| (a.first.max(b.first), a.last.min(b.last)))
    }

    /// The disjunction. Its evidence is that of the true ones.
    pub(crate) fn or(&self, a: &Timeline, b: &Timeline) -> Timeline {
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

    /// Each truth mapped. The evidence of a run that becomes true is the run itself.
    pub(crate) fn mapped(&self, timeline: &Timeline, change: impl Fn(&Truth) -> Truth) -> Timeline {
        let mut out = timeline.clone();
        for (cell, from, to) in self.runs(timeline) {
            let truth = change(&cell.truth);
            if truth != cell.truth {
                for at in self.between(from, to) {
                    out[at] = Cell { truth: truth.clone(), first: from, last: to };
                }
            }
        }
        self.merged(out)
    }

    /// True where at least `wanted` timelines are true, cell by cell.
    pub(crate) fn at_least(&self, timelines: &[Timeline], wanted: f64) -> Timeline {
        let mut piece = self.start();
        let mut out = Vec::with_capacity(self.cells());
        for at in 0..self.cells() {
            if at > 0 && timelines.iter().any(|timeline| timeline[at].truth != timeline[at - 1].truth) {
                piece = self.0[at];
            }
            let holding: Vec<&Cell> =
                timelines.iter().map(|timeline| &timeline[at]).filter(|cell| cell.truth == Truth::True).collect();
            let unknown: Vec<&Truth> =
                timelines.iter().map(|timeline| &timeline[at].truth).filter(|truth| truth.is_unknown()).collect();
            let cell = if holding.len() as f64 >= wanted {
                let first = holding.iter().map(|cell| cell.first).max().unwrap_or(piece).max(piece);
                let last = holding.iter().map(|cell| cell.last).min().unwrap_or(piece).max(piece);
                Cell { truth: Truth::True, first, last }
            } else if ((holding.len() + unknown.len()) as f64) < wanted {
                Cell { truth: Truth::False, first: piece, last: piece }
            } else {
                Cell { truth: Truth::any(unknown), first: piece, last: piece }
            };
            out.push(cell);
        }
        self.merged(out)
    }

    /// True if true in some cell, false if false in all, else unknown.
    pub(crate) fn overall(&self, timeline: &Timeline) -> Truth {
        Truth::any(timeline.iter().map(|cell| &cell.truth))
    }
}
