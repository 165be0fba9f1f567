//! All requests on one table, answered together in one pass over its rows.
//!
//! Input: rows, one by one and in any order. Output: per request its data, what no row carried, and what is lacking. A row
//! is looked at once per distinct reading, its text is searched once for all regexes, and only a line that may match is
//! taken apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::Aggregated;
use super::counts::Tally;
use super::filter::Verdict;
use super::identity::{Dedup, Identities};
use super::inventory::InventoryFold;
use super::line::{Line, lines_of};
use super::properties::PropertiesFold;
use super::row::{Number, Row, number_of};
use super::row_scope::{Carried, RowScope, ScopeMatch};
use super::series::SeriesFold;
use super::unmatched::{GROUPS, UnmatchedFold};
use crate::telemetry::entity::Entity;
use crate::telemetry::matcher::Matcher;
use crate::telemetry::predicate::{KeySource, LineTest, See};
use crate::telemetry::request::{LinesRequest, Request};
use crate::telemetry::schema::Table;
use crate::telemetry::source::data::{AnswerData, Gap, GapReason, MESSAGE_CHARACTERS, is_cut};
use crate::time::{Time, Window};

/// The requests on one table.
#[derive(Debug)]
pub(super) struct TableAggregator {
    pub(super) table: Arc<Table>,
    lenses: Vec<SharedRowScope>,
    members: Vec<Member>,
    /// Which members read rows of a metric, by the name in the row, with the metric's position in the request.
    by_name: HashMap<String, Vec<(usize, usize)>>,
    /// Members that read rows whatever their metric.
    any_row: Vec<usize>,
    /// Members that look at lines, by what they see of them.
    texts: Vec<Texts>,
    /// Members that look for lines that nothing understands.
    unmatched: Vec<usize>,
    identities: Identities,
}

/// A lens with what its rows carried, for the members that read any row.
#[derive(Debug)]
struct SharedRowScope {
    lens: RowScope,
    carried: Option<Carried>,
}

/// One request.
#[derive(Debug)]
struct Member {
    /// Its position in the list of requests.
    position: usize,
    lens: usize,
    /// The canonical names of its metrics.
    metrics: Vec<String>,
    /// What rows of its metrics carried; a member that reads any row shares that of its lens.
    carried: Option<Carried>,
    kind: Kind,
    lacks: Gaps,
}

#[derive(Debug)]
enum Kind {
    Lines(LinesFold),
    Rows(Tally),
    Series(SeriesFold),
    Properties(PropertiesFold),
    Inventory(InventoryFold),
    Unmatched(Box<UnmatchedFold>),
}

/// A lines request that is being answered.
#[derive(Debug)]
struct LinesFold {
    request: LinesRequest,
    tally: Tally,
    /// Entity keys that stand in the line.
    sources: Vec<(String, KeySource)>,
}

/// The regexes of the members that see the same text of a line.
#[derive(Debug)]
struct Texts {
    see: See,
    matcher: Matcher,
    /// Per test of the matcher, whom it concerns.
    owners: Vec<Owners>,
}

/// Whom a test concerns.
#[derive(Debug, Default)]
struct Owners {
    /// The members that ask for its lines.
    members: Vec<usize>,
    /// The members to whom its lines, where they are of one of the components, are understood.
    understand: Vec<(usize, Vec<String>)>,
}

/// What a member's answer lacks.
#[derive(Debug, Default)]
struct Gaps {
    /// Rows that could not be decided because the service cut a value, by bin.
    cut: BTreeMap<Option<Window>, BTreeSet<Entity>>,
    /// Whether a row was left out because it may have been counted before.
    untold: bool,
}

impl Gaps {
    fn gaps(self) -> Vec<Gap> {
        let cut = self.cut.into_iter().map(|(range, entities)| Gap {
            reason: GapReason::Truncated,
            range,
            entities: Some(entities.into_iter().collect()),
        });
        let untold = self.untold.then_some(Gap { reason: GapReason::Duplicates, range: None, entities: None });
        cut.chain(untold).collect()
    }
}

/// One row, looked at through each lens at most once.
struct RowContext<'a> {
    table: &'a Table,
    row: &'a Row,
    lenses: &'a [SharedRowScope],
    seen: Vec<Option<ScopeMatch>>,
    identities: &'a mut Identities,
    turn: Option<Dedup>,
}

