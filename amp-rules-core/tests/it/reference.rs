//! The evaluator compared with a slow, plain reference that is written from the definitions and shares no code with it.
//!
//! Reading order: [`timeline`], [`symptoms`] with one file per kind ([`counts`], [`numbers`], [`flows`], [`properties`]),
//! [`instances`], [`graph`], [`diagnosis`]; [`agreement`] has the tests.

mod agreement;
mod counts;
mod diagnosis;
mod flows;
mod graph;
mod instances;
mod numbers;
mod properties;
mod symptoms;
mod timeline;
