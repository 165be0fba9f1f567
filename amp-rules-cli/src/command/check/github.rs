//! Diagnostics as workflow commands of GitHub Actions, which shows them next to the lines.
//!
//! Diagnostics in; one line each out. Characters that would end a command or a property are encoded.

use amp_rules_core::rules::diagnostic::{Diagnostics, Severity};

pub(super) fn render(diagnostics: &Diagnostics) -> String {
    let mut out = String::new();
    for one in diagnostics {
        let level = match one.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let mut properties = Vec::new();
        if let Some(span) = one.span() {
            properties.push(format!("file={}", property(&span.file)));
            if let (Some(start), Some(end)) = (diagnostics.start(span), diagnostics.end(span)) {
                properties.push(format!("line={},endLine={}", start.line, end.line));
                if start.line == end.line {
                    properties.push(format!("col={},endColumn={}", start.column, end.column));
                }
            }
        }
        properties.push(format!("title={} {}", one.code, property(one.code.slug)));
        let help = one.help.as_ref().map_or(String::new(), |help| format!("\n{help}"));
        out.push_str(&format!("::{level} {}::{}\n", properties.join(","), message(&format!("{}{help}", one.message))));
    }
    out
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use amp_rules_core::RuleFile;
    use amp_rules_core::rules::codes;
    use amp_rules_core::rules::diagnostic::{Diagnostic, Diagnostics, Span};

    #[test]
    fn a_diagnostic_is_one_line_whatever_it_contains() {
        let file = RuleFile::new("a,b.yaml", "id: x\n");
        let one =
            Diagnostic::new(&codes::DANGLING_REFERENCE, Span::new("a,b.yaml", 4, 5), "100 %\nwrong").help("fix it");
        let text = super::render(&Diagnostics::new(vec![one], &[file]));
        assert_eq!(
            text,
            "::error file=a%2Cb.yaml,line=1,endLine=1,col=5,endColumn=6,title=AMP104 dangling-reference::100 %25%0Awrong%0Afix it\n"
        );
    }
}
