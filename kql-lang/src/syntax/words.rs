//! Keywords: reserved words, operator names and type names.

use crate::value::Type;

/// Whether a word must be bracketed (`['date']`) to be used as a name.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.binary_search(&word).is_ok()
}

/// Whether a word must be bracketed on the left side of an assignment: `extend date = …`.
pub(super) fn is_reserved_for_naming(word: &str) -> bool {
    matches!(word, "kind" | "withsource" | "with_source")
        || (is_reserved(word) && NAMEABLE.binary_search(&word).is_err())
}

/// Whether the printer brackets a name that consists of valid name characters.
pub(super) fn is_bracketed(word: &str) -> bool {
    is_reserved(word) || LEADING.binary_search(&word).is_ok()
}

/// Whether this is the name of a pipeline operator, supported or not.
pub(super) fn is_operator(word: &str) -> bool {
    OPERATORS.contains(&word) || is_unsupported_operator(word)
}

/// Whether Kusto has a pipeline operator of this name that this crate does not support.
pub(super) fn is_unsupported_operator(word: &str) -> bool {
    UNSUPPORTED_OPERATORS.contains(&word)
}

/// Whether Kusto has a pipeline source of this name that this crate does not support.
pub(super) fn is_unsupported_source(word: &str) -> bool {
    UNSUPPORTED_SOURCES.contains(&word)
}

/// All pipeline operators, used for suggestions.
pub(super) fn operators() -> impl Iterator<Item = &'static str> {
    OPERATORS.iter().chain(UNSUPPORTED_OPERATORS).copied()
}

/// Returns the type with this name or synonym.
pub(super) fn type_named(word: &str) -> Option<Type> {
    Some(match word {
        "bool" | "boolean" => Type::Bool,
        "int" => Type::Int,
        "long" | "int64" => Type::Long,
        "real" | "double" => Type::Real,
        "decimal" => Type::Decimal,
        "string" => Type::String,
        "datetime" | "date" => Type::DateTime,
        "timespan" | "time" => Type::TimeSpan,
        "guid" | "uniqueid" => Type::Guid,
        "dynamic" => Type::Dynamic,
        _ => return None,
    })
}

/// Names of the types, used for suggestions.
pub(super) const TYPES: &[&str] =
    &["bool", "datetime", "decimal", "dynamic", "guid", "int", "long", "real", "string", "timespan"];

/// Supported pipeline operators, including synonyms.
#[rustfmt::skip]
pub(super) const OPERATORS: &[&str] = &[
    "as", "count", "distinct", "evaluate", "extend", "filter", "getschema", "invoke", "join", "limit", "lookup",
    "make-series", "mv-apply", "mv-expand", "mvapply", "mvexpand", "order", "parse", "parse-kv", "parse-where",
    "partition", "project", "project-away", "project-keep", "project-rename", "project-reorder", "render", "scan", "search",
    "serialize", "sort", "summarize", "take", "top", "union", "where",
];

/// Pipeline operators that Kusto has and this crate does not support.
#[rustfmt::skip]
pub(super) const UNSUPPORTED_OPERATORS: &[&str] = &[
    "__executeAndCache", "__partitionby", "assert-schema", "consume", "execute_and_cache", "facet", "find", "fork",
    "graph-mark-components", "graph-match", "graph-shortest-paths", "graph-to-table", "graph-where-edges",
    "graph-where-nodes", "macro-expand", "make-graph", "project-by-names", "project-smart", "reduce",
    "sample", "sample-distinct", "top-hitters", "top-nested",
];

/// Pipeline sources that Kusto has and this crate does not support.
#[rustfmt::skip]
pub(super) const UNSUPPORTED_SOURCES: &[&str] = &[
    "__contextual_datatable", "evaluate", "external_data", "externaldata", "find", "inline_external_table",
    "macro-expand",
];

