//! The one definition of the format: what each kind of rule file holds.
//!
//! Input: the name of a file. Output: its [`FileKind`] and the shape of its content. The checker, the JSON Schema and the
//! reference all read this; what does not stand here is not part of the format.

mod incident;
mod pack;
mod pattern;
mod symptom;

use super::shape::{Field, Object, Shape, object, optional, required};

/// What a rule file is, told by the last segment of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// Every kind of YAML file with the text that its `format` key holds.
pub const FORMATS: &[(FileKind, &str)] = &[
    (FileKind::Pack, "amp-rules/v1"),
    (FileKind::Pattern, "amp-rules/v1"),
    (FileKind::Cases, "amp-rules-cases/v1"),
    (FileKind::Incident, "amp-rules-incident/v1"),
    (FileKind::Scenario, "amp-rules-scenario/v1"),
    (FileKind::Indicators, "amp-rules-indicators/v1"),
    (FileKind::Workflow, "amp-rules-workflow/v1"),
];

/// Retired format ids, each with its replacement.
pub(super) const RETIRED_FORMATS: &[(&str, &str)] = &[("amp-rules-story/v1", "amp-rules-scenario/v1")];

impl FileKind {
    /// The kind of a file with this name; `None` where it is none of the rules' files.
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

    /// The name that files of this kind have.
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

    /// What its content looks like; `None` for queries, which are KQL.
    pub(crate) fn object(self) -> Option<&'static Object> {
        match self {
            Self::Pack => Some(&pack::PACK),
            Self::Pattern => Some(&pattern::PATTERN),
            Self::Cases => Some(&incident::CASES),
            Self::Incident => Some(&incident::INCIDENT),
            Self::Scenario => Some(&incident::SCENARIO),
            Self::Indicators => Some(&INDICATORS),
            Self::Workflow => Some(&WORKFLOW),
            Self::Query => None,
        }
    }
}

static INDICATORS: Object = object(
    "Indicators",
    "Healthy and unhealthy indicators: sentences about the whole system that hold or do not.",
    &[
        required("format", Shape::Tag("amp-rules-indicators/v1"), "The version of the format."),
        required(
            "indicators",
            Shape::List(&Shape::Object(&INDICATOR)),
            "The indicators, in the order in which reports show them.",
        ),
    ],
);

static INDICATOR: Object = object(
    "Indicator",
    "One indicator.",
    &[
        required("id", Shape::Id, "Its id, unique among the indicators."),
        required(
            "kind",
            Shape::Words(&[("healthy", "It speaks of health."), ("unhealthy", "It speaks of trouble.")]),
            "What it speaks of.",
        ),
        required("text", Shape::Text, "The sentence."),
        required("when", Shape::Same(&pattern::PATTERN_CONDITION), "When it holds: a condition over patterns."),
    ],
);

static WORKFLOW: Object = object(
    "Workflow",
    "The investigation workflow: what a person looks at, step by step.",
    &[
        required("format", Shape::Tag("amp-rules-workflow/v1"), "The version of the format."),
        required("steps", Shape::List(&Shape::Object(&STEP)), "The steps."),
        optional("notes", Shape::List(&Shape::Text), "Remarks for whoever investigates."),
    ],
);

static STEP: Object = object(
    "Step",
    "One step of the workflow.",
    &[
        required("step", Shape::Integer(1), "Its number; numbers may have gaps."),
        required("title", Shape::Text, "Its title."),
        required("items", Shape::List(&Shape::Object(&ITEM)), "What to look at."),
    ],
);

static ITEM: Object = object("Item", "One thing to look at.", ITEM_FIELDS);

const ITEM_FIELDS: &[Field] = &[
    required("text", Shape::Text, "What to do."),
    optional("patterns", Shape::List(&Shape::Id), "The patterns that answer it."),
    optional("queries", Shape::List(&Shape::Id), "The named queries that help."),
    optional("tables", Shape::List(&Shape::Telemetry), "The tables that it reads."),
];

#[cfg(test)]
mod tests {
    use super::{FORMATS, FileKind};

    #[test]
    fn the_last_segment_tells_the_kind() {
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
