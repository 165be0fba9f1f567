//! Random generator of syntax trees: every kind of node that the parser can produce.

use std::sync::Arc;

use kql_lang::ast::{
    Argument, BinaryOp, Expr, ExprKind, InOp, Join, MakeSeries, Name, Named, OperatorKind, Parameter, ParameterKind,
    Parse, ParsePart, Query, Setting, SortKey, Source, Statement, UnaryOp,
};
use kql_lang::span::Node;
use kql_lang::value::{Bag, Type, Value};
use rust_decimal::Decimal;

/// A generator of random trees, deterministic for a seed.
pub(crate) struct Generator {
    state: u64,
}

const TYPES: &[Type] = &[
    Type::Bool,
    Type::Int,
    Type::Long,
    Type::Real,
    Type::Decimal,
    Type::String,
    Type::DateTime,
    Type::TimeSpan,
    Type::Guid,
    Type::Dynamic,
];

/// Difficult names: keywords, brackets, quotes, punctuation, other scripts.
const NAMES: &[&str] = &[
    "a",
    "T",
    "name_1",
    "_x",
    "kind",
    "date",
    "by",
    "let",
    "range",
    "print",
    "count",
    "true",
    "False",
    "on",
    "step",
    "view",
    "two words",
    "it's",
    "say \"so\"",
    "back\\slash",
    "a*",
    "*",
    "a.b",
    "ünïcödé",
    "日本",
    "1d",
    "2nd",
    "",
    "tab\there",
    "]",
    "typeof",
    "search",
    "find",
    "h",
    "hint",
    "limit",
    "not",
    "in",
    "nulls",
    "where",
    "dynamic",
    "$left",
    "$right",
    "$x",
    "line\nbreak",
    "null",
    "toscalar",
    "guid",
    "materialize",
    "evaluate",
    "with",
    "default",
    "from",
    "set",
    "\u{1}",
    "🦀",
];

const WORDS: &[&str] = &["leftouter", "inner", "array", "bag", "true_", "shuffle", "x1", "in", "string"];

const BINARY: &[BinaryOp] = &[
    BinaryOp::Or,
    BinaryOp::And,
    BinaryOp::Equal,
    BinaryOp::NotEqual,
    BinaryOp::EqualTilde,
    BinaryOp::NotEqualTilde,
    BinaryOp::Less,
    BinaryOp::LessEqual,
    BinaryOp::Greater,
    BinaryOp::GreaterEqual,
    BinaryOp::Contains,
    BinaryOp::NotContains,
    BinaryOp::ContainsCs,
    BinaryOp::NotContainsCs,
    BinaryOp::Has,
    BinaryOp::NotHas,
    BinaryOp::HasCs,
    BinaryOp::NotHasCs,
    BinaryOp::HasPrefix,
    BinaryOp::NotHasPrefix,
    BinaryOp::HasPrefixCs,
    BinaryOp::NotHasPrefixCs,
    BinaryOp::HasSuffix,
    BinaryOp::NotHasSuffix,
    BinaryOp::HasSuffixCs,
    BinaryOp::NotHasSuffixCs,
    BinaryOp::StartsWith,
    BinaryOp::NotStartsWith,
    BinaryOp::StartsWithCs,
    BinaryOp::NotStartsWithCs,
    BinaryOp::EndsWith,
    BinaryOp::NotEndsWith,
    BinaryOp::EndsWithCs,
    BinaryOp::NotEndsWithCs,
    BinaryOp::MatchesRegex,
    BinaryOp::Add,
    BinaryOp::Subtract,
    BinaryOp::Multiply,
    BinaryOp::Divide,
    BinaryOp::Modulo,
];

const LISTS: &[InOp] = &[InOp::In, InOp::NotIn, InOp::InTilde, InOp::NotInTilde, InOp::HasAny, InOp::HasAll];

