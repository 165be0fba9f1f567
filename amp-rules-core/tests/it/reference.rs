//! The evaluator compared with a slow, plain reference that is written from the definitions and shares no code with it.
//!
//! Reading order: [`timeline`], [`course`], [`symptoms`] with one file per kind ([`counts`], [`numbers`], [`flows`],
//! [`properties`], [`occurrences`], [`sequences`]), [`ends`], [`episodes`], [`instances`], [`world`], [`graph`], [`paths`], [`roots`], [`diagnosis`]; [`agreement`] has the tests.

mod agreement;
mod counts;
mod course;
mod diagnosis;
mod ends;
mod episodes;
mod flows;
mod graph;
mod instances;
mod numbers;
mod occurrences;
mod paths;
mod properties;
mod roots;
mod sequences;
mod symptoms;
mod timeline;
mod world;
