//! Lowers requests on log lines: splits batches into lines, removes terminal escapes, names components, evaluates each regex
//! once, counts hits.
//!
//! Input: all requests on lines of one table, the restart markers of its inventory, and its requests for unmatched errors; they
//! share one pass over the rows. Output: the statement `_lines` with one row per line and hit, and the parts that count them.

use std::collections::BTreeSet;

use amp_rules_core::telemetry::matcher;
use amp_rules_core::telemetry::predicate::{KeySource, LineTest};
use amp_rules_core::telemetry::request::{Instants, InventoryRequest, LinesRequest, Reading, UnmatchedRequest};
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::data::MESSAGE_CHARACTERS;
use amp_rules_core::telemetry::source::rows::MESSAGE_FIELDS;
use kql_lang::literal;

use super::component::{self, Component};
use super::counts::ScopedRows;
use super::draft::{Draft, ROWS, all};
use super::line_test::{matches, seen};
use super::lowered::EPOCH;
use super::piece::Piece;
use super::{cells, counts, filter, fleet, has_prefilter, unmatched};
use crate::convert;

/// The requests that read lines, each with its position.
#[derive(Debug, Default)]
pub(super) struct LineRequests<'r> {
    /// Requests for matching lines.
    pub(super) lines: Vec<(usize, &'r LinesRequest)>,
    /// Inventory requests with the test for lines that report a restart of an entity.
    pub(super) starts: Vec<(usize, &'r InventoryRequest, LineTest)>,
    /// Requests for error lines that no pattern matches.
    pub(super) unmatched: Vec<(usize, &'r UnmatchedRequest)>,
}

/// A test that is evaluated for each line, and the columns of a line that passes it.
struct Hit {
    /// The part number of the hit.
    part: usize,
    /// The condition that a line is a hit, in terms of the columns of the scan.
    test: String,
    /// The entity of the line.
    entity: String,
    /// The start of the bin of the line.
    bin: String,
    /// The numbers to add up.
    sums: Vec<String>,
    /// The instants to list.
    instants: Instants,
}

/// The columns of `_lines` that only unmatched errors need.
const TEMPLATE_COLUMNS: &str = ", _component, _template, _reason, _at_error, _elsewhere, _subject_number";

/// Columns for expressions that several hits use.
#[derive(Default)]
pub(super) struct Columns {
    known: Vec<Column>,
}

/// A column for an expression.
struct Column {
    expression: String,
    /// Whether the expression uses other columns. KQL has them only after the `extend` that adds them.
    uses_columns: bool,
}

impl Columns {
    /// Returns the name of the column with an expression; adds the column if it is new.
    pub(super) fn of(&mut self, expression: String) -> String {
        self.add(expression, false)
    }

    /// Like [`of`](Self::of), for an expression that uses other columns.
    fn of_columns(&mut self, expression: String) -> String {
        self.add(expression, true)
    }

    fn add(&mut self, expression: String, uses_columns: bool) -> String {
        if expression == "true" {
            return expression;
        }
        let at = self.known.iter().position(|known| known.expression == expression).unwrap_or_else(|| {
            self.known.push(Column { expression, uses_columns });
            self.known.len() - 1
        });
        format!("_x{at}")
    }

    /// Returns the steps that add the columns.
    fn steps(&self) -> String {
        let mut out = String::new();
        for (at, Column { expression, uses_columns }) in self.known.iter().enumerate() {
            out.push_str(if at == 0 || *uses_columns { "\n| extend " } else { ",\n  " });
            out.push_str(&format!("_x{at} = {expression}"));
        }
        out
    }
}

/// Adds the statements and result parts of all requests on lines of a table.
pub(super) fn lower(draft: &mut Draft, table: &Table, asked: &LineRequests<'_>) {
    let Some(path) = &table.text else { return };
    let mut columns = Columns::default();
    let mut hits = Vec::new();
    // Per request for unmatched errors, the test that a line is known for another component.
    let mut elsewhere = Vec::new();
    for (position, request) in &asked.lines {
        hits.extend(hits_of(draft, table, &mut columns, *position, request));
    }
    for (position, request, test) in &asked.starts {
        let reading = &request.reading;
        let (entity, whole) = cells::entity(&counts::row_keys(table, &reading.keys, &Default::default()));
        let one = columns.of(all(draft.within(table, reading).into_iter().chain([whole])));
        hits.push(Hit {
            part: Piece::Start.number(*position),
            test: all([one, matches("_seen", test)]),
            entity: columns.of(entity),
            bin: "_from".to_owned(),
            sums: Vec::new(),
            instants: Instants::None,
        });
    }
    for (position, request) in &asked.unmatched {
        let reading = &request.reading;
        let keys = counts::row_keys(table, &reading.keys, &Default::default());
        let (entity, whole) = cells::entity(&keys);
        let verdict = filter::verdict(table, &reading.filter, &[]);
        let may_pass = verdict.may_pass();
        let one = columns.of(all(draft.within(table, reading).into_iter().chain([whole, verdict.passes])));
        let Some(errors) = &table.errors else { continue };
        let (test, known_elsewhere) = unmatched::tests(table, errors, request, |test| columns.of(test));
        if let Some(lacking) = cells::lacks_one_key(table, reading, &keys, true) {
            let row = columns.of(all(draft.within(table, reading).into_iter().chain([lacking, may_pass])));
            hits.push(Hit {
                part: Piece::Unread.number(*position),
                test: all([row, test.clone()]),
                entity: columns.of(entity.clone()),
                bin: "_from".to_owned(),
                sums: Vec::new(),
                instants: Instants::None,
            });
        }
        elsewhere.push((Piece::Template.number(*position), known_elsewhere));
        hits.push(Hit {
            part: Piece::Template.number(*position),
            test: all([one, test]),
            entity: columns.of(entity),
            bin: "_from".to_owned(),
            sums: Vec::new(),
            instants: Instants::None,
        });
    }
    if hits.is_empty() {
        return;
    }
    let errors: Vec<LineTest> = asked.unmatched.iter().flat_map(|_| unmatched::hints(table)).collect();
    let wanted = asked.lines.iter().map(|(_, request)| &request.test);
    let wanted = wanted.chain(asked.starts.iter().map(|(_, _, test)| test)).chain(&errors);
    let text = cells::text(table, path);
    let prefilter = has_prefilter::condition(&text, wanted);
    let scan = scan(table, &text, prefilter, &hits, &columns, &elsewhere);
    draft.statements.push(format!("let _found = materialize({scan}\n)"));
    let template_columns = if elsewhere.is_empty() { "" } else { TEMPLATE_COLUMNS };
    draft.statements.push(match table.identity {
        // Rows that were delivered twice count once.
        Some(_) => format!(
            "let _lines = materialize(union (_found | where isempty(_id)),\n\
             (_found | where isnotempty(_id) | summarize take_any(_bin, _at, _w, _row, _line, _sums{template_columns}) \
             by _id, _i, _hit, _entity))"
        ),
        None => "let _lines = _found".to_owned(),
    });
    parts(draft, &hits);
    for (position, request) in &asked.lines {
        let keys = counts::row_keys(table, &request.reading.keys, &request.sources);
        let bin =
            format!("bin_at({}, {}, {EPOCH})", cells::time(table), literal::timespan(convert::timespan(request.bin)));
        row_parts(draft, table, *position, &request.reading, &keys, &bin, &text);
    }
    for (position, request) in &asked.unmatched {
        let keys = counts::row_keys(table, &request.reading.keys, &Default::default());
        row_parts(draft, table, *position, &request.reading, &keys, "_from", &text);
    }
}

/// Adds the result parts that count lines.
fn parts(draft: &mut Draft, hits: &[Hit]) {
    let any = |piece: Piece| hits.iter().any(|hit| Piece::from_number(hit.part).1 == Some(piece));
    if any(Piece::Cell) {
        let sums = hits.iter().map(|hit| hit.sums.len()).max().unwrap_or_default();
        let totals: Vec<String> = (0..sums).map(|at| format!(", _s{at} = sum(toreal(_sums[{at}]) * _w)")).collect();
        let listed: Vec<String> = (0..sums).map(|at| format!(", _s{at}")).collect();
        draft.parts.push(format!(
            "_lines\n| where _hit {}\n| summarize _n = sum(_w), _first = min(_at), _last = max(_at){} \
             by _hit, _entity, _bin\n\
             | project part = _hit, entity = _entity, at = _bin, cells = pack_array(_n, _first, _last{})",
            Piece::Cell.remainder(),
            totals.concat(),
            listed.concat()
        ));
        draft.parts.push(format!(
            "_lines\n| where _hit {}\n| sort by _hit asc, _entity asc, _at asc, _row asc, _i asc, _line asc\n\
             | extend _rank = row_number(1, _hit != prev(_hit) or _entity != prev(_entity))\n| where _rank <= 3\n\
             | project part = _hit + {}, entity = _entity, at = _at, \
             cells = pack_array(_row, _i, substring(_line, 0, 2000))",
            Piece::Cell.remainder(),
            Piece::Sample.number(0) - Piece::Cell.number(0),
        ));
    }
    for instants in hits.iter().map(|hit| hit.instants).collect::<BTreeSet<_>>() {
        if instants == Instants::None {
            continue;
        }
        let asking = hits.iter().filter(|hit| hit.instants == instants).map(|hit| hit.part.to_string());
        draft.parts.push(format!(
            "_lines\n| where _hit in ({})\n{}\n\
             | project part = _hit + {}, entity = _entity, at = _bin, cells = {}",
            asking.collect::<Vec<_>>().join(", "),
            counts::instants_by("_hit, _entity"),
            Piece::Instants.number(0) - Piece::Cell.number(0),
            counts::listed(&instants),
        ));
    }
    if any(Piece::Start) {
        draft.parts.push(format!(
            "_lines\n| where _hit {}\n| summarize by _hit, _entity, _at\n\
             | project part = _hit, entity = _entity, at = _at, cells = dynamic([])",
            Piece::Start.remainder()
        ));
    }
    for piece in [Piece::Truncated, Piece::Unread] {
        if any(piece) {
            draft.parts.push(format!(
                "_lines\n| where _hit {}\n| summarize by _hit, _entity, _bin\n\
                 | project part = _hit, entity = _entity, at = _bin, cells = dynamic([])",
                piece.remainder()
            ));
        }
    }
}

fn hits_of(draft: &Draft, table: &Table, columns: &mut Columns, position: usize, request: &LinesRequest) -> Vec<Hit> {
    let reading = &request.reading;
    let verdict = filter::verdict(table, &reading.filter, &[]);
    let seen = seen(request.see);
    let row_keys = counts::row_keys(table, &reading.keys, &request.sources);
    let (_, whole) = cells::entity(&row_keys);
    let in_line: Vec<String> = line_keys(table, reading, request).collect();
    let all_keys = keys_of(table, reading, request);
    let (entity, _) = cells::entity(&all_keys);
    let entity = if in_line.is_empty() { columns.of(entity) } else { entity };
    let found = matches(seen, &request.test);
    let component = Component::of(table, &request.components);
    let component = component.map(|one| (columns.of(one.is_wanted), one.is_undetermined.map(|test| columns.of(test))));
    // Several hits share the test of the line, so it is evaluated once, and only for components that may be wanted.
    let may_be = component.as_ref().map(|(wanted, unclear)| match unclear {
        Some(unclear) => format!("({wanted} or {unclear})"),
        None => wanted.clone(),
    });
    let found = columns.of_columns(all(may_be.into_iter().chain([found])));
    let keyed = in_line.iter().map(|key| format!("isnotempty({key})"));
    let rest: Vec<String> = [found].into_iter().chain(keyed).collect();
    let within = draft.within(table, reading);
    let mut row = |tests: Vec<String>| columns.of(all(within.clone().into_iter().chain(tests)));
    let hit = |piece: Piece, tests: Vec<String>, sums: Vec<String>| Hit {
        part: piece.number(position),
        test: all(tests.into_iter().chain(rest.clone())),
        entity: entity.clone(),
        bin: format!("bin_at(_at, {}, {EPOCH})", literal::timespan(convert::timespan(request.bin))),
        sums,
        instants: if piece == Piece::Cell { request.instants } else { Instants::None },
    };
    let sums = request.sums.iter().map(|name| {
        let number = format!("toreal({})", captured(seen, &request.test, name));
        format!("iff(isfinite({number}), {number}, 0.0)")
    });
    let (is_wanted, is_undetermined) = component.map_or((None, None), |(wanted, unclear)| (Some(wanted), unclear));
    let of_wanted = |test: String| [test].into_iter().chain(is_wanted.clone()).collect::<Vec<_>>();
    let mut hits = Vec::new();
    hits.push(hit(Piece::Cell, of_wanted(row(vec![whole.clone(), verdict.passes.clone()])), sums.collect()));
    let may_pass = verdict.may_pass();
    if let Some(unknown) = verdict.unknown {
        hits.push(hit(Piece::Truncated, of_wanted(row(vec![whole.clone(), unknown])), Vec::new()));
    }
    let lacking =
        cells::lacks_one_key(table, reading, &row_keys, true).map(|lacking| row(vec![lacking, may_pass.clone()]));
    let unclear = is_undetermined.clone().map(|unclear| all([row(vec![whole.clone(), may_pass]), unclear]));
    let weightless =
        cells::is_weightless(table).map(|weightless| all(of_wanted(row(vec![whole, verdict.passes, weightless]))));
    if let Some(test) = counts::any([lacking, unclear, weightless]) {
        hits.push(hit(Piece::Unread, vec![test], Vec::new()));
    }
    hits
}

/// Returns the pipeline over the rows; its result has one row per line and hit.
fn scan(
    table: &Table,
    text: &str,
    prefilter: Option<String>,
    hits: &[Hit],
    columns: &Columns,
    elsewhere: &[(usize, String)],
) -> String {
    let with_templates = !elsewhere.is_empty();
    let mut out = format!("{ROWS}\n| where isnotempty({text})");
    if let Some(test) = prefilter {
        out.push_str(&format!("\n| where {test}"));
    }
    if table.split_lines {
        out.push_str(&format!(
            "\n| mv-expand with_itemindex=_i _line = iff({text} contains_cs \"\\n\" or {text} startswith_cs \"{{\", \
             split({text}, \"\\n\"), split({text}, \"\\\\n\")) to typeof(string)"
        ));
    } else {
        out.push_str(&format!("\n| extend _i = long(0), _line = {text}"));
    }
    out.push_str(
        "\n| extend _line = trim_end(\"\\\\r+\", iff(_line contains_cs \"\\u001B\", \
         replace_regex(_line, \"\\u001B\\\\[[0-9;?]*[A-Za-z]\", \"\"), _line))\n| where isnotempty(_line)\
         \n| extend _json = iff(_line matches regex \"^\\\\s*\\\\{\", parse_json(_line), dynamic(null))\
         \n| extend _json = iff(gettype(_json) == \"dictionary\", _json, dynamic(null))",
    );
    let fields: Vec<String> = MESSAGE_FIELDS
        .iter()
        .map(|field| {
            let value = format!("_json[{}]", literal::string(field));
            format!("iff(gettype({value}) == \"string\" and isnotempty(tostring({value})), strcat(tostring({value}), \"\\n\"), \"\")")
        })
        .collect();
    out.push_str(&format!(
        "\n| extend _seen = iff(isnull(_json), \"\", strcat({}))\n\
         | extend _has_message = isnotempty(_seen)\n\
         | extend _seen = iff(isempty(_seen), _line, substring(_seen, 0, strlen(_seen) - 1))",
        fields.join(", ")
    ));
    out.push_str(&format!("\n| extend _component = {}, _at = {}", component::name(table), cells::time(table)));
    if component::depends_on_columns(table) {
        out.push_str(&format!("\n| extend _rule = {}{}", component::rule(table), component::lacking(table)));
    }
    if with_templates && let Some(errors) = &table.errors {
        out.push_str(&unmatched::level_steps(errors));
    }
    out.push_str(&columns.steps());
    let found: Vec<String> =
        hits.iter().map(|hit| format!("iff({}, dynamic([{}]), dynamic([]))", hit.test, hit.part)).collect();
    out.push_str(&format!("\n| extend _hits = {}\n| where array_length(_hits) > 0", concat(&found)));
    out.push_str("\n| mv-expand _hit = _hits to typeof(long)");
    out.push_str(&format!(
        "\n| extend _w = {}, _id = {}, _row = {}",
        cells::weight(table),
        cells::identity(table),
        cells::row_id(table)
    ));
    out.push_str(&format!("\n| extend _entity = {}", choose(hits, |hit| hit.entity.clone())));
    out.push_str(&format!("\n| extend _bin = {}", choose(hits, |hit| hit.bin.clone())));
    out.push_str(&format!(
        "\n| extend _sums = {}",
        choose(hits, |hit| if hit.sums.is_empty() {
            "dynamic([])".to_owned()
        } else {
            format!("pack_array({})", hit.sums.join(", "))
        })
    ));
    if with_templates {
        let number = if table.columns.contains_key(fleet::SUBJECT) { fleet::SUBJECT } else { "\"\"" };
        let arms: Vec<String> = elsewhere.iter().map(|(part, test)| format!("_hit == {part}, {test}")).collect();
        out.push_str(&format!("\n| extend _elsewhere = case({}, false), _subject_number = {number}", arms.join(", ")));
        out.push_str(&unmatched::template_steps(&format!("_hit {}", Piece::Template.remainder())));
    }
    out.push_str("\n| project _hit, _entity, _bin, _at, _w, _id, _row, _i, _line, _sums");
    if with_templates {
        out.push_str(TEMPLATE_COLUMNS);
    }
    out
}

/// Returns a `case` over `_hit` with one arm per distinct expression.
fn choose(hits: &[Hit], of: impl Fn(&Hit) -> String) -> String {
    let mut arms: Vec<(String, Vec<usize>)> = Vec::new();
    for hit in hits {
        let expression = of(hit);
        match arms.iter_mut().find(|(known, _)| *known == expression) {
            Some((_, parts)) => parts.push(hit.part),
            None => arms.push((expression, vec![hit.part])),
        }
    }
    // The most frequent expression is the default arm, which needs no list of hits.
    arms.sort_by_key(|(_, parts)| parts.len());
    let Some((usual, _)) = arms.pop() else { return "dynamic(null)".to_owned() };
    if arms.is_empty() {
        return usual;
    }
    let arm = |(expression, parts): (String, Vec<usize>)| {
        let list: Vec<String> = parts.iter().map(usize::to_string).collect();
        format!("_hit in ({}), {expression}", list.join(", "))
    };
    format!("case({}, {usual})", arms.into_iter().map(arm).collect::<Vec<_>>().join(", "))
}

/// Returns the text of a named group in the first match; empty if there is no match.
fn captured(seen: &str, test: &LineTest, group: &str) -> String {
    let Some(regex) = test.regex() else { return "\"\"".to_owned() };
    let position =
        matcher::compile(regex).ok().and_then(|compiled| compiled.capture_names().position(|name| name == Some(group)));
    match position {
        Some(position) => format!("extract({}, {position}, {seen})", literal::string(&format!("(?m){regex}"))),
        None => "\"\"".to_owned(),
    }
}

/// Returns the texts of all keys of a lines request, in order.
fn keys_of(table: &Table, reading: &Reading, request: &LinesRequest) -> Vec<String> {
    let mut in_line = line_keys(table, reading, request);
    let mut in_row = counts::row_keys(table, &reading.keys, &request.sources).into_iter();
    let key = |key: &String| match request.sources.get(key) {
        Some(KeySource::Json(_) | KeySource::Capture(_)) => in_line.next(),
        Some(KeySource::Column(_)) | None => in_row.next(),
    };
    reading.keys.iter().filter_map(key).collect()
}

/// Returns the texts of the keys that are parts of the line.
fn line_keys(table: &Table, reading: &Reading, request: &LinesRequest) -> impl Iterator<Item = String> {
    reading.keys.iter().filter_map(move |key| {
        let text = match request.sources.get(key)? {
            KeySource::Column(_) => return None,
            KeySource::Json(field) => format!("tostring(_json[{}])", literal::string(field)),
            KeySource::Capture(group) => captured(seen(request.see), &request.test, group),
        };
        Some(if table.folded_keys.contains(key) { format!("tolower({text})") } else { text })
    })
}

/// Concatenates lists. A call of `array_concat` takes at most 64 arguments.
fn concat(lists: &[String]) -> String {
    match lists {
        [] => "dynamic([])".to_owned(),
        [one] => one.clone(),
        many if many.len() <= 32 => format!("array_concat({})", many.join(", ")),
        many => concat(&many.chunks(32).map(concat).collect::<Vec<_>>()),
    }
}

/// Adds the parts about rows, independent of their lines: truncated messages, and columns without a value in any row.
fn row_parts(
    draft: &mut Draft,
    table: &Table,
    position: usize,
    reading: &Reading,
    keys: &[String],
    bin: &str,
    text: &str,
) {
    let (entity, whole) = cells::entity(keys);
    let lacking = cells::lacks_one_key(table, reading, keys, true);
    let within = draft.within(table, reading).unwrap_or_else(|| "true".to_owned());
    let verdict = filter::verdict(table, &reading.filter, &[]);
    let cut = format!(
        "{ROWS}\n| where strlen({text}) == {MESSAGE_CHARACTERS}\n| where {}\n| summarize by _entity = {entity}, _bin = {bin}",
        all([within.clone(), counts::any([Some(whole.clone()), lacking]).unwrap_or_default(), verdict.may_pass()]),
    );
    let project = |part| format!("{cut}\n| project part = {part}, entity = _entity, at = _bin, cells = dynamic([])");
    draft.share(Piece::TruncatedMessage, position, project, cut.clone());
    let seen = ScopedRows { rows: ROWS, within, entity, whole };
    counts::missing_columns(draft, table, position, counts::tested(reading), reading, &seen, &[]);
}
