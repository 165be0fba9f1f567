//! Lowers line tests to KQL conditions.
//!
//! Input: a [`LineTest`]. Output: the text of a condition. A regex becomes `matches regex` here; the `has` filter that is
//! applied to rows before it comes from `has_prefilter`.

use amp_rules_core::telemetry::predicate::{FieldTest, LineTest, See, ValueTest};
use amp_rules_core::telemetry::source::template::{LOGFMT, LOGFMT_FIELD_GROUPS, logfmt_field};
use kql_lang::literal;

use super::draft::all;

/// Returns the column that a test reads.
pub(super) fn seen(see: See) -> &'static str {
    match see {
        See::Message => "_seen",
        See::Line => "_line",
    }
}

/// Returns the condition that a line is from one of the components.
pub(super) fn is_component(components: &[String]) -> String {
    let names: Vec<String> = components.iter().map(|name| literal::string(name)).collect();
    format!("_component in ({})", names.join(", "))
}

/// Returns the condition that a line passes a test. The column `seen` has the text that is searched.
pub(super) fn matches(seen: &str, test: &LineTest) -> String {
    match test {
        LineTest::Regex(regex) => format!("{seen} matches regex {}", literal::string(&format!("(?m){regex}"))),
        LineTest::Contains(text) => format!("{seen} contains_cs {}", literal::string(text)),
        LineTest::Fields { fields, text } => {
            all(text.as_deref().map(|text| matches(seen, text)).into_iter().chain(fields.iter().map(has_field)))
        }
    }
}

/// Returns the condition that a line has a field that passes a test: as in row aggregation, that of a JSON object or of a line
/// in logfmt.
fn has_field(field: &FieldTest) -> String {
    let json = json_value(&field.name);
    let compound = format!("gettype({json}) in (\"array\", \"dictionary\")");
    let regex = literal::string(&logfmt_field(&field.name));
    let is_logfmt = format!("_line matches regex {}", literal::string(LOGFMT));
    let [quoted, bare] = LOGFMT_FIELD_GROUPS;
    let logfmt = format!(
        "replace_string(strcat(extract({regex}, {quoted}, _line), extract({regex}, {bare}, _line)), \"\\\\\\\"\", \"\\\"\")"
    );
    let there = format!(
        "iff(isnotnull(_json), isnotnull({json}) and not({compound}), {is_logfmt} and _line matches regex {regex})"
    );
    let text =
        format!("iff(isnotnull(_json), iff({compound}, \"\", tostring({json})), iff({is_logfmt}, {logfmt}, \"\"))");
    match &field.test {
        ValueTest::OneOf(wanted) => {
            let list: Vec<String> = wanted.iter().map(|one| literal::string(one)).collect();
            let numbers: Vec<String> = wanted
                .iter()
                .filter_map(|one| one.trim().parse::<f64>().ok())
                .filter(|number| number.is_finite())
                .map(literal::real)
                .collect();
            let number = (!numbers.is_empty())
                .then(|| format!(" or isfinite(toreal({text})) and toreal({text}) in ({})", numbers.join(", ")));
            format!("({there} and ({text} in ({}){}))", list.join(", "), number.unwrap_or_default())
        }
        ValueTest::Within(bounds) => {
            let bounds: Vec<String> = bounds
                .iter()
                .map(|(comparison, limit)| {
                    format!(" and toreal({text}) {} {}", comparison.sign(), literal::real(limit.number()))
                })
                .collect();
            format!("(isfinite(toreal({text})){})", bounds.concat())
        }
        ValueTest::Set => format!("(isnotempty({text}) or isnotnull(_json) and {compound})"),
        ValueTest::Empty => format!("({there} and isempty({text}))"),
    }
}

/// Returns the value of a field of the JSON object: at the path, or else of the key that contains the dots.
fn json_value(name: &str) -> String {
    let at = |keys: &mut dyn Iterator<Item = &str>| {
        keys.fold("_json".to_owned(), |value, key| format!("{value}[{}]", literal::string(key)))
    };
    let whole = at(&mut std::iter::once(name));
    if name.contains('.') { format!("coalesce({}, {whole})", at(&mut name.split('.'))) } else { whole }
}
