//! Text as a part of GitHub-flavoured markdown.
//!
//! Text from rules and telemetry in, markdown out that is shown as that text: never a link, a mention, an image, a formula,
//! a heading, a list, a table or HTML.

use super::layout;

/// Ends a mention or a reference that GitHub would make of the text around it; shown as nothing.
const BREAK: &str = "<!-- -->";

/// A text whose characters have no meaning in markdown and HTML.
pub(super) fn escape(text: &str) -> String {
    let text = layout::flow(text);
    let mut out = String::with_capacity(text.len());
    // A block starts with one of these characters, or with a number, one of `.` and `)`, and a blank.
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let mark = match (digits, text.as_bytes().get(digits..).unwrap_or_default()) {
        (0, [b'-' | b'+' | b'=', ..]) => true,
        (1.., [b'.' | b')', rest @ ..]) => rest.first().is_none_or(|next| *next == b' '),
        _ => false,
    };
    for (at, c) in text.char_indices() {
        let rest = text.get(at + c.len_utf8()..).unwrap_or_default();
        match c {
            _ if mark && at == digits => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' => out.extend(['\\', c]),
            // GitHub makes links of addresses that stand in a text.
            ':' if rest.starts_with("//") => out.push_str("\\:"),
            '.' if ends_with_www(text.get(..at).unwrap_or_default()) => out.push_str("\\."),
            '@' => out.extend(["@", BREAK]),
            '#' if rest.starts_with(|next: char| next.is_ascii_digit()) => out.extend(["\\#", BREAK]),
            '#' => out.push_str("\\#"),
            _ => out.push(c),
        }
    }
    out
}

fn ends_with_www(text: &str) -> bool {
    text.len().checked_sub(3).and_then(|at| text.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

/// Text of this program: backticks delimit code, the rest is escaped.
pub(super) fn escape_but_code(text: &str) -> String {
    text.split('`').enumerate().map(|(at, part)| if at % 2 == 1 { code(part) } else { escape_inner(part) }).collect()
}

/// [`escape`] that keeps a blank at either end.
fn escape_inner(text: &str) -> String {
    let lead = if text.starts_with(' ') { " " } else { "" };
    let tail = if text.ends_with(' ') && text.len() > 1 { " " } else { "" };
    format!("{lead}{}{tail}", escape(text))
}

/// A fenced code block whose fence is longer than any run of backticks in the text.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_matches('\n'))
}

/// A code span whose delimiter is longer than any run of backticks in the text.
pub(super) fn code(text: &str) -> String {
    let text = layout::one_line(text);
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    match (longest, text.is_empty()) {
        (_, true) => "` `".to_owned(),
        (0, false) => format!("`{text}`"),
        (_, false) => {
            let fence = "`".repeat(longest + 1);
            format!("{fence} {text} {fence}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{code, escape, escape_but_code};

    #[test]
    fn text_of_telemetry_is_never_markup() {
        assert_eq!(escape("<b>*x*</b> [a](b) | c_d\n# e"), "&lt;b&gt;\\*x\\*&lt;/b&gt; \\[a\\](b) \\| c\\_d \\# e");
        assert_eq!(code("a `b` c"), "`` a `b` c ``");
        assert_eq!(code(""), "` `");
        assert_eq!(escape_but_code("read `a_b` again_"), "read `a_b` again\\_");
    }

    #[test]
    fn text_of_telemetry_is_never_a_link_or_a_mention() {
        assert_eq!(escape("see https://x.example and WWW.x.example"), "see https\\://x.example and WWW\\.x.example");
        assert_eq!(escape("@team a@b.example x#12 #x"), "@<!-- -->team a@<!-- -->b.example x\\#<!-- -->12 \\#x");
    }

    #[test]
    fn text_of_telemetry_starts_no_block() {
        for (text, want) in
            [("- a", "\\- a"), ("+ a", "\\+ a"), ("===", "\\==="), ("12. a", "12\\. a"), ("1) a", "1\\) a")]
        {
            assert_eq!(escape(text), want);
        }
        assert_eq!(escape("0.1.0 at 12:00"), "0.1.0 at 12:00");
    }
}
