//! Folders and stories, each below `testdata` and named by the fact it shows, with what is told of it beside it.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot run has failed")]

mod folders;
mod stories;
mod support;
