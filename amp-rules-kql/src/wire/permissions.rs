//! What a caller may not read, as Azure Monitor tells it when it is asked to (`Prefer: include-permissions=true`).
//!
//! Without the question, a table that one may not read is left out of an answer without a word. With it, the answer says
//! which tables of which resources and workspaces are refused. Shape and meaning:
//! <https://learn.microsoft.com/azure/azure-monitor/logs/api/azure-resource-queries>, read 2026-11-23.

use std::collections::BTreeSet;

use serde::Deserialize;

/// What the caller may not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Permissions {
    resources: Vec<Place>,
    #[serde(rename = "dataSources")]
    sources: Vec<Place>,
}

/// A resource with the workspaces that it sends to, or a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Place {
    #[serde(rename = "resourceId")]
    id: String,
    #[serde(rename = "denyTables")]
    refused: Vec<String>,
    #[serde(rename = "dataSources")]
    sources: Vec<String>,
}

/// How much of a table the caller may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All of it, as far as the service says.
    Whole,
    /// The part that some resource or workspace holds.
    Part,
    /// Nothing.
    Nothing,
}

impl Permissions {
    /// How much of a table may be read; `names` are all names under which the service may know it.
    #[must_use]
    pub fn reach(&self, names: &[&str]) -> Reach {
        let refuses =
            |place: &Place| place.refused.iter().any(|table| names.iter().any(|name| table.eq_ignore_ascii_case(name)));
        let readable: BTreeSet<String> =
            self.sources.iter().filter(|place| !refuses(place)).map(|place| place.id.to_lowercase()).collect();
        let mut ways = (0_usize, 0_usize);
        let mut way = |open: bool| ways = (ways.0 + usize::from(open), ways.1 + 1);
        for resource in &self.resources {
            let open = !refuses(resource);
            if resource.sources.is_empty() {
                way(open);
            }
            for source in &resource.sources {
                // A workspace that the list of workspaces does not have is one that the caller may not read.
                way(open && (self.sources.is_empty() || readable.contains(&source.to_lowercase())));
            }
        }
        if self.resources.is_empty() {
            self.sources.iter().for_each(|source| way(!refuses(source)));
        }
        match ways {
            (open, all) if open == all => Reach::Whole,
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
    fn a_table_that_a_workspace_refuses_is_out_of_reach_there() {
        let found = of(
            r#"{"resources":[{"resourceId":"/r/1","dataSources":["/w/A"]},{"resourceId":"/r/2","denyTables":["AppMetrics"],"dataSources":["/w/b"]}],
                "dataSources":[{"resourceId":"/w/a","denyTables":["AppTraces"]},{"resourceId":"/w/b"}]}"#,
        );
        assert_eq!(found.reach(&["traces", "AppTraces"]), Reach::Part);
        assert_eq!(found.reach(&["customMetrics", "appmetrics"]), Reach::Part);
        assert_eq!(found.reach(&["AppRequests"]), Reach::Whole);
    }

    #[test]
    fn a_workspace_that_is_not_listed_may_not_be_read() {
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
    fn who_is_told_nothing_may_read_everything() {
        assert_eq!(of("{}").reach(&["AppTraces"]), Reach::Whole);
    }
}
