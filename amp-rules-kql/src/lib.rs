//! The KQL side of amp-rules. This release holds its place in the workspace and nothing else: the query language and the
//! live services come in later releases, and no other crate depends on it yet.
