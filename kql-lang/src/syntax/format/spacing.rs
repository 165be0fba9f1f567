//! Determines where a space is written between two tokens, and where a line may be broken.
//!
//! Input: the tokens of a text. Output: a [`Spacing`]. The result depends on the tokens alone, with two exceptions: `*` in
//! name patterns and the arguments of unsupported operators keep the spacing of the source.

use super::super::lexer::{Kind, Token};
use super::super::words;

/// Layout properties per token.
pub(super) struct Spacing {
    /// Whether a space precedes the token.
    pub(super) space: Vec<bool>,
    /// Whether a line may be broken before the token.
    pub(super) soft: Vec<bool>,
    /// For the opening bracket of the values of a `datatable`: the number of values per row. Zero otherwise.
    pub(super) rows: Vec<usize>,
    /// Whether the token opens a function body that is written over several lines.
    pub(super) bodies: Vec<bool>,
    /// Whether the token belongs to an operator whose arguments are not parsed: its brackets are not broken.
    pub(super) frozen: Vec<bool>,
}

/// The context of a token.
#[derive(Clone, Copy, Default)]
struct Frame<'t> {
    /// The operator that the token belongs to.
    operator: &'t str,
    /// Whether the arguments of the operator are not parsed.
    verbatim: bool,
    /// Whether `verbatim` applies to everything in these brackets.
    inherited: bool,
    /// Number of tokens that remain of the operator name.
    name: usize,
    /// Whether an operator or a source may start here.
    starts: bool,
}

/// Computes the layout properties of all tokens.
pub(super) fn of(text: &str, tokens: &[Token]) -> Spacing {
    let count = tokens.len();
    let mut spacing = Spacing {
        space: vec![false; count],
        soft: vec![false; count],
        rows: vec![0; count],
        bodies: vec![false; count],
        frozen: vec![false; count],
    };
    let reader = Reader { text, tokens };
    let mut frames = vec![Frame { starts: true, ..Frame::default() }];
    for number in 0..count {
        if reader.closes(number) && frames.len() > 1 {
            frames.pop();
        }
        let Some(frame) = frames.last_mut() else { break };
        if frame.starts {
            reader.start(number, frame);
        }
        let named = frame.name > 0;
        frame.name = frame.name.saturating_sub(1);
        let frame = *frame;
        let space = number > 0 && reader.space(number, &frame, named && frame.name > 0, named);
        set(&mut spacing.space, number, space);
        set(&mut spacing.soft, number, reader.soft(number, &frame));
        set(&mut spacing.rows, number, if frame.verbatim { 0 } else { reader.row(number) });
        set(&mut spacing.bodies, number, !frame.verbatim && reader.is_long_body(number));
        set(&mut spacing.frozen, number, frame.verbatim);
        let separates = reader.is(number, "|") || reader.is(number, ";");
        if let Some(frame) = frames.last_mut()
            && separates
        {
            let inherited = frame.inherited;
            *frame = Frame { starts: true, verbatim: inherited, inherited, operator: "", name: 0 };
        }
        // `let x = union …`: a source can follow the equals sign.
        if let Some(frame) = frames.last_mut()
            && frame.operator == "let"
            && reader.is(number, "=")
        {
            *frame = Frame { starts: true, ..*frame };
        }
        if reader.opens(number) {
            let (operator, inherited) = (frame.operator, frame.verbatim);
            frames.push(Frame { starts: true, verbatim: inherited, inherited, operator, name: 0 });
        }
    }
    spacing
}

fn set<T>(values: &mut [T], number: usize, value: T) {
    if let Some(slot) = values.get_mut(number) {
        *slot = value;
    }
}

struct Reader<'t> {
    text: &'t str,
    tokens: &'t [Token],
}

