//! The `permissions` object of Azure Monitor responses, sent on request (`Prefer: include-permissions=true`).
//!
//! Without that header, Azure Monitor silently omits tables that the caller may not read. With it, the response lists the denied
//! tables per resource and workspace. Format:
//! <https://learn.microsoft.com/azure/azure-monitor/logs/api/azure-resource-queries>, read 2026-11-23.

use std::collections::BTreeSet;

use serde::Deserialize;

/// The tables that the caller may not read, per resource and workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Permissions {
    resources: Vec<ResourcePermissions>,
    #[serde(rename = "dataSources")]
    data_sources: Vec<ResourcePermissions>,
}

/// A workspace, or a resource with the workspaces that store its telemetry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct ResourcePermissions {
    #[serde(rename = "resourceId")]
    id: String,
    #[serde(rename = "denyTables")]
    denied_tables: Vec<String>,
    #[serde(rename = "dataSources")]
    data_sources: Vec<String>,
}

/// How much of a table the caller may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The whole table, according to the service.
    Full,
    /// Only the part in some of the resources or workspaces.
    Part,
    /// Nothing.
    Nothing,
}

impl Permissions {
    /// Returns how much of a table the caller may read; `names` are all names that the service may use for it.
    #[must_use]
    pub fn reach(&self, names: &[&str]) -> Reach {
        let denies = |entry: &ResourcePermissions| {
            entry.denied_tables.iter().any(|table| names.iter().any(|name| table.eq_ignore_ascii_case(name)))
        };
        let readable: BTreeSet<String> =
            self.data_sources.iter().filter(|entry| !denies(entry)).map(|entry| entry.id.to_lowercase()).collect();
        let mut counts = (0_usize, 0_usize);
        let mut count = |readable_here: bool| counts = (counts.0 + usize::from(readable_here), counts.1 + 1);
        for resource in &self.resources {
            let readable_here = !denies(resource);
            if resource.data_sources.is_empty() {
                count(readable_here);
            }
            for source in &resource.data_sources {
                // The caller may not read a workspace that is missing from the list of workspaces.
                count(readable_here && (self.data_sources.is_empty() || readable.contains(&source.to_lowercase())));
            }
        }
        if self.resources.is_empty() {
            self.data_sources.iter().for_each(|source| count(!denies(source)));
        }
        match counts {
            (readable_here, all) if readable_here == all => Reach::Full,
            (0, _) => Reach::Nothing,
            _ => Reach::Part,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Permissions {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn denied_tables_reduce_the_reach() {
        let found = of(
            r#"{"resources":[{"resourceId":"/r/1","dataSources":["/w/A"]},{"resourceId":"/r/2","denyTables":["AppMetrics"],"dataSources":["/w/b"]}],
                "dataSources":[{"resourceId":"/w/a","denyTables":["AppTraces"]},{"resourceId":"/w/b"}]}"#,
        );
        assert_eq!(found.reach(&["traces", "AppTraces"]), Reach::Part);
        assert_eq!(found.reach(&["customMetrics", "appmetrics"]), Reach::Part);
        assert_eq!(found.reach(&["AppRequests"]), Reach::Full);
    }

    #[test]
    fn unlisted_workspace_is_unreadable() {
        let found = of(
            r#"{"resources":[{"resourceId":"/r/1","dataSources":["/w/a","/w/b"]}],"dataSources":[{"resourceId":"/w/b"}]}"#,
        );
        assert_eq!(found.reach(&["AppTraces"]), Reach::Part);
        let none = of(
            r#"{"resources":[{"resourceId":"/r/1","denyTables":["AppTraces"],"dataSources":["/w/a"]}],"dataSources":[{"resourceId":"/w/a"}]}"#,
        );
        assert_eq!(none.reach(&["AppTraces"]), Reach::Nothing);
    }

    #[test]
    fn empty_permissions_mean_full_reach() {
        assert_eq!(of("{}").reach(&["AppTraces"]), Reach::Full);
    }
}
