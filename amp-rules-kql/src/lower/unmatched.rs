//! Lowers requests for error lines that no pattern matches: selects lines, masks them to templates, counts templates.
//!
//! Input: the requests. Output: statements and result parts in the [`Draft`]. A result has at most the requested number of
//! templates. If there are more distinct templates than row aggregation distinguishes, they are shortened to their first words
//! in the same steps, and the answer declares a gap.

use amp_rules_core::telemetry::predicate::LineTest;
use amp_rules_core::telemetry::request::UnmatchedRequest;
use amp_rules_core::telemetry::schema::{ErrorLines, Table};
use amp_rules_core::telemetry::source::data::{NEWS_ROWS, SAMPLE_ENDS};
use amp_rules_core::telemetry::source::rows::{TEMPLATE_WORDS, TEMPLATES};
use amp_rules_core::telemetry::source::template::{
    BLANKS, DIGITS, ENDS, LOGFMT, LOGFMT_GROUPS, LOGFMT_VALUES, MASKS, Mask, STATUS, STATUS_DIGITS, STATUS_GROUPS,
};
use kql_lang::literal;

use super::draft::{Draft, all};
use super::line_test::{self, is_component, matches, seen};
use super::piece::Piece;

/// Returns the steps that add the columns with which [`test`] decides: `_judged`, `_at_error` and `_at_info`.
pub(super) fn level_steps(errors: &ErrorLines) -> String {
    let any = |field: &str| format!("tostring(_json[{}])", literal::string(field));
    let arms: Vec<String> =
        errors.level_fields.iter().map(|field| format!("isnotempty({0}), {0}", any(field))).collect();
    let level = if arms.is_empty() { "\"\"".to_owned() } else { format!("case({}, \"\")", arms.join(", ")) };
    let is_in = |levels: &[String]| match levels {
        [] => "false".to_owned(),
        levels => {
            let levels: Vec<String> = levels.iter().map(|level| literal::string(&level.to_lowercase())).collect();
            format!("_level in ({})", levels.join(", "))
        }
    };
    let in_text = |regex: &Option<String>| match regex {
        Some(regex) => matches("_judged", &LineTest::Regex(regex.clone())),
        None => "false".to_owned(),
    };
    let decided = |levels: &[String], regex: &Option<String>| {
        format!("iff(isempty(_level), {}, {})", in_text(regex), is_in(levels))
    };
    format!(
        "\n| extend _level = tolower({level}), _judged = iff(isnotnull(_json) and not(_has_message), \"\", _seen)\
         \n| extend _at_error = {}, _at_info = {}",
        decided(&errors.error_levels, &errors.error_regex),
        decided(&errors.info_levels, &errors.info_regex)
    )
}

/// Returns the test that a line is an error that no pattern matches, and the test that a pattern matches it for another
/// component although its own could not be determined. Both read the columns of [`level_steps`]; `column` adds a column with
/// an expression and returns its name.
pub(super) fn tests(
    table: &Table,
    errors: &ErrorLines,
    request: &UnmatchedRequest,
    mut column: impl FnMut(String) -> String,
) -> (String, String) {
    let matches = |text: &str, regex: &str| matches(text, &LineTest::Regex(regex.to_owned()));
    let error = format!("(_at_error or (not(_at_info) and {}))", matches("_judged", &errors.regex));
    let except = errors.except.as_ref().map(|except| format!("not({})", matches("_judged", except)));
    let mut known = Vec::new();
    let mut elsewhere = Vec::new();
    for one in &request.known {
        let found = column(line_test::matches(seen(one.see), &one.test));
        if one.components.is_empty() {
            known.push(found);
        } else {
            known.push(format!("({} and {found})", is_component(&one.components)));
            elsewhere.push(found);
        }
    }
    let unknown = (!known.is_empty()).then(|| format!("not({})", known.join(" or ")));
    let test = all([error].into_iter().chain(except).chain(unknown));
    let undetermined = match table.fallback_component() {
        Some(name) => format!("_component in (\"\", {})", literal::string(name)),
        None => "isempty(_component)".to_owned(),
    };
    let elsewhere = match elsewhere.as_slice() {
        [] => "false".to_owned(),
        tests => format!("({undetermined} and ({}))", tests.join(" or ")),
    };
    (test, elsewhere)
}

