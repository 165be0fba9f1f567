//! Lowers requests for error lines that no pattern matches: selects lines, masks them to templates, counts templates.
//!
//! Input: the requests. Output: statements and result parts in the [`Draft`]. A result has at most the requested number of
//! templates. If there are more distinct templates than row aggregation distinguishes, they are shortened to their first words
//! in the same steps, and the answer declares a gap.

use amp_rules_core::telemetry::predicate::LineTest;
use amp_rules_core::telemetry::request::UnmatchedRequest;
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::rows::{TEMPLATE_WORDS, TEMPLATES};
use amp_rules_core::telemetry::source::template::{LONGEST, MASKS};
use kql_lang::literal;

use super::draft::{Draft, all};
use super::line_test::{is_component, matches, seen};
use super::piece::Piece;

/// Returns the test that a line is an error that no pattern matches; `None` if the table does not define error lines.
pub(super) fn test(table: &Table, request: &UnmatchedRequest) -> Option<String> {
    let errors = table.errors.as_ref()?;
    let words = matches("_seen", &LineTest::Regex(errors.regex.clone()));
    let error = match &errors.field {
        Some(field) => {
            let level = format!("tostring(_json[{}])", literal::string(field));
            let levels: Vec<String> =
                errors.levels.iter().map(|level| literal::string(&level.to_lowercase())).collect();
            let is_level = match levels.as_slice() {
                [] => "false".to_owned(),
                levels => format!("tolower({level}) in ({})", levels.join(", ")),
            };
            format!("iff(isnotempty({level}), {is_level}, {words})")
        }
        None => words,
    };
    let except =
        errors.except.as_ref().map(|except| format!("not({})", matches("_seen", &LineTest::Regex(except.clone()))));
    let known: Vec<String> = request
        .known
        .iter()
        .map(|known| {
            let component = (!known.components.is_empty()).then(|| is_component(&known.components));
            let found = matches(seen(known.see), &known.test);
            all(component.into_iter().chain([found]))
        })
        .collect();
    let unknown = (!known.is_empty()).then(|| format!("not({})", known.join(" or ")));
    Some(all([error].into_iter().chain(except).chain(unknown)))
}

/// Returns line tests such that every row with an error line passes at least one.
pub(super) fn hints(table: &Table) -> Vec<LineTest> {
    let Some(errors) = &table.errors else { return Vec::new() };
    let levels = errors.levels.iter().map(|level| LineTest::Regex(format!("(?i){}", regex::escape(level))));
    std::iter::once(LineTest::Regex(errors.regex.clone())).chain(levels).collect()
}

/// Returns the template of a text: the masks of the core are applied in order.
pub(super) fn template(text: &str) -> String {
    let masked = MASKS.iter().fold(format!("substring({text}, 0, {LONGEST})"), |text, mask| {
        format!("replace_regex({text}, {}, {})", literal::string(mask.regex), literal::string(mask.placeholder))
    });
    format!("trim(\" +\", {masked})")
}

/// Adds the result parts of the requests.
pub(super) fn parts(draft: &mut Draft, requests: &[(usize, &UnmatchedRequest)]) {
    for (position, request) in requests {
        if request.reading.table.text.is_none() || request.reading.table.errors.is_none() {
            continue;
        }
        part(draft, *position, request.most);
    }
}

fn part(draft: &mut Draft, position: usize, most: usize) {
    let (all, levels, groups) =
        (format!("_unmatched{position}"), format!("_levels{position}"), format!("_templates{position}"));
    let cut = |words: &str| {
        format!(
            "iff({words} < 0 or array_length(_words) <= {words}, _template, \
             iff({words} == 0, \"\\u2026\", strcat(strcat_array(array_slice(_words, 0, {words} - 1), \" \"), \" \\u2026\")))"
        )
    };
    draft.statements.push(format!(
        "let {all} = _lines\n| where _hit == {}\n| extend _words = split(_template, \" \")",
        Piece::Template.number(position)
    ));
    let distinct = |text: &str| format!("count_distinct(strcat(_component, \"\\n\", {text}))");
    let counted: Vec<String> = std::iter::once(format!("_d0 = {}", distinct("_template")))
        .chain(
            TEMPLATE_WORDS
                .iter()
                .enumerate()
                .map(|(at, words)| format!("_d{} = {}", at + 1, distinct(&cut(&words.to_string())))),
        )
        .collect();
    let arms: Vec<String> = std::iter::once("_d0 <= LIMIT, -1".to_owned())
        .chain(TEMPLATE_WORDS.iter().enumerate().map(|(at, words)| format!("_d{} <= LIMIT, {words}", at + 1)))
        .map(|arm| arm.replace("LIMIT", &TEMPLATES.to_string()))
        .collect();
    let last = TEMPLATE_WORDS.last().copied().unwrap_or_default();
    draft.statements.push(format!(
        "let {levels} = {all}\n| summarize {} by _subject_number\n| project _subject_number, _level = case({}, {last})",
        counted.join(",\n  "),
        arms.join(", ")
    ));
    // The order that determines the earliest line of a template, unique within an instant.
    let order =
        "strcat(format_datetime(_at, \"yyyy-MM-dd HH:mm:ss.fffffff\"), \"\\t\", _row, \"\\t\", 1000000000 + _i, _line)";
    draft.statements.push(format!(
        "let {groups} = {all}\n| join kind=inner {levels} on _subject_number\n\
         | extend _template = {}, _order = {order}\n\
         | summarize _n = sum(_w), _entities = count_distinct(_entity), _first = min(_at), _last = max(_at), \
         arg_min(_order, _at, _row, _i, _line) by _subject_number, _component, _template, _level",
        cut("_level")
    ));
    let entity = "tostring(pack_array(_subject_number))";
    draft.parts.push(format!(
        "{groups}\n| sort by _subject_number asc, _n desc, _component asc, _template asc\n\
         | extend _rank = row_number(1, _subject_number != prev(_subject_number))\n| where _rank <= {most}\n\
         | project part = long({}), entity = {entity}, at = _at, cells = pack_array(_component, _template, _n, _entities, \
         _first, _last, _row, _i, substring(_line, 0, 2000))",
        Piece::Template.number(position)
    ));
    draft.parts.push(format!(
        "{groups}\n| summarize _distinct = count(), _n = sum(_n), _level = max(_level) by _subject_number\n\
         | project part = long({}), entity = {entity}, at = _from, cells = pack_array(_distinct, _n, _level)",
        Piece::UnmatchedTotals.number(position)
    ));
}
