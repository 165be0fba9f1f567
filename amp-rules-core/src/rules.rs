//! Rules: from the text of rule files to a compiled [`rule_set::RuleSet`].
//!
//! In reading order: [`diagnostic`] and [`codes`] (problems in rule files), [`classification`] (class, severity, strength),
//! [`syntax`] (text to trees with positions), [`model`] (validated patterns), [`rule_set`] (the result), [`compile`] (files to a rule set).

pub mod classification;
pub mod codes;
pub mod compile;
pub mod diagnostic;
pub mod model;
pub mod rule_set;
pub mod syntax;
pub(crate) mod validate;
