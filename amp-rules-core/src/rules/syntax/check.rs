//! Checks a rule file against the definition of its kind and collects everything that does not fit.

mod checked;
mod checker;
mod hidden;
mod scalars;
mod spelling;

pub(crate) use checked::Checked;
pub(crate) use checker::check_file;
pub use hidden::hidden_characters;
pub(crate) use spelling::version_bounds;
