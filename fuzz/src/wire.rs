//! Bodies of HTTP responses of the services.

use amp_rules_kql::wire::{Decoded, failure, frames, tables, tables_v1};

fn check(decoded: &Decoded) {
    for (name, table) in &decoded.tables {
        for row in &table.rows {
            assert_eq!(row.len(), table.columns.len(), "`{name}`");
        }
        let _ = amp_rules_kql::convert::result_table(table);
    }
    if let Some(permissions) = &decoded.permissions {
        let _ = permissions.reach(&["traces", "AppTraces"]);
    }
}

/// Decodes a body in every format, and as the body of an error.
///
/// # Panics
///
/// - A decoded row has another width than the columns.
/// - The message of a failure has more than one line.
pub fn wire(data: &[u8]) {
    for decode in [tables, frames, tables_v1] {
        match decode(data) {
            Ok(decoded) => check(&decoded),
            Err(failure) => assert!(failure.message.lines().count() <= 1, "{failure:?}"),
        }
    }
    for status in [400, 401, 403, 404, 413, 429, 500, 503, 504] {
        let failure = failure(status, data);
        assert!(failure.message.lines().count() <= 1, "{failure:?}");
    }
}