/// Returns line tests such that every row with an error line passes at least one.
pub(super) fn hints(table: &Table) -> Vec<LineTest> {
    table.errors.as_ref().map_or_else(Vec::new, |errors| errors.hints().into_iter().map(LineTest::Regex).collect())
}

/// Returns the steps that add `_reason` and `_template` to the lines for which a condition holds: the steps of the core in
/// the same order.
pub(super) fn template_steps(condition: &str) -> String {
    let [quoted, bare] = LOGFMT_GROUPS;
    let values = LOGFMT_VALUES.map(|regex| {
        let regex = literal::string(regex);
        format!(
            "replace_string(strcat(extract({regex}, {quoted}, _seen), extract({regex}, {bare}, _seen)), \"\\\\\\\"\", \"\\\"\")"
        )
    });
    let [before, number, after] =
        STATUS_GROUPS.map(|group| format!("extract({}, {group}, _masked)", literal::string(STATUS)));
    let replaced = |text: &str, mask: &Mask| {
        format!("replace_regex({text}, {}, {})", literal::string(mask.regex), literal::string(mask.placeholder))
    };
    let masked = MASKS.iter().fold("_masked".to_owned(), |text, mask| replaced(&text, mask));
    let (digits, hidden) = (literal::string(DIGITS), literal::string(STATUS_DIGITS));
    let logfmt = literal::string(LOGFMT);
    format!(
        "\n| extend _is_logfmt = {condition} and _seen matches regex {logfmt}\
         \n| extend _message = iff(_is_logfmt, {}, \"\"), _fault = iff(_is_logfmt, {}, \"\")\
         \n| extend _reason = strcat(_message, iff(isnotempty(_message) and isnotempty(_fault), \"\\n\", \"\"), _fault)\
         \n| extend _reason = iff({condition} and isempty(_reason), _seen, _reason)\
         \n| extend _masked = {}\
         \n| extend _status = {number}\
         \n| extend _masked = iff(isempty(_status), _masked, strcat({before}, translate({digits}, {hidden}, _status), {after}))\
         \n| extend _template = trim(\" +\", translate({hidden}, {digits}, {masked}))\
         \n| extend _template = {}, _reason = {}",
        values[0],
        values[1],
        replaced("_reason", &BLANKS),
        without_middle("_template", ENDS),
        without_middle("_reason", SAMPLE_ENDS)
    )
}

/// Returns a text with `…` in place of its middle, if it is longer than both ends and `…` together.
fn without_middle(text: &str, (first, last): (usize, usize)) -> String {
    format!(
        "iff(strlen({text}) > {}, strcat(substring({text}, 0, {first}), \"\\u2026\", \
         substring({text}, strlen({text}) - {last}, {last})), {text})",
        first + 1 + last
    )
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
         | summarize _n = sum(_w), _rows = count_distinct(strcat(_entity, \"\\n\", _row)), _errors = countif(_at_error), \
         _elsewhere_n = sumif(_w, _elsewhere), _entities = count_distinct(_entity), _first = min(_at), _last = max(_at), \
         arg_min(_order, _at, _row, _i, _reason) by _subject_number, _component, _template, _level",
        cut("_level")
    ));
    let entity = "tostring(pack_array(_subject_number))";
    draft.parts.push(format!(
        "{groups}\n| sort by _subject_number asc, _n desc, _component asc, _template asc\n\
         | extend _rank = row_number(1, _subject_number != prev(_subject_number))\n| where _rank <= {most}\n\
         | project part = long({}), entity = {entity}, at = _at, cells = pack_array(_component, _template, _n, \
         min_of(_rows, {NEWS_ROWS}), iff(_errors > 0, 1, 0), _elsewhere_n, _entities, _first, _last, _row, _i, _reason)",
        Piece::Template.number(position)
    ));
    draft.parts.push(format!(
        "{groups}\n| summarize _distinct = count(), _news = countif(_errors > 0 or _rows >= {NEWS_ROWS}), _n = sum(_n), \
         _level = max(_level) by _subject_number\n\
         | project part = long({}), entity = {entity}, at = _from, cells = pack_array(_distinct, _news, _n, _level)",
        Piece::UnmatchedTotals.number(position)
    ));
}