impl RowContext<'_> {
    fn look(&mut self, lens: usize, metric: Option<&str>) -> ScopeMatch {
        let Some(SharedRowScope { lens: through, .. }) = self.lenses.get(lens) else { return ScopeMatch::OutOfScope };
        let elsewhere = metric.filter(|metric| self.table.metric_keys.contains_key(*metric));
        if elsewhere.is_some() {
            return through.look(self.table, self.row, elsewhere);
        }
        match self.seen.get_mut(lens) {
            Some(Some(seen)) => seen.clone(),
            Some(unseen) => unseen.insert(through.look(self.table, self.row, None)).clone(),
            None => ScopeMatch::OutOfScope,
        }
    }

    /// Whether the row may enter a count; asking is what counts it.
    fn turn(&mut self) -> Dedup {
        match self.turn {
            Some(turn) => turn,
            None => *self.turn.insert(self.identities.turn(self.row.identity(self.table).as_deref())),
        }
    }

    fn may_count(&mut self, lacks: &mut Gaps) -> bool {
        let turn = self.turn();
        lacks.untold |= turn == Dedup::Unknown;
        turn == Dedup::First
    }
}

impl TableAggregator {
    /// No request yet.
    pub(super) fn new(table: Arc<Table>, identities: usize) -> Self {
        Self {
            table,
            lenses: Vec::new(),
            members: Vec::new(),
            by_name: HashMap::new(),
            any_row: Vec::new(),
            texts: Vec::new(),
            unmatched: Vec::new(),
            identities: Identities::new(identities),
        }
    }

    /// Takes in a request.
    ///
    /// # Errors
    ///
    /// In words, where the request cannot be answered from rows of the table.
    pub(super) fn join(&mut self, position: usize, request: &Request) -> Result<(), String> {
        let none = BTreeMap::new();
        let reading = request.reading();
        let (kind, sources) = match request {
            Request::Lines(request) => {
                if self.table.text.is_none() {
                    return Err(format!("the table `{}` has no text", self.table.name));
                }
                let in_line = |(key, source): (&String, &KeySource)| match source {
                    KeySource::Column(_) => None,
                    _ if !request.reading.keys.contains(key) => None,
                    source => Some((key.clone(), source.clone())),
                };
                let fold = LinesFold {
                    tally: Tally::new(request.bin, request.sums.len()),
                    sources: request.sources.iter().filter_map(in_line).collect(),
                    request: request.clone(),
                };
                if let LineTest::Regex(regex) = &request.test {
                    crate::telemetry::matcher::compile(regex)
                        .map_err(|error| format!("the regex does not compile: {error}"))?;
                }
                (Kind::Lines(fold), &request.sources)
            }
            Request::Rows(request) => {
                let in_line =
                    request.reading.keys.iter().find(|key| {
                        matches!(request.sources.get(*key), Some(KeySource::Json(_) | KeySource::Capture(_)))
                    });
                if let Some(key) = in_line {
                    return Err(format!("the key `{key}` of rows does not stand in a column"));
                }
                (Kind::Rows(Tally::new(request.bin, 0)), &request.sources)
            }
            Request::Series(request) => (Kind::Series(SeriesFold::new(request)?), &none),
            Request::Properties(request) => (Kind::Properties(PropertiesFold::new(&request.names)), &none),
            Request::Inventory(request) => {
                if let Some(regex) = &request.restart_marker {
                    crate::telemetry::matcher::compile(regex)
                        .map_err(|error| format!("the regex does not compile: {error}"))?;
                }
                (Kind::Inventory(InventoryFold::new(request)), &none)
            }
            Request::Unmatched(request) => {
                if self.table.text.is_none() {
                    return Err(format!("the table `{}` has no text", self.table.name));
                }
                (Kind::Unmatched(Box::new(UnmatchedFold::new(request, GROUPS)?)), &none)
            }
            Request::Query(_) => return Err("rows alone do not answer a query in KQL".to_owned()),
        };
        let lens = match self.lenses.iter().position(|shared| shared.lens.serves(reading, sources)) {
            Some(lens) => lens,
            None => {
                self.lenses.push(SharedRowScope { lens: RowScope::new(reading, sources)?, carried: None });
                self.lenses.len() - 1
            }
        };
        let metrics: &[(String, Vec<String>)] = match request {
            Request::Series(request) => &request.metrics,
            Request::Properties(request) => &request.metrics,
            Request::Inventory(request) => request.metric.as_slice(),
            Request::Lines(_) | Request::Rows(_) | Request::Unmatched(_) | Request::Query(_) => &[],
        };
        let member = self.members.len();
        if let Request::Unmatched(_) = request {
            self.unmatched.push(member);
        }
        for (index, (name, spellings)) in metrics.iter().enumerate() {
            let names: BTreeSet<_> = spellings.iter().chain([name]).collect();
            for spelling in names {
                self.by_name.entry(spelling.clone()).or_default().push((member, index));
            }
        }
        if metrics.is_empty() {
            self.any_row.push(member);
        }
        let filtered = !reading.filter.is_empty();
        if metrics.is_empty()
            && filtered
            && let Some(shared) = self.lenses.get_mut(lens)
        {
            shared.carried.get_or_insert_default();
        }
        let carried = (!metrics.is_empty() && filtered).then(Carried::default);
        let metrics = metrics.iter().map(|(name, _)| name.clone()).collect();
        self.members.push(Member { position, lens, metrics, carried, kind, lacks: Gaps::default() });
        Ok(())
    }

