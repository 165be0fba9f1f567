//! Opens and reads files that come from anywhere.
//!
//! Input: paths, and [`Limits`]. Output: open files, texts, or an [`InputError`] that says what is wrong and what to do next.
//! Only regular files are opened: a named pipe, a device, a socket, a folder, a link to nothing and a loop of links are
//! refused at once, without waiting for a writer. Everything else in the workspace that reads a file goes through here.
//!
//! Nothing here interprets what a file holds beyond its encoding.

mod entries;
mod error;
mod limits;
mod open;
mod page;
mod size;
mod text;
mod walk;

pub use entries::{Entries, Entry, EntryKind, is_incident};
pub use error::{InputError, Reason};
pub use limits::{Limit, LimitError, Limits, Unit};
pub use open::{check_folder, open};
pub use page::limits_page;
pub use text::{decode, read_text, stdin_text};
pub use walk::{Below, FileBelow, Selection, files_below, is_rule_file, texts_below};

pub(crate) use text::foreign;
