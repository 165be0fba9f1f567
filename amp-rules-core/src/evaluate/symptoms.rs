//! Symptoms over time, per entity.
//!
//! Reading order; each file uses only those before it:
//!
//! - [`symptom_timeline`], [`settings`], [`absent_means`], [`onset_delay`], [`bin_count`]: results, and values that several kinds of symptom
//!   need.
//! - [`threshold`]: a number compared with a threshold. [`count_threshold`]: a count compared with `at_least`.
//! - [`startup_grace`], [`lasts`], [`mod@rollup`]: what changes counts or their truth.
//! - [`number_bins`], [`incomplete_bins`], [`counter_gaps`], [`window_steps`], [`series`]: metrics as numbers with bounds.
//! - [`baseline`], [`flow_bins`], [`cessation`], [`ceases`], [`mod@drop`], [`streak`]: what is judged against the past.
//! - [`per_entity`]: one timeline per entity.
//! - One file per kind: [`line_count`], [`metric`] with [`ratio`], [`property`], [`query`], [`absence`], [`flow`],
//!   [`repeats`], [`persists`].
//! - [`symptoms`]: each symptom computed once.

mod absence;
mod absent_means;
mod baseline;
mod bin_count;
mod ceases;
mod cessation;
mod count_cells;
mod count_threshold;
mod counter_gaps;
mod drop;
mod expected_bins;
mod flow;
mod flow_bins;
mod incomplete_bins;
mod judged_bin;
mod judging;
mod lasts;
mod line_count;
mod metric;
mod number_bins;
mod onset_delay;
mod per_entity;
mod persists;
mod planned;
mod property;
mod query;
mod ratio;
mod repeats;
mod rollup;
mod runs;
mod sequence;
mod series;
mod settings;
mod startup_grace;
mod streak;
mod symptom_timeline;
#[expect(clippy::module_inception, reason = "the file is named after the type it defines")]
mod symptoms;
mod threshold;
mod window_steps;

pub(crate) use judged_bin::judged_bin;
pub(crate) use onset_delay::detection_delay;
pub(crate) use query::result_rows;
pub(crate) use rollup::{at_least, rollup};
pub(crate) use symptom_timeline::{SymptomTimeline, SymptomTimelines};
pub(crate) use symptoms::Symptoms;
pub(crate) use threshold::limit_of;