impl Generator {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Returns the next number of the sequence (splitmix64).
    pub(crate) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.state;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    pub(crate) fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        let place = self.below(items.len());
        *items.get(place).expect("the list is not empty")
    }

    fn some<T>(&mut self, least: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = least + self.below(3);
        (0..count).map(|_| make(self)).collect()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.chance(2) { Some(make(self)) } else { None }
    }

    pub(crate) fn query(&mut self) -> Query {
        let size = 1 + self.below(4);
        Query { statements: self.some(1, |generator| generator.statement(size)) }
    }

    fn statement(&mut self, size: usize) -> Statement {
        match self.below(8) {
            0 => Statement::Let { name: self.name(), value: self.function(size) },
            1 | 2 => Statement::Let { name: self.name(), value: self.table(size) },
            3 => Statement::Set { name: self.name(), value: self.maybe(|generator| generator.scalar(1)) },
            4 => Statement::Parameters(self.some(0, Self::parameter)),
            _ => Statement::Expression(self.table(size)),
        }
    }

    fn function(&mut self, size: usize) -> Expr {
        let view = self.chance(4);
        let parameters = self.some(0, Self::parameter);
        let inner = size.saturating_sub(1);
        let body = self.some(1, |generator| generator.statement(inner));
        Node::made(ExprKind::Function { view, parameters, body })
    }

    fn parameter(&mut self) -> Parameter {
        let name = self.name();
        if self.chance(4) {
            let columns = self.some(0, |generator| (generator.name(), generator.pick(TYPES)));
            return Parameter { name, kind: ParameterKind::Table(columns), default: None };
        }
        let kind = ParameterKind::Scalar(self.pick(TYPES));
        Parameter { name, kind, default: self.maybe(|generator| generator.scalar(1)) }
    }

    fn word(&mut self) -> String {
        loop {
            let name = self.pick(NAMES);
            if !name.is_empty() {
                return name.to_owned();
            }
        }
    }

    fn name(&mut self) -> Name {
        Node::made(self.word())
    }

    /// Generates a tabular expression, or a scalar in its place.
    fn table(&mut self, size: usize) -> Expr {
        let head = match self.below(4) {
            0 if size > 0 => Node::made(ExprKind::Source(Box::new(self.source(size - 1)))),
            1 => self.scalar(size.min(1)),
            _ => Node::made(ExprKind::Name(self.word())),
        };
        if size == 0 || self.chance(4) || matches!(head.item, ExprKind::Pipe(..)) {
            return head;
        }
        let operators = self.some(1, |generator| Node::made(generator.operator(size - 1)));
        Node::made(ExprKind::Pipe(Box::new(head), operators))
    }

    fn source(&mut self, size: usize) -> Source {
        match self.below(5) {
            0 => Source::Print(self.some(1, |generator| generator.named(size))),
            1 => Source::Range {
                name: self.name(),
                from: Box::new(self.scalar(size)),
                to: Box::new(self.scalar(size)),
                step: Box::new(self.scalar(size)),
            },
            2 => {
                Source::Union { settings: self.settings(&["kind", "withsource", "isfuzzy"]), tables: self.tables(size) }
            }
            3 => Source::Datatable {
                columns: self.some(0, |generator| (generator.name(), generator.pick(TYPES))),
                values: self.some(0, |generator| generator.scalar(1)),
            },
            _ => Source::Unsupported(self.pick(&["find", "externaldata", "evaluate"]).to_owned()),
        }
    }

    fn tables(&mut self, size: usize) -> Vec<Expr> {
        self.some(1, |generator| match generator.below(5) {
            0 => Node::made(ExprKind::Star),
            1 => Node::made(ExprKind::Name(generator.pick(&["T*", "*_x", "a*b*", "**"]).to_owned())),
            2 => Node::made(ExprKind::Member(
                Box::new(generator.call(0)),
                Node::made(generator.pick(&["T*", "*"]).to_owned()),
            )),
            _ => generator.table(size),
        })
    }

    fn named(&mut self, size: usize) -> Named {
        let names = match self.below(4) {
            0 => vec![self.name()],
            1 => self.some(2, Self::name),
            _ => Vec::new(),
        };
        Named { names, value: self.scalar(size) }
    }

    fn settings(&mut self, names: &[&str]) -> Vec<Setting> {
        if !self.chance(3) {
            return Vec::new();
        }
        self.some(1, |generator| {
            let hint = generator.chance(3) || names.is_empty();
            let name = if hint { "hint.strategy" } else { generator.pick(names) };
            Setting { name: Node::made(name.to_owned()), value: generator.setting_value() }
        })
    }

    fn setting_value(&mut self) -> Expr {
        Node::made(match self.below(4) {
            0 => ExprKind::Literal(Type::Bool, Value::Bool(self.chance(2))),
            1 => ExprKind::Literal(Type::String, Value::String(self.word().into())),
            2 => ExprKind::Literal(Type::Long, Value::Long(5)),
            _ => ExprKind::Name(self.pick(WORDS).to_owned()),
        })
    }

    fn pattern(&mut self) -> Name {
        let pattern = if self.chance(2) {
            self.pick(&["a*", "*", "*_b", "a b*", "1*", "date*", "*1d"]).to_owned()
        } else {
            self.word()
        };
        Node::made(pattern)
    }

    fn key(&mut self, size: usize) -> SortKey {
        SortKey {
            value: self.scalar(size),
            ascending: self.maybe(|generator| generator.chance(2)),
            nulls_first: self.maybe(|generator| generator.chance(2)),
        }
    }

    fn operator(&mut self, size: usize) -> OperatorKind {
        match self.below(26) {
            0 | 1 => OperatorKind::Where(self.scalar(size + 1)),
            2 => OperatorKind::Extend(self.some(1, |generator| generator.named(size))),
            3 => OperatorKind::Project(self.some(0, |generator| generator.named(size))),
            4 => OperatorKind::ProjectAway(self.some(1, Self::pattern)),
            5 => OperatorKind::ProjectKeep(self.some(1, Self::pattern)),
            6 => OperatorKind::ProjectRename(self.some(1, |generator| (generator.name(), generator.name()))),
            7 => OperatorKind::ProjectReorder(self.some(1, |generator| {
                let order = generator
                    .maybe(|generator| generator.pick(&["asc", "desc", "granny-asc", "granny-desc"]).to_owned());
                (generator.pattern(), order)
            })),
            8 | 9 => OperatorKind::Summarize {
                settings: self.settings(&[]),
                aggregates: self.some(0, |generator| generator.named(size)),
                by: self.some(0, |generator| generator.named(size)),
            },
            10 => OperatorKind::Sort(self.some(1, |generator| generator.key(size))),
            11 => OperatorKind::Top(self.scalar(size), vec![self.key(size)]),
            12 => OperatorKind::Take(self.scalar(size)),
            13 => OperatorKind::Distinct(self.some(1, |generator| generator.named(size))),
            14 => OperatorKind::Count,
            15 => OperatorKind::MvExpand {
                settings: self.settings(&["kind", "bagexpansion", "with_itemindex"]),
                items: self
                    .some(1, |generator| (generator.named(size), generator.maybe(|generator| generator.pick(TYPES)))),
                limit: self.maybe(|generator| generator.scalar(size)),
            },
            16 => OperatorKind::Join(Box::new(self.join(size))),
            17 => OperatorKind::Lookup(Box::new(self.join(size))),
            18 => OperatorKind::Union { settings: self.settings(&["kind", "withsource"]), tables: self.tables(size) },
            19 => OperatorKind::Render(Node::made("timechart".to_owned()), self.properties()),
            20 => OperatorKind::As(self.name()),
            21 => OperatorKind::Serialize(self.some(0, |generator| generator.named(size))),
            22 => OperatorKind::Parse(self.parse(size)),
            23 => OperatorKind::ParseWhere(self.parse(size)),
            24 => OperatorKind::MakeSeries(Box::new(self.series(size))),
            _ => {
                if self.chance(2) {
                    return OperatorKind::GetSchema;
                }
                OperatorKind::Unsupported(self.pick(&["sample", "reduce", "top-nested", "fork", "facet"]).to_owned())
            }
        }
    }

    fn properties(&mut self) -> Vec<Setting> {
        self.some(0, |generator| Setting {
            name: Node::made(generator.pick(&["title", "kind", "ycolumns"]).to_owned()),
            value: generator.setting_value(),
        })
    }

    fn join(&mut self, size: usize) -> Join {
        Join {
            settings: self.settings(&["kind"]),
            right: self.table(size),
            on: self.some(1, |generator| generator.scalar(size)),
        }
    }

    fn parse(&mut self, size: usize) -> Parse {
        let settings = self.settings(&["kind", "flags"]);
        let parts = self.some(1, |generator| match generator.below(3) {
            0 => ParsePart::Skip,
            1 => ParsePart::Text(Node::made(generator.pick(NAMES).to_owned())),
            _ => ParsePart::Column(generator.name(), generator.maybe(|generator| generator.pick(TYPES))),
        });
        Parse { settings, text: self.scalar(size), parts }
    }

    fn series(&mut self, size: usize) -> MakeSeries {
        MakeSeries {
            settings: self.settings(&["kind"]),
            aggregates: self
                .some(1, |generator| (generator.named(size), generator.maybe(|generator| generator.scalar(0)))),
            on: self.scalar(size),
            from: self.maybe(|generator| generator.scalar(size)),
            to: self.maybe(|generator| generator.scalar(size)),
            step: self.scalar(size),
            in_range: false,
            by: self.some(0, |generator| generator.named(size)),
        }
    }

    fn boxed(&mut self, size: usize) -> Box<Expr> {
        Box::new(self.scalar(size))
    }

    pub(crate) fn scalar(&mut self, size: usize) -> Expr {
        if size == 0 {
            return Node::made(match self.below(8) {
                0..3 => ExprKind::Name(self.word()),
                3 => ExprKind::Star,
                4 => ExprKind::TypeOf(self.pick(TYPES)),
                _ => self.literal(),
            });
        }
        let inner = size - 1;
        Node::made(match self.below(13) {
            0 => ExprKind::Member(self.boxed(inner), self.name()),
            1 => ExprKind::Element(self.boxed(inner), self.boxed(inner)),
            2 | 3 => return self.call(inner),
            4 => ExprKind::Unary(self.pick(&[UnaryOp::Minus, UnaryOp::Plus]), self.boxed(inner)),
            5..9 => ExprKind::Binary(self.pick(BINARY), self.boxed(inner), self.boxed(inner)),
            9 => ExprKind::In(self.pick(LISTS), self.boxed(inner), self.some(1, |generator| generator.table(inner))),
            10 => ExprKind::Between {
                negated: self.chance(2),
                operand: self.boxed(inner),
                low: self.boxed(inner),
                high: self.boxed(inner),
            },
            11 => return self.table(inner),
            _ => return self.scalar(0),
        })
    }

    fn call(&mut self, size: usize) -> Expr {
        let arguments = self.some(0, |generator| Argument {
            name: if generator.chance(4) { Some(generator.name()) } else { None },
            value: generator.table(size),
        });
        Node::made(ExprKind::Call(self.name(), arguments))
    }

    fn literal(&mut self) -> ExprKind {
        let kind = self.pick(TYPES);
        let value = match kind {
            Type::String => Value::String(self.pick(NAMES).into()),
            Type::Dynamic => self.json(2),
            _ if self.chance(6) => Value::Null,
            Type::Bool => Value::Bool(self.chance(2)),
            Type::Int => Value::Int(self.bits() as i32),
            Type::Long => Value::Long(self.integer()),
            Type::Real => Value::Real(self.real()),
            Type::Decimal => Value::Decimal(Decimal::new(self.integer(), u32::try_from(self.below(12)).unwrap_or(0))),
            Type::DateTime => Value::DateTime(self.instant()),
            Type::TimeSpan => Value::TimeSpan(self.integer()),
            Type::Guid => Value::Guid(u128::from(self.next()) << 64 | u128::from(self.next())),
        };
        ExprKind::Literal(kind, value)
    }

    /// Returns a random number, often a small one.
    fn bits(&mut self) -> u64 {
        let shift = u32::try_from(self.below(64)).unwrap_or(0);
        self.next() >> shift
    }

    fn integer(&mut self) -> i64 {
        match self.below(8) {
            0 => i64::MIN,
            1 => i64::MAX,
            2 => 0,
            3 => -(self.bits() as i64 >> 1),
            _ => self.bits() as i64,
        }
    }

    fn real(&mut self) -> f64 {
        match self.below(8) {
            0 => f64::NAN,
            1 => f64::NEG_INFINITY,
            2 => f64::INFINITY,
            3 => -0.0,
            4 => f64::MIN_POSITIVE / 3.0,
            _ => f64::from_bits(self.next()),
        }
    }

    /// Returns an instant in the years 1 to 9999, often at midnight.
    fn instant(&mut self) -> i64 {
        let day = i64::try_from(self.below(3_652_059)).unwrap_or(0) * 864_000_000_000;
        let time = if self.chance(3) { 0 } else { i64::try_from(self.below(864_000_000_000)).unwrap_or(0) };
        day + time
    }

    fn json(&mut self, size: usize) -> Value {
        match self.below(if size == 0 { 9 } else { 11 }) {
            0 => Value::Null,
            1 => Value::Bool(self.chance(2)),
            2 => Value::Long(self.integer()),
            3 => Value::Real(self.real()),
            4 => Value::String(self.pick(NAMES).into()),
            5 => Value::DateTime(self.instant()),
            6 => Value::TimeSpan(self.integer()),
            7 => Value::Guid(u128::from(self.next())),
            8 => Value::Int(self.bits() as i32),
            9 => Value::Array(Arc::new(self.some(0, |generator| generator.json(size - 1)))),
            _ => {
                let mut bag = Bag::default();
                for _ in 0..self.below(4) {
                    let name = self.pick(NAMES);
                    bag.put(name.into(), self.json(size - 1));
                }
                Value::Bag(Arc::new(bag))
            }
        }
    }
}
