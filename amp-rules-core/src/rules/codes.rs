//! The one list of diagnostic codes.
//!
//! The command line, the documentation and other tools read [`ALL`]. Every code in it has a check, and the number of a
//! code is never reused.

use crate::rules::diagnostic::{Code, Severity};

macro_rules! codes {
    ($($name:ident = $number:literal, $slug:literal, $severity:ident, $strict:literal, $page:literal, $summary:literal;)*) => {
        $(
            #[doc = concat!($summary, ".")]
            pub static $name: Code = Code {
                number: $number,
                slug: $slug,
                severity: Severity::$severity,
                strict: $strict,
                summary: $summary,
                page: include_str!($page),
            };
        )*

        /// Every code, sorted by number.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    YAML_SYNTAX = 1, "yaml-syntax", Error, false, "codes/AMP001.md", "The file is not valid YAML";
    DUPLICATE_KEY = 2, "duplicate-key", Error, false, "codes/AMP002.md", "A key occurs twice in one map";
    UNKNOWN_FIELD = 3, "unknown-field", Error, false, "codes/AMP003.md", "The format does not define this key here";
    WRONG_TYPE = 4, "wrong-type", Error, false, "codes/AMP004.md", "A value of a different type than the key expects";
    MISSING_FIELD = 5, "missing-field", Error, false, "codes/AMP005.md", "A required key is missing";
    UNSUPPORTED_SCHEMA_VERSION = 6, "unsupported-schema-version", Error, false, "codes/AMP006.md", "The format or its version is not supported";
    INVALID_ENUM = 9, "invalid-enum", Error, false, "codes/AMP009.md", "The value is not one of the allowed values";
    INVALID_DURATION = 10, "invalid-duration", Error, false, "codes/AMP010.md", "An invalid duration";
    STRAY_FILE = 11, "stray-file", Warning, false, "codes/AMP011.md", "A file that is not a rule file";
    AMBIGUOUS_SCALAR = 12, "ambiguous-scalar", Warning, false, "codes/AMP012.md", "An unquoted value that YAML parsers interpret differently";
    REGEX_IN_BLOCK_SCALAR = 13, "regex-in-block-scalar", Warning, true, "codes/AMP013.md", "Quoting that changes the regex";
    UNICODE_HAZARD = 14, "unicode-hazard", Warning, false, "codes/AMP014.md", "A character that is easily mistaken for another";
    ALIAS_BUDGET = 15, "alias-budget", Error, false, "codes/AMP015.md", "A rule file that exceeds a size limit";
    DUPLICATE_ID = 101, "duplicate-id", Error, false, "codes/AMP101.md", "A duplicate id";
    DUPLICATE_TITLE = 102, "duplicate-title", Warning, false, "codes/AMP102.md", "A duplicate title";
    ID_FORMAT = 103, "id-format", Error, false, "codes/AMP103.md", "An invalid id, or an id that differs from its folder name";
    DANGLING_REFERENCE = 104, "dangling-reference", Error, false, "codes/AMP104.md", "A reference to a name that does not exist";
    SELF_EDGE = 105, "self-edge", Error, false, "codes/AMP105.md", "A pattern that refers to itself";
    CAUSAL_CYCLE = 106, "causal-cycle", Error, false, "codes/AMP106.md", "References that form a cycle";
    DUPLICATE_EDGE = 107, "duplicate-edge", Warning, false, "codes/AMP107.md", "A duplicate edge";
    CONTRADICTORY_EDGES = 108, "contradictory-edges", Error, false, "codes/AMP108.md", "A pattern that both causes and contradicts another";
    ORPHAN_PATTERN = 111, "orphan-pattern", Warning, false, "codes/AMP111.md", "A pattern that cannot affect any diagnosis";
    UNUSED_DEFINITION = 112, "unused-definition", Warning, false, "codes/AMP112.md", "An unused definition";
    CONDITION_UNKNOWN_SYMPTOM = 113, "condition-unknown-symptom", Error, false, "codes/AMP113.md", "A condition that names a symptom that does not exist";
    UNREFERENCED_SYMPTOM = 114, "unreferenced-symptom", Error, false, "codes/AMP114.md", "An unused symptom";
    TEMPORAL_IMPOSSIBLE_EDGE = 117, "temporal-impossible-edge", Error, false, "codes/AMP117.md", "An impossible delay";
    CONDITION_UNSATISFIABLE = 120, "condition-unsatisfiable", Error, false, "codes/AMP120.md", "A condition that can never be true";
    CONDITION_TAUTOLOGY = 121, "condition-tautology", Error, false, "codes/AMP121.md", "A condition that is always true";
    REDUNDANT_CONJUNCT = 122, "redundant-conjunct", Warning, false, "codes/AMP122.md", "A redundant part of a condition";
    REGEX_SYNTAX = 201, "regex-syntax", Error, false, "codes/AMP201.md", "A regex with a syntax error";
    REGEX_UNSUPPORTED = 202, "regex-unsupported", Error, false, "codes/AMP202.md", "A regex with look-around or back-references";
    MATCHES_EVERYTHING = 203, "matches-everything", Error, false, "codes/AMP203.md", "A regex that matches every line";
    NEVER_MATCHES = 204, "never-matches", Error, false, "codes/AMP204.md", "A regex that matches no line";
    TOO_BROAD = 205, "too-broad", Warning, true, "codes/AMP205.md", "A regex or literal that is too broad";
    UNESCAPED_DOT = 206, "unescaped-dot", Warning, false, "codes/AMP206.md", "An unescaped dot that was probably meant literally";
    CLASS_LOOKS_LIKE_WORD = 207, "class-looks-like-word", Error, false, "codes/AMP207.md", "A character class that looks like a word in brackets";
    DUPLICATE_CLASS_MEMBER = 208, "duplicate-class-member", Warning, false, "codes/AMP208.md", "A character that occurs twice in a class";
    REDUNDANT_EDGE_WILDCARD = 209, "redundant-edge-wildcard", Info, false, "codes/AMP209.md", "A redundant wildcard at the start or end of a regex";
    SYMPTOM_EQUIVALENT = 212, "symptom-equivalent", Warning, true, "codes/AMP212.md", "A symptom that duplicates a symptom of another pattern";
    UNUSED_CAPTURE = 217, "unused-capture", Info, false, "codes/AMP217.md", "An unused capture";
    UNDEFINED_CAPTURE = 218, "undefined-capture", Error, false, "codes/AMP218.md", "A capture that the regex does not define";
    KQL_DIVERGENCE = 222, "kql-divergence", Warning, false, "codes/AMP222.md", "A regex that older Kusto clusters interpret differently";
    EXAMPLE_CONTRADICTS = 224, "example-contradicts", Error, false, "codes/AMP224.md", "An example that contradicts the regex";
    UNKNOWN_METRIC = 301, "unknown-metric", Error, false, "codes/AMP301.md", "A metric that the catalogue does not list";
    METRIC_TYPE_MISUSE = 302, "metric-type-misuse", Warning, true, "codes/AMP302.md", "An aggregate that does not fit the metric type";
    UNIT_MISMATCH = 303, "unit-mismatch", Error, false, "codes/AMP303.md", "A threshold in a different unit than the number";
    THRESHOLD_UNSATISFIABLE = 304, "threshold-unsatisfiable", Error, false, "codes/AMP304.md", "A threshold that can never be passed";
    THRESHOLD_TAUTOLOGY = 305, "threshold-tautology", Error, false, "codes/AMP305.md", "A threshold that is always passed";
    SEVERITY_INVERTED = 306, "severity-inverted", Warning, false, "codes/AMP306.md", "Levels in the wrong order";
    MISSING_COMPARISON = 308, "missing-comparison", Error, false, "codes/AMP308.md", "A number without a threshold";
    WINDOW_TOO_SHORT = 309, "window-too-short", Error, false, "codes/AMP309.md", "Bins that do not fit the series";
    UNKNOWN_LABEL = 312, "unknown-label", Error, false, "codes/AMP312.md", "A column that an earlier step has aggregated away";
    MISSING_BECAUSE = 319, "missing-because", Warning, true, "codes/AMP319.md", "A number without its origin";
    KQL_SYNTAX = 401, "kql-syntax", Error, false, "codes/AMP401.md", "A KQL syntax error";
    UNKNOWN_TABLE = 402, "unknown-table", Error, false, "codes/AMP402.md", "A table that the pack does not define";
    UNKNOWN_COLUMN = 403, "unknown-column", Error, false, "codes/AMP403.md", "A column that the table does not define";
    UNKNOWN_FUNCTION = 404, "unknown-function", Error, false, "codes/AMP404.md", "A function that Kusto does not define";
    TYPE_MISMATCH = 405, "type-mismatch", Error, false, "codes/AMP405.md", "Incompatible types in a query";
    MISSING_OUTPUT_COLUMN = 408, "missing-output-column", Error, false, "codes/AMP408.md", "A column that a symptom needs and its query does not return";
    UNBOUND_PARAMETER = 409, "unbound-parameter", Error, false, "codes/AMP409.md", "A query parameter without a value";
    UNUSED_PARAMETER = 410, "unused-parameter", Warning, false, "codes/AMP410.md", "A parameter that its query does not use";
    INTERPOLATED_PARAMETER = 411, "string-interpolated-parameter", Error, false, "codes/AMP411.md", "A placeholder in a string literal of a query";
    UNBOUNDED_RESULT = 412, "unbounded-result", Warning, false, "codes/AMP412.md", "A query that returns one row per row read";
    NONDETERMINISTIC = 414, "nondeterministic", Warning, false, "codes/AMP414.md", "A query whose result depends on when, or how often, it runs";
    HARD_CODED_SCOPE = 415, "hard-coded-scope", Error, false, "codes/AMP415.md", "A hard-coded resource in a query";
    NO_OFFLINE_EVALUATION = 416, "no-offline-evaluation", Warning, true, "codes/AMP416.md", "A query that only a service can run";
    CONTROL_COMMAND = 417, "control-command", Error, false, "codes/AMP417.md", "A management command, or a call that reads other data sources";
    RESOURCE_ID_CASE = 418, "resource-id-case", Warning, false, "codes/AMP418.md", "A case-sensitive comparison of ids whose spelling varies";
    MISSING_SUMMARY = 501, "missing-summary", Warning, true, "codes/AMP501.md", "A pattern without a summary";
    MISSING_REMEDIATION = 502, "missing-remediation", Warning, true, "codes/AMP502.md", "A cause without a remedy";
    UNDEFINED_TEMPLATE_VARIABLE = 505, "undefined-template-variable", Error, false, "codes/AMP505.md", "A placeholder that a variant does not define";
    PLACEHOLDER_LEFT = 506, "placeholder-left", Warning, true, "codes/AMP506.md", "Placeholder text";
    DESTRUCTIVE_REMEDIATION_UNMARKED = 507, "destructive-remediation-unmarked", Warning, true, "codes/AMP507.md", "A destructive step without a caution";
    SECRET_OR_PII = 510, "secret-or-pii", Error, false, "codes/AMP510.md", "A secret or personal data in a rule";
    REMEDIATION_NOT_VERIFIABLE = 512, "remediation-not-verifiable", Info, false, "codes/AMP512.md", "A remedy without a verification step";
    NO_POSITIVE_TEST = 601, "no-positive-test", Warning, true, "codes/AMP601.md", "A pattern without a positive case";
    NO_NEGATIVE_TEST = 602, "no-negative-test", Warning, true, "codes/AMP602.md", "A pattern without a quiet case";
    TEST_UNKNOWN_ID = 606, "test-unknown-id", Error, false, "codes/AMP606.md", "A case that names an unknown pattern or table";
    DUPLICATE_TEST_NAME = 607, "duplicate-test-name", Error, false, "codes/AMP607.md", "A duplicate case name";
    TEST_WITHOUT_ASSERTION = 608, "test-without-assertion", Error, false, "codes/AMP608.md", "A case without expectations";
    NO_UNDECIDED_TEST = 620, "no-undecided-test", Warning, true, "codes/AMP620.md", "A pattern without an undecided case";
    MALFORMED_SUPPRESSION = 701, "malformed-suppression", Error, false, "codes/AMP701.md", "A malformed suppression comment";
    UNUSED_SUPPRESSION = 702, "unused-suppression", Warning, false, "codes/AMP702.md", "An unused suppression";
    SUPPRESSION_WITHOUT_REASON = 703, "suppression-without-reason", Warning, true, "codes/AMP703.md", "A suppression without a reason";
    UNKNOWN_CODE = 706, "unknown-code", Error, false, "codes/AMP706.md", "An unknown diagnostic code";
}

/// Returns the code with this name: `AMP104`, `amp104`, `104` or its slug.
#[must_use]
pub fn find(name: &str) -> Option<&'static Code> {
    let digits = name.strip_prefix("AMP").or_else(|| name.strip_prefix("amp")).unwrap_or(name);
    let number = digits.parse::<u16>().ok().filter(|_| digits.len() == 3);
    ALL.iter().copied().find(|code| Some(code.number) == number || code.slug == name)
}

#[cfg(test)]
mod tests {
    use super::{ALL, find};

    #[test]
    fn numbers_ascend_and_slugs_are_unique() {
        assert!(ALL.is_sorted_by(|one, other| one.number < other.number));
        let slugs: std::collections::BTreeSet<&str> = ALL.iter().map(|code| code.slug).collect();
        assert_eq!(slugs.len(), ALL.len());
    }

    #[test]
    fn every_code_has_a_page_of_its_own_with_four_parts() {
        for code in ALL {
            assert!(code.page.starts_with(&format!("# {code} {}\n", code.slug)), "{code}");
            for part in ["## What it means", "## Why it matters", "## Wrong", "## Right"] {
                assert!(code.page.contains(part), "{code} lacks {part}");
            }
        }
    }

    #[test]
    fn a_code_is_found_by_number_and_by_slug() {
        for name in ["AMP104", "amp104", "104", "dangling-reference"] {
            assert_eq!(find(name).map(|code| code.number), Some(104), "{name}");
        }
        assert!(find("AMP999").is_none());
        assert!(find("4").is_none());
    }
}