    /// Compiles the regexes of all members; called once, after the last has joined.
    ///
    /// # Errors
    ///
    /// Why they cannot be compiled together, in words.
    pub(super) fn compile(&mut self) -> Result<(), String> {
        if self.table.text.is_none() {
            return Ok(());
        }
        for see in [See::Message, See::Line] {
            let mut owners: BTreeMap<LineTest, Owners> = BTreeMap::new();
            for (index, member) in self.members.iter().enumerate() {
                match &member.kind {
                    Kind::Lines(fold) if fold.request.see == see => {
                        owners.entry(fold.request.test.clone()).or_default().members.push(index)
                    }
                    Kind::Inventory(fold) if see == See::Message => {
                        if let Some(regex) = fold.restart_marker() {
                            owners.entry(LineTest::Regex(regex.to_owned())).or_default().members.push(index);
                        }
                    }
                    Kind::Unmatched(fold) => {
                        for known in fold.known().iter().filter(|known| known.see == see) {
                            let owners = owners.entry(known.test.clone()).or_default();
                            owners.understand.push((index, known.components.clone()));
                        }
                    }
                    Kind::Lines(_) | Kind::Rows(_) | Kind::Series(_) | Kind::Properties(_) | Kind::Inventory(_) => {}
                }
            }
            if !owners.is_empty() {
                let (tests, owners): (Vec<_>, Vec<_>) = owners.into_iter().unzip();
                let matcher = Matcher::new(&tests).map_err(|error| error.to_string())?;
                self.texts.push(Texts { see, matcher, owners });
            }
        }
        Ok(())
    }

    /// Takes in a row.
    pub(super) fn add(&mut self, row: &Row) {
        let Self { table, lenses, members, by_name, any_row, texts, unmatched, identities } = self;
        let table: &Table = table;
        let mut context = RowContext { table, row, lenses, seen: vec![None; lenses.len()], identities, turn: None };
        if !by_name.is_empty()
            && let Some(name) = table.metric_name.as_ref().and_then(|path| row.text(path))
            && let Some(readers) = by_name.get(name.as_ref())
        {
            for &(member, index) in readers {
                if let Some(member) = members.get_mut(member) {
                    member.add(&mut context, Some(index));
                }
            }
        }
        for &member in any_row.iter() {
            if let Some(member) = members.get_mut(member) {
                member.add(&mut context, None);
            }
        }
        if !(texts.is_empty() && unmatched.is_empty())
            && let Some(path) = &table.text
            && let Some(text) = row.text(path)
        {
            add_lines(texts, unmatched, members, &mut context, &text);
        }
        let seen = context.seen;
        for (SharedRowScope { lens, carried }, seen) in lenses.iter_mut().zip(seen) {
            if let (Some(carried), Some(ScopeMatch::Entity(entity, _))) = (carried, seen) {
                carried.note(lens.filter(), &entity, lens.filter().carried(table, row, None));
            }
        }
    }

    /// The answers, with the positions of their requests.
    pub(super) fn finish(self) -> Vec<(usize, Aggregated)> {
        let lenses = &self.lenses;
        let finish = |member: Member| {
            let shared = lenses.get(member.lens);
            let carried = member
                .carried
                .as_ref()
                .or_else(|| shared.and_then(|shared| shared.carried.as_ref()).filter(|_| member.metrics.is_empty()));
            let missing_columns = match (carried, shared) {
                (Some(carried), Some(shared)) => carried.lacking(shared.lens.filter()),
                _ => Vec::new(),
            };
            let mut gaps = member.lacks.gaps();
            if matches!(&member.kind, Kind::Unmatched(fold) if fold.is_coarse()) {
                gaps.push(Gap { reason: GapReason::Templates, range: None, entities: None });
            }
            let data = match member.kind {
                Kind::Lines(fold) => AnswerData::Counts(fold.tally.finish()),
                Kind::Rows(tally) => AnswerData::Counts(tally.finish()),
                Kind::Series(fold) => AnswerData::Series(fold.finish()),
                Kind::Properties(fold) => AnswerData::Properties(fold.finish()),
                Kind::Inventory(fold) => AnswerData::Inventory(fold.finish()),
                Kind::Unmatched(fold) => AnswerData::Unmatched(fold.finish()),
            };
            (member.position, Aggregated { data, missing_columns, gaps })
        };
        self.members.into_iter().map(finish).collect()
    }
}

