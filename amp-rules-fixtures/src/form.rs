//! The forms in which people have rows: which table a header fits, and how an object of a file becomes a row of the table.
//!
//! Input: the schema of a pack, and what stands in files: headers, objects, times. Output: a [`Catalogue`] that recognises
//! headers, and a [`Mapper`] per file. Nothing here opens a file.

mod catalogue;
mod derive;
mod line_time;
mod mapper;
mod options;
mod path;
mod times;

pub use options::{FileOptions, GivenKey};
pub use times::{DateOrder, Zone};

pub(crate) use catalogue::{Catalogue, Fit, Layout};
pub(crate) use line_time::{ContainerLine, LineTime, is_nanoseconds, split_timestamp};
pub(crate) use mapper::{FileFacts, Mapper, Record, TextFacts};
pub(crate) use times::{OrderFinder, TimeRule};
