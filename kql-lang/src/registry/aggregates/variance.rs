//! Variances, standard deviations and covariances, of samples and of populations.

use super::{aggregate, when};
use crate::registry::arguments::returns;
use crate::registry::{Accumulator, Aggregate, Naming};
use crate::value::{Value, convert};

pub(super) static AGGREGATES: &[Aggregate] = &[
    aggregate(
        "stdev",
        1..=1,
        returns!(Real; summable),
        Naming::Prefix("stdev"),
        |_| spread(Spread::Sample, true),
        "The standard deviation of a sample; 0 for fewer than two values.",
    ),
    aggregate(
        "stdevif",
        2..=2,
        returns!(Real; summable, truth),
        Naming::Prefix("stdevif"),
        |arguments| when(1, |_| spread(Spread::Sample, true), arguments),
        "The standard deviation of a sample, over the rows that match a condition.",
    ),
    aggregate(
        "stdevp",
        1..=1,
        returns!(Real; summable),
        Naming::Prefix("stdevp"),
        |_| spread(Spread::Population, true),
        "The standard deviation of a population.",
    ),
    aggregate(
        "variance",
        1..=1,
        returns!(Real; summable),
        Naming::Prefix("variance"),
        |_| spread(Spread::Sample, false),
        "The variance of a sample; 0 for fewer than two values.",
    ),
    aggregate(
        "varianceif",
        2..=2,
        returns!(Real; summable, truth),
        Naming::Prefix("varianceif"),
        |arguments| when(1, |_| spread(Spread::Sample, false), arguments),
        "The variance of a sample, over the rows that match a condition.",
    ),
    aggregate(
        "variancep",
        1..=1,
        returns!(Real; summable),
        Naming::Prefix("variancep"),
        |_| spread(Spread::Population, false),
        "The variance of a population.",
    ),
    aggregate(
        "variancepif",
        2..=2,
        returns!(Real; summable, truth),
        Naming::Prefix("variancepif"),
        |arguments| when(1, |_| spread(Spread::Population, false), arguments),
        "The variance of a population, over the rows that match a condition.",
    ),
    aggregate(
        "covariance",
        2..=2,
        returns!(Real; number, number),
        Naming::Prefix("covariance"),
        |_| Box::new(Covariance::new(Spread::Sample)),
        "The covariance of a sample of pairs; 0 for fewer than two pairs.",
    ),
    aggregate(
        "covarianceif",
        3..=3,
        returns!(Real; number, number, truth),
        Naming::Prefix("covarianceif"),
        |arguments| when(2, |_| Box::new(Covariance::new(Spread::Sample)), arguments),
        "The covariance of a sample of pairs, over the rows that match a condition.",
    ),
    aggregate(
        "covariancep",
        2..=2,
        returns!(Real; number, number),
        Naming::Prefix("covariancep"),
        |_| Box::new(Covariance::new(Spread::Population)),
        "The covariance of a population of pairs.",
    ),
    aggregate(
        "covariancepif",
        3..=3,
        returns!(Real; number, number, truth),
        Naming::Prefix("covariancepif"),
        |arguments| when(2, |_| Box::new(Covariance::new(Spread::Population)), arguments),
        "The covariance of a population of pairs, over the rows that match a condition.",
    ),
];

/// Whether the values are a sample or the whole population.
#[derive(Clone, Copy, Debug)]
enum Spread {
    Sample,
    Population,
}

#[derive(Debug)]
struct Moments {
    of: Spread,
    root: bool,
    rows: f64,
    mean: f64,
    squares: f64,
}

fn spread(of: Spread, root: bool) -> Box<dyn Accumulator> {
    Box::new(Moments { of, root, rows: 0.0, mean: 0.0, squares: 0.0 })
}

impl Accumulator for Moments {
    /// Welford's algorithm, which avoids the cancellation of large sums of squares.
    fn add(&mut self, values: &[Value]) -> usize {
        if let Some(value) = values.first().and_then(convert::real) {
            self.rows += 1.0;
            let before = value - self.mean;
            self.mean += before / self.rows;
            self.squares += before * (value - self.mean);
        }
        0
    }

    fn finish(self: Box<Self>) -> Value {
        let divisor = match self.of {
            Spread::Sample => self.rows - 1.0,
            Spread::Population => self.rows,
        };
        let variance = if divisor > 0.0 { self.squares / divisor } else { 0.0 };
        Value::Real(if self.root { variance.sqrt() } else { variance })
    }
}

#[derive(Debug)]
struct Covariance {
    of: Spread,
    rows: f64,
    means: (f64, f64),
    products: f64,
}

impl Covariance {
    const fn new(of: Spread) -> Self {
        Self { of, rows: 0.0, means: (0.0, 0.0), products: 0.0 }
    }
}

impl Accumulator for Covariance {
    fn add(&mut self, values: &[Value]) -> usize {
        let number = |place: usize| values.get(place).and_then(convert::real);
        if let (Some(one), Some(two)) = (number(0), number(1)) {
            self.rows += 1.0;
            let before = one - self.means.0;
            self.means.0 += before / self.rows;
            self.means.1 += (two - self.means.1) / self.rows;
            self.products += before * (two - self.means.1);
        }
        0
    }

    fn finish(self: Box<Self>) -> Value {
        let divisor = match self.of {
            Spread::Sample => self.rows - 1.0,
            Spread::Population => self.rows,
        };
        Value::Real(if divisor > 0.0 { self.products / divisor } else { 0.0 })
    }
}