impl Member {
    /// Takes in a row of a metric, by its position in the request, or any row.
    fn add(&mut self, context: &mut RowContext<'_>, metric: Option<usize>) {
        let name = metric.and_then(|index| self.metrics.get(index)).map(String::as_str);
        let ScopeMatch::Entity(entity, verdict) = context.look(self.lens, name) else { return };
        let (table, row) = (context.table, context.row);
        if let (Some(carried), Some(shared)) = (&mut self.carried, context.lenses.get(self.lens)) {
            carried.note(shared.lens.filter(), &entity, shared.lens.filter().carried(table, row, name));
        }
        match verdict {
            Verdict::False => return,
            // Lines are undecided only where one matches.
            Verdict::Unknown if matches!(self.kind, Kind::Lines(_) | Kind::Unmatched(_)) => return,
            Verdict::Unknown => {
                let bin = self.bin(row.time());
                self.lacks.cut.entry(bin).or_default().insert(entity);
                return;
            }
            Verdict::True => {}
        }
        match &mut self.kind {
            Kind::Lines(_) | Kind::Unmatched(_) => {}
            Kind::Rows(tally) => {
                if context.may_count(&mut self.lacks) {
                    tally.add(&entity, row.time(), row.weight(table), &[]);
                    let text = table.text.as_ref().and_then(|path| row.text(path)).unwrap_or_default();
                    tally.keep(&entity, row.time(), &|| row.row_id(table), 0, &text);
                }
            }
            Kind::Series(fold) => {
                if !fold.minds_duplicates() || (fold.has_sample(row, name) && context.may_count(&mut self.lacks)) {
                    fold.add(row, &entity, metric.zip(name));
                }
            }
            Kind::Properties(fold) => fold.add(table, row, &entity, name),
            Kind::Inventory(fold) => fold.add(table, row, &entity, name),
        }
    }

    /// The bin of the answer that a row at this instant belongs to; `None` for the whole window.
    fn bin(&self, at: Time) -> Option<Window> {
        let binned = |every| {
            let from = at.floor(every);
            Some(Window { from, to: from.saturating_add(every) })
        };
        match &self.kind {
            Kind::Lines(fold) => binned(fold.request.bin),
            Kind::Rows(tally) => binned(tally.bin()),
            Kind::Series(fold) => fold.last_bin(at),
            Kind::Properties(_) | Kind::Unmatched(_) => None,
            Kind::Inventory(fold) => binned(fold.every()),
        }
    }

    /// Takes in a line whose seen text matches.
    fn hit(&mut self, context: &mut RowContext<'_>, line: &Line<'_>, matched: &Matched<'_>) {
        let ScopeMatch::Entity(entity, verdict) = context.look(self.lens, None) else { return };
        let (table, row) = (context.table, context.row);
        let at = row.time();
        let bin = self.bin(at);
        match &mut self.kind {
            Kind::Inventory(fold) => {
                if verdict == Verdict::True {
                    fold.started(&entity, at);
                }
            }
            Kind::Lines(fold) => {
                if verdict == Verdict::False || !fold.is_component(line.component(table, row)) {
                    return;
                }
                let Some(entity) = fold.entity(table, &entity, line, matched) else { return };
                if verdict == Verdict::Unknown {
                    self.lacks.cut.entry(bin).or_default().insert(entity);
                    return;
                }
                if context.may_count(&mut self.lacks) {
                    let names: Vec<_> = fold.request.sums.iter().map(String::as_str).collect();
                    let numbers: Vec<_> = matched.captured(&names).into_iter().map(number).collect();
                    fold.tally.add(&entity, at, row.weight(table), &numbers);
                    fold.tally.keep(&entity, at, &|| row.row_id(table), line.index, &line.text);
                }
            }
            Kind::Rows(_) | Kind::Series(_) | Kind::Properties(_) | Kind::Unmatched(_) => {}
        }
    }

    /// Whether lines of a text may be errors that it looks for.
    fn could_be_error(&self, text: &str) -> bool {
        matches!(&self.kind, Kind::Unmatched(fold) if fold.could_be_error(text))
    }