impl<'t> Reader<'t> {
    fn token(&self, number: usize) -> Option<&'t Token> {
        self.tokens.get(number)
    }

    fn kind(&self, number: usize) -> Option<Kind> {
        self.token(number).map(|token| token.kind)
    }

    fn show(&self, number: usize) -> &'t str {
        self.token(number).and_then(|token| self.text.get(token.span.start..token.span.end)).unwrap_or_default()
    }

    fn is(&self, number: usize, mark: &str) -> bool {
        self.kind(number) == Some(Kind::Mark) && self.show(number) == mark
    }

    fn word(&self, number: usize) -> Option<&'t str> {
        (self.kind(number) == Some(Kind::Word)).then(|| self.show(number))
    }

    fn opens(&self, number: usize) -> bool {
        self.token(number).and_then(|token| token.partner).is_some_and(|partner| partner > number)
    }

    fn closes(&self, number: usize) -> bool {
        self.token(number).and_then(|token| token.partner).is_some_and(|partner| partner < number)
    }

    fn touches(&self, number: usize) -> bool {
        let last = number.checked_sub(1).and_then(|last| self.token(last)).map(|last| last.span.end);
        last.is_some() && last == self.token(number).map(|token| token.span.start)
    }

    /// Sets the operator of the frame if an operator or source starts at this token.
    fn start(&self, number: usize, frame: &mut Frame<'t>) {
        frame.starts = false;
        if self.kind(number) != Some(Kind::Word) {
            return;
        }
        let mut end = number;
        while self.is(end + 1, "-") && self.touches(end + 1) && self.word(end + 2).is_some() && self.touches(end + 2) {
            end += 2;
        }
        let after_pipe = number.checked_sub(1).is_some_and(|last| self.is(last, "|"));
        let span = |end| self.token(number).zip(self.token(end)).map(|(first, last)| first.span.to(last.span));
        let up_to = |end| span(end).and_then(|span| self.text.get(span.start..span.end)).unwrap_or_default();
        // At the start of a statement, a hyphen after the first word is a subtraction.
        if !after_pipe && !words::is_unsupported_source(up_to(end)) {
            end = number;
        }
        let name = up_to(end);
        let head = matches!(name, "print" | "union" | "datatable" | "let" | "set" | "declare")
            || (name == "range" && !self.is(number + 1, "("))
            || (words::is_unsupported_source(name) && !self.is(number + 1, "|"));
        if after_pipe || head {
            let unknown =
                if after_pipe { words::is_unsupported_operator(name) } else { words::is_unsupported_source(name) };
            frame.operator = name;
            frame.verbatim |= unknown;
            frame.name = end - number + 1;
        }
    }

    /// Whether a space precedes a token. `more` is true for every token of an operator name except the last.
    fn space(&self, number: usize, frame: &Frame<'t>, more: bool, named: bool) -> bool {
        let last = number - 1;
        if named && (more || self.is(last, "-")) && self.is_inside_name(number) {
            return false;
        }
        let separates = !frame.inherited && (self.is(number, "|") || self.is(number, ";"));
        if frame.verbatim && !named && !separates {
            return !self.touches(number);
        }
        if let Some(space) = self.star_space(number, frame) {
            return space;
        }
        if self.kind(last) == Some(Kind::Mark) {
            match self.show(last) {
                "(" | "[" | "." => return false,
                "{" => return self.is_body(last),
                "=" if self.is_tight(last, frame) => return false,
                "-" if self.is_granny(last) => return false,
                "-" | "+" if self.is_sign(last, frame) => return false,
                _ => {}
            }
        }
        if self.kind(number) != Some(Kind::Mark) {
            return true;
        }
        match self.show(number) {
            ")" | "]" | "," | ";" | ":" => false,
            "}" => self.is_body_end(number),
            // Without a space, the dot would become part of the number.
            "." => matches!(self.kind(last), Some(Kind::Long | Kind::Real)),
            "(" => !self.is_called(last, frame),
            // A bracket after the value of a setting is not an index.
            "[" => !self.is_indexed(last) || (last > 0 && self.is(last - 1, "=") && self.is_tight(last - 1, frame)),
            "=" => !self.is_tight(number, frame),
            "-" => !self.is_granny(number),
            _ => true,
        }
    }

    /// Whether a space separates a `*` from its neighbour, for operators that take name patterns; `None` otherwise.
    fn star_space(&self, number: usize, frame: &Frame<'t>) -> Option<bool> {
        let names = matches!(frame.operator, "project-away" | "project-keep" | "project-reorder" | "union");
        let part = |number: usize| self.is(number, "*") || matches!(self.kind(number), Some(Kind::Word | Kind::Long));
        let star = self.is(number, "*") || self.is(number - 1, "*");
        (names && star && part(number) && part(number - 1)).then(|| !self.touches(number))
    }

    fn is_inside_name(&self, number: usize) -> bool {
        self.is(number, "-") || self.is(number - 1, "-")
    }

    /// `granny-asc`
    fn is_granny(&self, hyphen: usize) -> bool {
        let before = hyphen.checked_sub(1).and_then(|before| self.word(before));
        before == Some("granny") && self.touches(hyphen) && self.touches(hyphen + 1)
    }

    /// Whether `+` or `-` is a unary operator.
    fn is_sign(&self, sign: usize, frame: &Frame<'t>) -> bool {
        let Some(last) = sign.checked_sub(1) else { return true };
        match self.kind(last) {
            Some(Kind::Mark) => !matches!(self.show(last), ")" | "]" | "}"),
            Some(Kind::Word) => self.is_keyword(last, frame),
            _ => false,
        }
    }

    /// Whether a word is a keyword here, so that a bracket after it does not contain arguments.
    fn is_keyword(&self, number: usize, frame: &Frame<'t>) -> bool {
        let Some(word) = self.word(number) else { return false };
        if number.checked_sub(1).is_some_and(|last| self.is(last, ".")) {
            return false;
        }
        let function = matches!(word, "toscalar" | "totable" | "materialize" | "dynamic" | "typeof")
            || words::type_named(word).is_some();
        let begins = number == 0 || self.is(number - 1, "|") || self.is(number - 1, "-");
        let operator = begins && !frame.operator.is_empty() && frame.operator.ends_with(word);
        let other =
            matches!(word, "on" | "from" | "step" | "limit" | "default" | "with" | "regex" | "query_parameters");
        !function && (words::is_reserved(word) || operator || other || (word == "view" && self.is(number + 1, "(")))
    }

    /// Whether an opening bracket after a token contains call arguments.
    fn is_called(&self, last: usize, frame: &Frame<'t>) -> bool {
        match self.kind(last) {
            Some(Kind::Word) => !self.is_keyword(last, frame),
            Some(Kind::Mark) => self.show(last) == "]",
            _ => false,
        }
    }

    /// Whether a `[` after a token is an index.
    fn is_indexed(&self, last: usize) -> bool {
        match self.kind(last) {
            Some(Kind::Word) => {
                let plain = !words::is_reserved(self.show(last)) && !words::is_operator(self.show(last));
                plain && !matches!(self.show(last), "let" | "on" | "from" | "step" | "with" | "limit" | "default")
            }
            Some(Kind::Mark) => match self.show(last) {
                "]" => true,
                ")" => !self.follows_datatable(last),
                _ => false,
            },
            Some(Kind::Text) => true,
            _ => false,
        }
    }

    /// Whether a bracket closes the column list of a `datatable`.
    fn follows_datatable(&self, closing: usize) -> bool {
        let opening = self.token(closing).and_then(|token| token.partner);
        opening.and_then(|opening| opening.checked_sub(1)).and_then(|before| self.word(before)) == Some("datatable")
    }

    /// Whether an equals sign is part of a setting: `kind=inner`, `hint.strategy=shuffle`, `default=0`.
    fn is_tight(&self, equals: usize, frame: &Frame<'t>) -> bool {
        let Some(word) = equals.checked_sub(1).and_then(|word| self.word(word)) else { return false };
        let hint = equals.checked_sub(3).is_some_and(|hint| self.word(hint) == Some("hint") && self.is(hint + 1, "."));
        let known: &[&str] = match frame.operator {
            "join" | "lookup" => &["kind"],
            "union" => &["kind", "withsource", "with_source", "isfuzzy"],
            "mv-expand" | "mvexpand" => &["kind", "bagexpansion", "with_itemindex"],
            "parse" | "parse-where" => &["kind", "flags"],
            "make-series" => &["kind", "default"],
            "render" => return true,
            _ => &[],
        };
        hint || known.contains(&word)
    }

    fn soft(&self, number: usize, frame: &Frame<'t>) -> bool {
        match self.word(number) {
            Some("and" | "or") => true,
            Some("by") => matches!(frame.operator, "summarize" | "make-series"),
            _ => false,
        }
    }

    /// Whether a brace opens a function body.
    fn is_body(&self, number: usize) -> bool {
        self.is(number, "{") && number.checked_sub(1).is_some_and(|last| self.is(last, ")"))
    }

    fn is_body_end(&self, number: usize) -> bool {
        self.token(number).and_then(|token| token.partner).is_some_and(|opening| self.is_body(opening))
    }

    /// Whether a brace opens a function body that contains `|` or `;`.
    fn is_long_body(&self, opening: usize) -> bool {
        if !self.is_body(opening) {
            return false;
        }
        let Some(closing) = self.token(opening).and_then(|token| token.partner) else { return false };
        let mut number = opening + 1;
        while number < closing {
            if self.is(number, "|") || self.is(number, ";") {
                return true;
            }
            number =
                self.token(number).and_then(|token| token.partner).filter(|inner| *inner > number).unwrap_or(number)
                    + 1;
        }
        false
    }

    /// Returns the number of columns if the bracket opens the values of a `datatable`, zero otherwise.
    fn row(&self, opening: usize) -> usize {
        let columns = opening.checked_sub(1).filter(|columns| self.is(opening, "[") && self.is(*columns, ")"));
        let Some(closing) = columns.filter(|columns| self.follows_datatable(*columns)) else { return 0 };
        let first = self.token(closing).and_then(|token| token.partner).unwrap_or(closing);
        1 + (first..closing).filter(|number| self.is(*number, ",")).count()
    }
}
