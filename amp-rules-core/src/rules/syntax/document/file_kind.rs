//! The kinds of rule files, their names, and the shape of each.

use super::cases::CASES;
use super::incident::INCIDENT;
use super::indicators::INDICATORS;
use super::pack::PACK;
use super::pattern::PATTERN;
use super::scenario::SCENARIO;
use super::workflow::WORKFLOW;
use crate::rules::syntax::shape::Object;

/// The kind of a rule file, which the last segment of its name determines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// `pack.yaml`: the telemetry model and the parameters.
    Pack,
    /// `pattern.yaml`: one pattern.
    Pattern,
    /// `cases.yaml`: the cases of a pattern.
    Cases,
    /// `incident.yaml`: a recorded or reconstructed incident.
    Incident,
    /// `scenario.yaml` or `<name>.scenario.yaml`: telemetry described instead of recorded.
    Scenario,
    /// `indicators.yaml`: healthy and unhealthy indicators.
    Indicators,
    /// `workflow.yaml`: the investigation workflow.
    Workflow,
    /// `<name>.kql`: a named investigation query.
    Query,
}

/// Every kind of YAML file with the value of its `format` key.
pub(in crate::rules::syntax) const FORMATS: &[(FileKind, &str)] = &[
    (FileKind::Pack, "amp-rules/v1"),
    (FileKind::Pattern, "amp-rules/v1"),
    (FileKind::Cases, "amp-rules-cases/v1"),
    (FileKind::Incident, "amp-rules-incident/v1"),
    (FileKind::Scenario, "amp-rules-scenario/v1"),
    (FileKind::Indicators, "amp-rules-indicators/v1"),
    (FileKind::Workflow, "amp-rules-workflow/v1"),
];

impl FileKind {
    /// Returns the kind of a file with this name; `None` if it is not a rule file.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
        match last {
            "pack.yaml" | "pack.yml" => Some(Self::Pack),
            "pattern.yaml" | "pattern.yml" => Some(Self::Pattern),
            "cases.yaml" | "cases.yml" => Some(Self::Cases),
            "incident.yaml" | "incident.yml" => Some(Self::Incident),
            "indicators.yaml" | "indicators.yml" => Some(Self::Indicators),
            "workflow.yaml" | "workflow.yml" => Some(Self::Workflow),
            "scenario.yaml" | "scenario.yml" => Some(Self::Scenario),
            _ if last.ends_with(".scenario.yaml") => Some(Self::Scenario),
            _ if last.ends_with(".kql") => Some(Self::Query),
            _ => None,
        }
    }

    /// Returns the name that files of this kind have.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Pack => "pack.yaml",
            Self::Pattern => "pattern.yaml",
            Self::Cases => "cases.yaml",
            Self::Incident => "incident.yaml",
            Self::Scenario => "scenario.yaml",
            Self::Indicators => "indicators.yaml",
            Self::Workflow => "workflow.yaml",
            Self::Query => "<name>.kql",
        }
    }

    /// Returns the shape of its content; `None` for queries, which are KQL.
    pub(crate) fn object(self) -> Option<&'static Object> {
        match self {
            Self::Pack => Some(&PACK),
            Self::Pattern => Some(&PATTERN),
            Self::Cases => Some(&CASES),
            Self::Incident => Some(&INCIDENT),
            Self::Scenario => Some(&SCENARIO),
            Self::Indicators => Some(&INDICATORS),
            Self::Workflow => Some(&WORKFLOW),
            Self::Query => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FORMATS, FileKind};

    #[test]
    fn the_last_segment_determines_the_kind() {
        assert_eq!(FileKind::of("rules/collector/memory-high/pattern.yaml"), Some(FileKind::Pattern));
        assert_eq!(FileKind::of("queries\\errors.kql"), Some(FileKind::Query));
        assert_eq!(FileKind::of("README.md"), None);
    }

    #[test]
    fn every_yaml_kind_has_a_format_and_begins_with_it() {
        for (kind, tag) in FORMATS {
            let first = &kind.object().unwrap().fields[0];
            assert_eq!(first.name, "format");
            assert_eq!(first.shape.expected(), format!("`{tag}`"));
        }
    }
}