    /// Learns that a line that matches a test is understood, where it is of one of the components.
    fn understand(&mut self, context: &RowContext<'_>, line: &Line<'_>, components: &[String]) {
        if let Kind::Unmatched(fold) = &mut self.kind {
            let own = || line.component(context.table, context.row);
            fold.understood |=
                components.is_empty() || own().is_some_and(|own| components.iter().any(|one| one == own));
        }
    }

    /// Takes in a line that all tests have seen.
    fn stranger(&mut self, context: &mut RowContext<'_>, line: &Line<'_>) {
        let Kind::Unmatched(fold) = &mut self.kind else { return };
        if !fold.wants(line) {
            return;
        }
        if let ScopeMatch::Entity(entity, Verdict::True) = context.look(self.lens, None)
            && context.may_count(&mut self.lacks)
        {
            fold.add(context.table, context.row, &entity, line);
        }
    }
}

impl LinesFold {
    fn is_component(&self, component: Option<&str>) -> bool {
        let wanted = &self.request.components;
        wanted.is_empty() || component.is_some_and(|found| wanted.iter().any(|wanted| wanted == found))
    }

    /// The entity with the keys that stand in the line; `None` where the line lacks one.
    fn entity(&self, table: &Table, coarse: &Entity, line: &Line<'_>, matched: &Matched<'_>) -> Option<Entity> {
        if self.sources.is_empty() {
            return Some(coarse.clone());
        }
        let mut keys: Vec<_> = coarse.keys().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        for (key, source) in &self.sources {
            let text = match source {
                KeySource::Json(field) => line.field(field)?.into_owned(),
                KeySource::Capture(group) => matched.captured(&[group]).into_iter().next().flatten()?.to_owned(),
                KeySource::Column(_) => continue,
            };
            if text.is_empty() {
                return None;
            }
            keys.push((key.clone(), if table.folded_keys.contains(key) { text.to_lowercase() } else { text }));
        }
        Some(Entity::new(keys))
    }
}

/// A test of a matcher and the text that it matches.
struct Matched<'a> {
    matcher: &'a Matcher,
    test: usize,
    text: &'a str,
}

impl<'a> Matched<'a> {
    fn captured(&self, names: &[&str]) -> Vec<Option<&'a str>> {
        self.matcher.captured(self.test, self.text, names)
    }
}

fn number(text: Option<&str>) -> Option<f64> {
    match text.map(|text| number_of(&serde_json::Value::from(text))) {
        Some(Number::Is(number)) => Some(number),
        _ => None,
    }
}

/// Shows the lines of a row to the members that they match.
fn add_lines(texts: &[Texts], unmatched: &[usize], members: &mut [Member], context: &mut RowContext<'_>, text: &str) {
    if is_cut(text, MESSAGE_CHARACTERS) {
        note_cut_message(members, context);
    }
    let erring = |member: &&usize| members.get(**member).is_some_and(|member| member.could_be_error(text));
    let unmatched: Vec<usize> = unmatched.iter().filter(erring).copied().collect();
    if unmatched.is_empty() && !texts.iter().any(|texts| texts.matcher.could_match(text)) {
        return;
    }
    let mut hits = Vec::new();
    for line in lines_of(context.table, text) {
        for Texts { see, matcher, owners } in texts {
            if line.text.len() < text.len() && !matcher.could_match(&line.text) {
                continue;
            }
            let seen = line.seen(*see);
            matcher.matches(&seen, &mut hits);
            for &test in &hits {
                let matched = Matched { matcher, test, text: &seen };
                let Some(owners) = owners.get(test) else { continue };
                for &member in &owners.members {
                    if let Some(member) = members.get_mut(member) {
                        member.hit(context, &line, &matched);
                    }
                }
                for (member, components) in owners.understand.iter().filter(|(member, _)| unmatched.contains(member)) {
                    if let Some(member) = members.get_mut(*member) {
                        member.understand(context, &line, components);
                    }
                }
            }
        }
        for &member in &unmatched {
            if let Some(member) = members.get_mut(member) {
                member.stranger(context, &line);
            }
        }
    }
}

/// What a cut message held further on is lost, and whoever looks at lines may have found something there.
fn note_cut_message(members: &mut [Member], context: &mut RowContext<'_>) {
    for member in members.iter_mut().filter(|member| matches!(member.kind, Kind::Lines(_) | Kind::Unmatched(_))) {
        if let ScopeMatch::Entity(entity, Verdict::True | Verdict::Unknown) = context.look(member.lens, None) {
            let bin = member.bin(context.row.time());
            member.lacks.cut.entry(bin).or_default().insert(entity);
        }
    }
}