/// Whether a function, an operator or a plugin accesses data outside the query's own database: other databases, clusters,
/// workspaces and files, and requests to other services.
///
/// Plugins that call other services: <https://learn.microsoft.com/kusto/management/callout-policy>, read 2026-11-30. Functions
/// of Azure Monitor for other resources: <https://learn.microsoft.com/azure/azure-monitor/logs/cross-workspace-query>.
pub(super) fn leaves_database(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_source = matches!(name.as_str(), "cluster" | "database" | "workspace" | "app" | "resource" | "adx" | "arg")
        || matches!(name.as_str(), "externaldata" | "external_data" | "external_table" | "inline_external_table");
    is_source || name.ends_with("_request") || name.ends_with("_request_post") || name.starts_with("ai_")
}

/// Words that Kusto's parser does not accept as names without brackets, as of version 12 of the language service. Sorted.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "3Dchart", "__contextual_datatable", "__crossCluster", "__crossDB", "__executeAndCache", "__id", "__isFuzzy",
    "__noWithSource", "__packedColumn", "__projectAway", "__sourceColumnIndex", "accumulate", "and", "anomalychart",
    "areachart", "as", "asc", "bagexpansion", "barchart", "between", "bin_legacy", "boolean", "by", "byte",
    "cachingpolicy", "callout", "cancel", "card", "char", "columnchart", "contains", "contains_cs", "containscs",
    "cycles", "dataexport", "datascope", "datatable", "date", "datetime", "decimal", "decodeblocks", "desc", "double",
    "dynamic", "earliest", "encodingpolicy", "endswith", "endswith_cs", "expandoutput", "extent_tags_retention",
    "external_data", "externaldata", "find", "first", "flags", "float", "force_remote", "harddelete", "hardretention",
    "has", "has_all", "has_any", "has_cs", "hasprefix", "hasprefix_cs", "hassuffix", "hassuffix_cs", "hotcache", "in",
    "int", "int16", "int32", "int64", "int8", "invoke", "isfuzzy", "journal", "ladderchart", "last", "latest", "like",
    "likecs", "linechart", "long", "materialize", "mdm", "missing", "nooptimization", "notcontains", "notcontainscs",
    "notlike", "notlikecs", "of", "or", "others", "pathformat", "piechart", "pivotchart", "print", "project",
    "queries", "query_results", "real", "relaxed", "restricted_view_access", "row_level_security", "rowstore",
    "rowstore_references", "rowstore_sealinfo", "rowstorepolicy", "rowstores", "sample", "scatterchart", "seal",
    "seals", "search", "set", "shards", "simple", "softdelete", "softretention", "sql", "stackedareachart",
    "startswith", "startswith_cs", "statistics", "storedqueryresultcontainers", "string", "tablepurge", "time",
    "timechart", "timeline", "timepivot", "timespan", "title", "to", "toscalar", "totable", "treemap", "uint",
    "uint16", "uint32", "uint64", "uint8", "ulong", "union", "uniqueid", "unrestrictedviewers", "verbose", "viewers",
    "views", "where", "with_itemindex", "with_match_id", "with_step_name", "writeaheadlog",
];

/// Reserved words that are accepted as names before an equals sign. Sorted.
#[rustfmt::skip]
const NAMEABLE: &[&str] = &[
    "accumulate", "as", "by", "contains", "datatable", "earliest", "externaldata", "find", "has", "in", "invoke",
    "latest", "materialize", "mdm", "of", "print", "sample", "search", "set", "sql", "title", "to", "toscalar",
    "totable", "verbose", "viewers", "where",
];

/// Words that are names unless they start another construct. Sorted.
#[rustfmt::skip]
const LEADING: &[&str] = &[
    "FALSE", "False", "TRUE", "True", "alias", "declare", "default", "evaluate", "false", "from", "hint",
    "inline_external_table", "kind", "let", "limit", "not", "nulls", "on", "pattern", "range", "restrict", "step", "true",
    "typeof", "view", "with", "with_source", "withsource",
];
