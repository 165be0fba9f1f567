//! Arguments of the pipeline operators, and the pipeline sources.

use super::super::words;
use super::{Kind, Parse, Parser};
use crate::ast::{
    Evaluate, Expr, ExprKind, MvApply, Name, Named, Operator, OperatorKind, Scan, ScanStep, Search, Setting, Source,
};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::span::Node;
use crate::value::Type;

impl Parser<'_> {
    /// Parses the arguments of an operator whose name has been consumed; `start` is where the name starts.
    pub(super) fn operator_body(&mut self, word: &str, start: usize) -> Parse<OperatorKind> {
        Ok(match word {
            "where" | "filter" => OperatorKind::Where(self.expression()?),
            "extend" => OperatorKind::Extend(self.named_list()?),
            "project" => OperatorKind::Project(if self.ends_operator() { Vec::new() } else { self.named_list()? }),
            "project-away" => OperatorKind::ProjectAway(self.list(Self::name_pattern)?),
            "project-keep" => OperatorKind::ProjectKeep(self.list(Self::name_pattern)?),
            "project-rename" => OperatorKind::ProjectRename(self.list(Self::renamed)?),
            "project-reorder" => OperatorKind::ProjectReorder(self.list(Self::reordered)?),
            "summarize" => self.summarize()?,
            "sort" | "order" => {
                self.settings(&[])?;
                self.expect_word("by")?;
                OperatorKind::Sort(self.list(Self::sort_key)?)
            }
            "top" => {
                self.settings(&[])?;
                let count = self.expression()?;
                self.expect_word("by")?;
                OperatorKind::Top(count, vec![self.sort_key()?])
            }
            "take" | "limit" => OperatorKind::Take(self.expression()?),
            "distinct" => {
                self.settings(&[])?;
                OperatorKind::Distinct(self.named_list()?)
            }
            "count" => {
                if self.take_word("as") {
                    OperatorKind::CountAs(self.name("a name")?)
                } else {
                    OperatorKind::Count
                }
            }
            "mv-expand" | "mvexpand" => self.mv_expand()?,
            "mv-apply" | "mvapply" => self.mv_apply()?,
            "partition" => self.partition()?,
            "parse-kv" => self.parse_kv()?,
            "scan" => self.scan()?,
            "search" => OperatorKind::Search(Box::new(self.search()?)),
            "invoke" => {
                let name = self.name("a function")?;
                let (_, arguments) = self.arguments()?;
                OperatorKind::Invoke(name, arguments)
            }
            "evaluate" => self.evaluate()?,
            "join" => OperatorKind::Join(Box::new(self.join(start)?)),
            "lookup" => OperatorKind::Lookup(Box::new(self.join(start)?)),
            "union" => {
                let (settings, tables) = self.union()?;
                OperatorKind::Union { settings, tables }
            }
            "render" => self.render()?,
            "as" => {
                self.settings(&[])?;
                OperatorKind::As(self.name("a name")?)
            }
            "serialize" => OperatorKind::Serialize(if self.ends_operator() { Vec::new() } else { self.named_list()? }),
            "parse" => OperatorKind::Parse(self.parse()?),
            "parse-where" => OperatorKind::ParseWhere(self.parse()?),
            "make-series" => self.make_series()?,
            "getschema" => OperatorKind::GetSchema,
            _ => OperatorKind::Unsupported(word.to_owned()),
        })
    }

    /// Whether the current operator ends here.
    pub(super) fn ends_operator(&self) -> bool {
        self.at_end() || (self.token().kind == Kind::Mark && matches!(self.here(), "|" | ";" | ")" | "]" | "}"))
    }

    fn summarize(&mut self) -> Parse<OperatorKind> {
        let settings = self.settings(&[])?;
        let empty = self.ends_operator() || self.is_word("by");
        let aggregates = if empty { Vec::new() } else { self.named_list()? };
        let by = if self.take_word("by") { self.named_list()? } else { Vec::new() };
        Ok(OperatorKind::Summarize { settings, aggregates, by })
    }

    fn mv_expand(&mut self) -> Parse<OperatorKind> {
        let settings = self.settings(&["kind", "bagexpansion", "with_itemindex"])?;
        let items = self.list(Self::expanded)?;
        let limit = if self.take_word("limit") { Some(self.expression()?) } else { None };
        Ok(OperatorKind::MvExpand { settings, items, limit })
    }

    fn expanded(&mut self) -> Parse<(Named, Option<Type>)> {
        let item = self.named()?;
        let kind = if self.take_word("to") { Some(self.type_of()?) } else { None };
        Ok((item, kind))
    }

    fn mv_apply(&mut self) -> Parse<OperatorKind> {
        let settings = self.settings(&["kind", "bagexpansion", "with_itemindex"])?;
        let items = self.list(Self::expanded)?;
        let limit = if self.take_word("limit") { Some(self.expression()?) } else { None };
        self.expect_word("on")?;
        let operators = self.operators_in_brackets()?;
        Ok(OperatorKind::MvApply(Box::new(MvApply { settings, items, limit, operators })))
    }

    /// Parses `(operator | operator | …)`.
    fn operators_in_brackets(&mut self) -> Parse<Vec<Operator>> {
        let outer = self.enter()?;
        let opening = self.at;
        self.expect_mark("(")?;
        let mut operators = vec![self.operator()?];
        while self.take_mark("|") {
            operators.push(self.operator()?);
        }
        self.expect_closing(opening, ")", "`|` or `)`")?;
        self.leave(&outer);
        Ok(operators)
    }

    /// Parses `partition by column (operators)`. The form with `{ … }` starts from any table and is not supported.
    fn partition(&mut self) -> Parse<OperatorKind> {
        let settings = self.settings(&[])?;
        self.expect_word("by")?;
        let by = self.name("a column")?;
        let by = Node::new(ExprKind::Name(by.item), by.span);
        if self.is_mark("{") {
            let span = self.token().span;
            let message = "`partition … { … }` is not part of the subset that runs offline";
            return self.fail(Diagnostic::new(DiagnosticCode::Unsupported, span, message));
        }
        let operators = self.operators_in_brackets()?;
        Ok(OperatorKind::Partition { settings, by, operators })
    }

    fn parse_kv(&mut self) -> Parse<OperatorKind> {
        let text = self.expression()?;
        self.expect_word("as")?;
        let keys = self.columns()?;
        let mut options = Vec::new();
        if self.take_word("with") {
            let opening = self.at;
            self.expect_mark("(")?;
            options = self.list(|parser| {
                let token = parser.token();
                if token.kind != Kind::Word || !parser.is_mark_after(1, "=") {
                    return parser.fail(parser.expected("an option, as in `pair_delimiter = \",\"`"));
                }
                let name = Node::new(parser.here().to_owned(), token.span);
                parser.advance();
                parser.advance();
                Ok(Setting { name, value: parser.setting_value()? })
            })?;
            self.expect_closing(opening, ")", "`,` or `)`")?;
        }
        Ok(OperatorKind::ParseKv { text, keys, options })
    }

    fn scan(&mut self) -> Parse<OperatorKind> {
        let settings = self.settings(&["with_match_id", "with_step_name"])?;
        let mut columns = Vec::new();
        if self.is_word("partition") || self.is_word("order") {
            let span = self.token().span;
            let message = "`scan … partition by` is not part of the subset that runs offline";
            return self.fail(Diagnostic::new(DiagnosticCode::Unsupported, span, message));
        }
        if self.take_word("declare") {
            let opening = self.at;
            self.expect_mark("(")?;
            columns = self.list(|parser| {
                let name = parser.name("a column name")?;
                parser.expect_mark(":")?;
                let kind = parser.type_name()?;
                let default = if parser.take_mark("=") { Some(parser.expression()?) } else { None };
                Ok((name, kind, default))
            })?;
            self.expect_closing(opening, ")", "`,` or `)`")?;
        }
        self.expect_word("with")?;
        let opening = self.at;
        let outer = self.enter()?;
        self.expect_mark("(")?;
        let mut steps = Vec::new();
        while !self.is_mark(")") {
            steps.push(self.scan_step()?);
            if !self.take_mark(";") {
                break;
            }
        }
        self.expect_closing(opening, ")", "`;` or `)`")?;
        self.leave(&outer);
        Ok(OperatorKind::Scan(Box::new(Scan { settings, columns, steps })))
    }

    fn scan_step(&mut self) -> Parse<ScanStep> {
        self.expect_word("step")?;
        let name = self.name("the name of the step")?;
        if self.is_word("optional") {
            let span = self.token().span;
            let message = "`optional` steps are not part of the subset that runs offline";
            return self.fail(Diagnostic::new(DiagnosticCode::Unsupported, span, message));
        }
        let output = if self.take_word("output") {
            self.expect_mark("=")?;
            Some(self.name("`all`, `last` or `none`")?)
        } else {
            None
        };
        self.expect_mark(":")?;
        let condition = self.expression()?;
        let mut assignments = Vec::new();
        if self.take_mark("=>") {
            assignments = self.list(|parser| match parser.given_name()? {
                Some(name) => Ok((name, parser.expression()?)),
                None => parser.fail(parser.expected("`column = value`")),
            })?;
        }
        Ok(ScanStep { name, output, condition, assignments })
    }

    /// Parses the arguments of `search`: `kind=…`, `in (tables)` and the condition.
    fn search(&mut self) -> Parse<Search> {
        let settings = self.settings(&["kind"])?;
        let mut tables = Vec::new();
        if self.is_word("in") && self.is_mark_after(1, "(") {
            self.advance();
            let opening = self.at;
            self.advance();
            tables = self.list(Self::union_table)?;
            self.expect_closing(opening, ")", "`,` or `)`")?;
        }
        let outside = std::mem::replace(&mut self.in_search, true);
        let condition = self.expression();
        self.in_search = outside;
        Ok(Search { settings, tables, condition: condition? })
    }

    pub(super) fn search_source(&mut self) -> Parse<Source> {
        self.advance();
        Ok(Source::Search(Box::new(self.search()?)))
    }

    /// Parses `evaluate plugin(arguments) : (columns)`. Other plugins are not parsed.
    fn evaluate(&mut self) -> Parse<OperatorKind> {
        self.settings(&[])?;
        let name = self.here();
        if !matches!(name, "bag_unpack" | "pivot" | "narrow") {
            self.skip_rest();
            return Ok(OperatorKind::Unsupported("evaluate".to_owned()));
        }
        let plugin = self.name("a plugin")?;
        let (_, arguments) = self.arguments()?;
        let schema = if self.take_mark(":") { Some(self.plugin_columns()?) } else { None };
        Ok(OperatorKind::Evaluate(Box::new(Evaluate { plugin, arguments, schema })))
    }

    /// Parses `(*, name: type, …)`.
    fn plugin_columns(&mut self) -> Parse<Vec<(Name, Type)>> {
        let opening = self.at;
        self.expect_mark("(")?;
        let columns = self.list(|parser| {
            let span = parser.token().span;
            if parser.take_mark("*") {
                return Ok((Node::new("*".to_owned(), span), Type::Dynamic));
            }
            let name = parser.name("a column name")?;
            parser.expect_mark(":")?;
            Ok((name, parser.type_name()?))
        })?;
        self.expect_closing(opening, ")", "`,` or `)`")?;
        Ok(columns)
    }

    /// Skips the rest of an operator that is not parsed.
    fn skip_rest(&mut self) {
        self.skipped = true;
        while !self.ends_operator() {
            let closing = self.token().partner;
            self.advance();
            self.at = closing.map_or(self.at, |closing| self.at.max(closing + 1));
        }
    }

    /// Parses `typeof(type)`.
    pub(super) fn type_of(&mut self) -> Parse<Type> {
        self.expect_word("typeof")?;
        let opening = self.at;
        self.expect_mark("(")?;
        let token = self.token();
        if self.is_mark_after(1, ":") || self.is_mark("*") {
            let message = "a table type is not part of the subset that runs offline";
            return self.fail(Diagnostic::new(DiagnosticCode::Unsupported, token.span, message));
        }
        let kind = self.type_name()?;
        self.expect_closing(opening, ")", "`)`")?;
        Ok(kind)
    }

    fn render(&mut self) -> Parse<OperatorKind> {
        let token = self.token();
        // Chart kinds are keywords, and some of them are reserved words: do not use `name`.
        if token.kind != Kind::Word {
            return self.fail(self.expected("a chart kind, as in `render timechart`"));
        }
        let kind = Node::new(self.here().to_owned(), token.span);
        self.advance();
        let mut settings = Vec::new();
        while self.token().kind == Kind::Word && self.is_mark_after(1, "=") {
            self.property(&mut settings)?;
        }
        if self.take_word("with") {
            let opening = self.at;
            self.expect_mark("(")?;
            if !self.is_mark(")") {
                self.property(&mut settings)?;
                while self.take_mark(",") {
                    self.property(&mut settings)?;
                }
            }
            self.expect_closing(opening, ")", "`,` or `)`")?;
        }
        Ok(OperatorKind::Render(kind, settings))
    }

    /// Parses a property of `render`. A list (`ycolumns = a, b`) becomes one property per value.
    fn property(&mut self, settings: &mut Vec<Setting>) -> Parse<()> {
        let token = self.token();
        if token.kind != Kind::Word || !self.is_mark_after(1, "=") {
            return self.fail(self.expected("a chart property, as in `title = \"…\"`"));
        }
        let name = Node::new(self.here().to_owned(), token.span);
        self.advance();
        self.advance();
        settings.push(Setting { name: name.clone(), value: self.setting_value()? });
        while self.is_mark(",") && self.starts_value(1) && !self.is_mark_after(2, "=") {
            self.advance();
            settings.push(Setting { name: name.clone(), value: self.setting_value()? });
        }
        Ok(())
    }

    fn starts_value(&self, offset: usize) -> bool {
        !matches!(self.token_after(offset).kind, Kind::End | Kind::Bad) && !self.is_mark_after(offset, ")")
    }

    /// Parses `print name = value, …`.
    pub(super) fn print(&mut self) -> Parse<Source> {
        self.advance();
        Ok(Source::Print(self.named_list()?))
    }

    /// Parses `range name from a to b step c`.
    pub(super) fn range(&mut self) -> Parse<Source> {
        self.advance();
        let name = self.name("a name")?;
        self.expect_word("from")?;
        let from = Box::new(self.expression()?);
        self.expect_word("to")?;
        let to = Box::new(self.expression()?);
        self.expect_word("step")?;
        let step = Box::new(self.expression()?);
        Ok(Source::Range { name, from, to, step })
    }

    pub(super) fn union_source(&mut self) -> Parse<Source> {
        self.advance();
        let (settings, tables) = self.union()?;
        Ok(Source::Union { settings, tables })
    }

    fn union(&mut self) -> Parse<(Vec<Setting>, Vec<Expr>)> {
        let settings = self.settings(&["kind", "withsource", "with_source", "isfuzzy"])?;
        Ok((settings, self.list(Self::union_table)?))
    }

    /// Parses a table of `union`; its name may contain `*`.
    fn union_table(&mut self) -> Parse<Expr> {
        if let Some(pattern) = self.wildcard() {
            return Ok(match pattern.item.as_str() {
                "*" => Node::new(ExprKind::Star, pattern.span),
                _ => Node::new(ExprKind::Name(pattern.item), pattern.span),
            });
        }
        let table = self.path(true)?;
        if self.wildcard_after(1).is_none() || !self.take_mark(".") {
            return Ok(table);
        }
        match self.wildcard() {
            Some(pattern) => {
                let span = table.span.to(pattern.span);
                Ok(Node::new(ExprKind::Member(Box::new(table), pattern), span))
            }
            None => self.fail(self.expected("a name")),
        }
    }

    /// Parses `datatable (name: type, …) [value, …]`.
    pub(super) fn datatable(&mut self) -> Parse<Source> {
        self.advance();
        let columns = self.columns()?;
        let opening = self.at;
        self.expect_mark("[")?;
        let mut values = Vec::new();
        while !self.is_mark("]") {
            values.push(self.unary()?);
            if !self.take_mark(",") {
                break;
            }
        }
        self.expect_closing(opening, "]", "`,` or `]`")?;
        Ok(Source::Datatable { columns, values })
    }

    /// Whether the current word is one of these names, followed by `=`.
    pub(super) fn is_setting(&self, names: &[&str]) -> bool {
        let word = self.here();
        self.token().kind == Kind::Word && names.contains(&word) && self.is_mark_after(1, "=")
    }

    /// Fails if the current word is reserved.
    pub(super) fn refuse_reserved(&mut self, naming: bool) -> Parse<()> {
        let token = self.token();
        let word = self.here();
        let refused = if naming { words::is_reserved_for_naming(word) } else { words::is_reserved(word) };
        if token.kind == Kind::Word && refused {
            return self.fail(super::reserved(word, token.span));
        }
        Ok(())
    }
}
