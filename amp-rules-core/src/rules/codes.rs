//! The one list of diagnostic codes.
//!
//! The command line, the documentation and other tools read [`ALL`]. Every code in it has a check, and the number of a
//! code is never reused. Codes that other crates report or handle are public by name; [`find`] returns any code.

use crate::rules::diagnostic::{Code, Severity};

macro_rules! codes {
    ($($visibility:vis $name:ident = $number:literal, $slug:literal, $severity:ident, $strict:literal, $page:literal, $summary:literal;)*) => {
        $(
            #[doc = concat!($summary, ".")]
            $visibility static $name: Code = Code {
                number: $number,
                slug: $slug,
                severity: Severity::$severity,
                strict: $strict,
                summary: $summary,
                page: include_str!($page),
            };
        )*

        /// Every code, by number.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    pub(crate) YAML_SYNTAX = 1, "yaml-syntax", Error, false, "codes/AMP001.md", "The file is not valid YAML";
    pub(crate) DUPLICATE_KEY = 2, "duplicate-key", Error, false, "codes/AMP002.md", "A key occurs twice in one map";
    pub(crate) UNKNOWN_FIELD = 3, "unknown-field", Error, false, "codes/AMP003.md", "The format does not define this key here";
    pub(crate) WRONG_TYPE = 4, "wrong-type", Error, false, "codes/AMP004.md", "A value of a different type than the key expects";
    pub(crate) MISSING_FIELD = 5, "missing-field", Error, false, "codes/AMP005.md", "A required key is missing";
    pub(crate) UNSUPPORTED_SCHEMA_VERSION = 6, "unsupported-schema-version", Error, false, "codes/AMP006.md", "The format or its version is not supported";
    pub(crate) INVALID_ENUM = 9, "invalid-enum", Error, false, "codes/AMP009.md", "The value is not one of the allowed values";
    pub(crate) INVALID_DURATION = 10, "invalid-duration", Error, false, "codes/AMP010.md", "An invalid duration";
    pub(crate) STRAY_FILE = 11, "stray-file", Warning, false, "codes/AMP011.md", "A file that is not a rule file";
    pub(crate) AMBIGUOUS_SCALAR = 12, "ambiguous-scalar", Warning, false, "codes/AMP012.md", "An unquoted value that YAML parsers interpret differently";
    pub(crate) REGEX_IN_BLOCK_SCALAR = 13, "regex-in-block-scalar", Warning, true, "codes/AMP013.md", "Quoting that changes the regex";
    pub(crate) UNICODE_HAZARD = 14, "unicode-hazard", Warning, false, "codes/AMP014.md", "A character that is easily mistaken for another";
    pub(crate) ALIAS_BUDGET = 15, "alias-budget", Error, false, "codes/AMP015.md", "A rule file that exceeds a size limit";
    pub(crate) CONTROL_CHARACTER = 16, "control-character", Warning, true, "codes/AMP016.md", "A control character, or a hidden character written as an escape";
    pub(crate) UNSAFE_NAME = 17, "unsafe-name", Error, false, "codes/AMP017.md", "A name of a table or file that is not a name on every system";
    pub(crate) DUPLICATE_ID = 101, "duplicate-id", Error, false, "codes/AMP101.md", "A duplicate id";
    pub(crate) DUPLICATE_TITLE = 102, "duplicate-title", Warning, false, "codes/AMP102.md", "A duplicate title";
    pub(crate) ID_FORMAT = 103, "id-format", Error, false, "codes/AMP103.md", "An invalid id, or an id that differs from its folder name";
    pub DANGLING_REFERENCE = 104, "dangling-reference", Error, false, "codes/AMP104.md", "A reference to a name that does not exist";
    pub(crate) SELF_EDGE = 105, "self-edge", Error, false, "codes/AMP105.md", "A pattern that refers to itself";
    pub CAUSAL_CYCLE = 106, "causal-cycle", Error, false, "codes/AMP106.md", "References that form a cycle";
    pub(crate) DUPLICATE_EDGE = 107, "duplicate-edge", Warning, false, "codes/AMP107.md", "A duplicate edge";
    pub(crate) CONTRADICTORY_EDGES = 108, "contradictory-edges", Error, false, "codes/AMP108.md", "A pattern that both causes and contradicts another";
    pub(crate) ORPHAN_PATTERN = 111, "orphan-pattern", Warning, false, "codes/AMP111.md", "A pattern that cannot affect any diagnosis";
    pub(crate) UNUSED_DEFINITION = 112, "unused-definition", Warning, false, "codes/AMP112.md", "An unused definition";
    pub(crate) CONDITION_UNKNOWN_SYMPTOM = 113, "condition-unknown-symptom", Error, false, "codes/AMP113.md", "A condition that names a symptom that does not exist";
    pub(crate) UNREFERENCED_SYMPTOM = 114, "unreferenced-symptom", Error, false, "codes/AMP114.md", "An unused symptom";
    pub(crate) TEMPORAL_IMPOSSIBLE_EDGE = 117, "temporal-impossible-edge", Error, false, "codes/AMP117.md", "An impossible delay";
    pub(crate) CONDITION_UNSATISFIABLE = 120, "condition-unsatisfiable", Error, false, "codes/AMP120.md", "A condition that can never be true";
    pub(crate) CONDITION_TAUTOLOGY = 121, "condition-tautology", Error, false, "codes/AMP121.md", "A condition that is always true";
    pub(crate) REDUNDANT_CONJUNCT = 122, "redundant-conjunct", Warning, false, "codes/AMP122.md", "A redundant part of a condition";
    pub(crate) ENDLESS_OCCURRENCE = 124, "endless-occurrence", Info, false, "codes/AMP124.md", "A symptom that lasts although a fact contradicts it";
    pub(crate) REGEX_SYNTAX = 201, "regex-syntax", Error, false, "codes/AMP201.md", "A regex with a syntax error";
    pub(crate) REGEX_UNSUPPORTED = 202, "regex-unsupported", Error, false, "codes/AMP202.md", "A regex with look-around or back-references";
    pub(crate) MATCHES_EVERYTHING = 203, "matches-everything", Error, false, "codes/AMP203.md", "A regex that matches every line";
    pub(crate) NEVER_MATCHES = 204, "never-matches", Error, false, "codes/AMP204.md", "A regex that matches no line";
    pub(crate) TOO_BROAD = 205, "too-broad", Warning, true, "codes/AMP205.md", "A regex or literal that is too broad";
    pub(crate) UNESCAPED_DOT = 206, "unescaped-dot", Warning, false, "codes/AMP206.md", "An unescaped dot that was probably meant literally";
    pub(crate) CLASS_LOOKS_LIKE_WORD = 207, "class-looks-like-word", Error, false, "codes/AMP207.md", "A character class that looks like a word in brackets";
    pub(crate) DUPLICATE_CLASS_MEMBER = 208, "duplicate-class-member", Warning, false, "codes/AMP208.md", "A character that occurs twice in a class";
    pub(crate) REDUNDANT_EDGE_WILDCARD = 209, "redundant-edge-wildcard", Info, false, "codes/AMP209.md", "A redundant wildcard at the start or end of a regex";
    pub(crate) SYMPTOM_EQUIVALENT = 212, "symptom-equivalent", Warning, true, "codes/AMP212.md", "A symptom that duplicates a symptom of another pattern";
    pub(crate) UNUSED_CAPTURE = 217, "unused-capture", Info, false, "codes/AMP217.md", "An unused capture";
    pub(crate) UNDEFINED_CAPTURE = 218, "undefined-capture", Error, false, "codes/AMP218.md", "A capture that the regex does not define";
    pub(crate) KQL_DIVERGENCE = 222, "kql-divergence", Warning, false, "codes/AMP222.md", "A regex that older Kusto clusters interpret differently";
    pub(crate) EXAMPLE_CONTRADICTS = 224, "example-contradicts", Error, false, "codes/AMP224.md", "An example that contradicts the regex";
    pub(crate) UNKNOWN_METRIC = 301, "unknown-metric", Error, false, "codes/AMP301.md", "A metric that the catalogue does not list";
    pub(crate) METRIC_TYPE_MISUSE = 302, "metric-type-misuse", Warning, true, "codes/AMP302.md", "An aggregate that does not fit the metric type";
    pub(crate) UNIT_MISMATCH = 303, "unit-mismatch", Error, false, "codes/AMP303.md", "A threshold in a different unit than the number";
    pub(crate) THRESHOLD_UNSATISFIABLE = 304, "threshold-unsatisfiable", Error, false, "codes/AMP304.md", "A threshold that can never be passed";
    pub(crate) THRESHOLD_TAUTOLOGY = 305, "threshold-tautology", Error, false, "codes/AMP305.md", "A threshold that is always passed";
    pub(crate) SEVERITY_INVERTED = 306, "severity-inverted", Warning, false, "codes/AMP306.md", "Levels in the wrong order";
    pub(crate) MISSING_COMPARISON = 308, "missing-comparison", Error, false, "codes/AMP308.md", "A number without a threshold";
    pub(crate) WINDOW_TOO_SHORT = 309, "window-too-short", Error, false, "codes/AMP309.md", "Bins that do not fit the series";
    pub(crate) UNKNOWN_LABEL = 312, "unknown-label", Error, false, "codes/AMP312.md", "A column that an earlier step has aggregated away";
    pub(crate) MISSING_BECAUSE = 319, "missing-because", Warning, true, "codes/AMP319.md", "A number without its origin";
    pub KQL_SYNTAX = 401, "kql-syntax", Error, false, "codes/AMP401.md", "A KQL syntax error";
    pub UNKNOWN_TABLE = 402, "unknown-table", Error, false, "codes/AMP402.md", "A table that the pack does not define";
    pub UNKNOWN_COLUMN = 403, "unknown-column", Error, false, "codes/AMP403.md", "A column that the table does not define";
    pub UNKNOWN_FUNCTION = 404, "unknown-function", Error, false, "codes/AMP404.md", "A function that Kusto does not define";
    pub TYPE_MISMATCH = 405, "type-mismatch", Error, false, "codes/AMP405.md", "Incompatible types in a query";
    pub MISSING_OUTPUT_COLUMN = 408, "missing-output-column", Error, false, "codes/AMP408.md", "A column that a symptom needs and its query does not return";
    pub UNBOUND_PARAMETER = 409, "unbound-parameter", Error, false, "codes/AMP409.md", "A query parameter without a value";
    pub UNUSED_PARAMETER = 410, "unused-parameter", Warning, false, "codes/AMP410.md", "A parameter that its query does not use";
    pub INTERPOLATED_PARAMETER = 411, "string-interpolated-parameter", Error, false, "codes/AMP411.md", "A placeholder in a string literal of a query";
    pub UNBOUNDED_RESULT = 412, "unbounded-result", Warning, false, "codes/AMP412.md", "A query that returns one row per row read";
    pub NONDETERMINISTIC = 414, "nondeterministic", Warning, false, "codes/AMP414.md", "A query whose result depends on when, or how often, it runs";
    pub HARD_CODED_SCOPE = 415, "hard-coded-scope", Error, false, "codes/AMP415.md", "A hard-coded resource in a query";
    pub NO_OFFLINE_EVALUATION = 416, "no-offline-evaluation", Warning, true, "codes/AMP416.md", "A query that only a service can run";
    pub CONTROL_COMMAND = 417, "control-command", Error, false, "codes/AMP417.md", "A management command, or a call that reads other data sources";
    pub RESOURCE_ID_CASE = 418, "resource-id-case", Warning, false, "codes/AMP418.md", "A case-sensitive comparison of ids whose spelling varies";
    pub(crate) MISSING_SUMMARY = 501, "missing-summary", Warning, true, "codes/AMP501.md", "A pattern without a summary";
    pub(crate) MISSING_REMEDIATION = 502, "missing-remediation", Warning, true, "codes/AMP502.md", "A cause without a remedy";
    pub(crate) UNDEFINED_TEMPLATE_VARIABLE = 505, "undefined-template-variable", Error, false, "codes/AMP505.md", "A placeholder that a variant does not define";
    pub(crate) PLACEHOLDER_LEFT = 506, "placeholder-left", Warning, true, "codes/AMP506.md", "Placeholder text";
    pub(crate) DESTRUCTIVE_REMEDIATION_UNMARKED = 507, "destructive-remediation-unmarked", Warning, true, "codes/AMP507.md", "A destructive step without a caution";
    pub(crate) SECRET_OR_PII = 510, "secret-or-pii", Error, false, "codes/AMP510.md", "A secret or personal data in a rule";
    pub(crate) REMEDIATION_NOT_VERIFIABLE = 512, "remediation-not-verifiable", Info, false, "codes/AMP512.md", "A remedy without a verification step";
    pub(crate) NO_POSITIVE_TEST = 601, "no-positive-test", Warning, true, "codes/AMP601.md", "A pattern without a positive case";
    pub(crate) NO_NEGATIVE_TEST = 602, "no-negative-test", Warning, true, "codes/AMP602.md", "A pattern without a quiet case";
    pub(crate) TEST_UNKNOWN_ID = 606, "test-unknown-id", Error, false, "codes/AMP606.md", "A case that names an unknown pattern or table";
    pub(crate) DUPLICATE_TEST_NAME = 607, "duplicate-test-name", Error, false, "codes/AMP607.md", "A duplicate case name";
    pub(crate) TEST_WITHOUT_ASSERTION = 608, "test-without-assertion", Error, false, "codes/AMP608.md", "A case without expectations";
    pub(crate) NO_UNDECIDED_TEST = 620, "no-undecided-test", Warning, true, "codes/AMP620.md", "A pattern without an undecided case";
    pub(crate) MALFORMED_SUPPRESSION = 701, "malformed-suppression", Error, false, "codes/AMP701.md", "A malformed suppression comment";
    pub(crate) UNUSED_SUPPRESSION = 702, "unused-suppression", Warning, false, "codes/AMP702.md", "An unused suppression";
    pub(crate) SUPPRESSION_WITHOUT_REASON = 703, "suppression-without-reason", Warning, true, "codes/AMP703.md", "A suppression without a reason";
    pub(crate) UNKNOWN_CODE = 706, "unknown-code", Error, false, "codes/AMP706.md", "An unknown diagnostic code";
}

/// The code with this name: `AMP104`, `amp104`, `104` or its slug.
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
