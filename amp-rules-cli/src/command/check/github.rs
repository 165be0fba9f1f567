//! Diagnostics as workflow commands of GitHub Actions, which shows them next to the lines.
//!
//! Diagnostics in; one annotation each out. Only [`Printable::annotation`] writes a command.

use amp_rules_core::escape::{AnnotationLevel, Printable};
use amp_rules_core::rules::diagnostic::{Diagnostic, Diagnostics, Severity};

pub(super) fn render(diagnostics: &Diagnostics) -> Printable {
    diagnostics.iter().map(|one| annotation(one, diagnostics)).collect()
}

fn annotation(one: &Diagnostic, diagnostics: &Diagnostics) -> Printable {
    let level = match one.severity {
        Severity::Error => AnnotationLevel::Error,
        Severity::Warning => AnnotationLevel::Warning,
        Severity::Info => AnnotationLevel::Notice,
    };
    let mut properties = Vec::new();
    if let Some(span) = one.span() {
        properties.push(("file", span.file.to_string()));
        if let (Some(start), Some(end)) = (diagnostics.start(span), diagnostics.end(span)) {
            properties.push(("line", start.line.to_string()));
            properties.push(("endLine", end.line.to_string()));
            if start.line == end.line {
                properties.push(("col", start.column.to_string()));
                properties.push(("endColumn", end.column.to_string()));
            }
        }
    }
    properties.push(("title", format!("{} {}", one.code, one.code.slug)));
    let help: Vec<&str> = one.help.as_deref().into_iter().collect();
    Printable::annotation(level, &properties, &one.message, &help)
}

#[cfg(test)]
mod tests {
    use amp_rules_core::RuleFile;
    use amp_rules_core::rules::codes;
    use amp_rules_core::rules::diagnostic::{Diagnostic, Diagnostics, Span};

    #[test]
    fn a_diagnostic_is_one_line_whatever_it_contains() {
        let file = RuleFile::new("a,b.yaml", "id: x\n");
        let one = Diagnostic::new(&codes::DANGLING_REFERENCE, Span::new("a,b.yaml", 4, 5), "100 %\nwrong\u{1b}")
            .help("fix it");
        let text = super::render(&Diagnostics::new(vec![one], &[file]));
        assert_eq!(
            text,
            "::error file=a%2Cb.yaml,line=1,endLine=1,col=5,endColumn=6,title=AMP104 dangling-reference::100 %25\\nwrong\\u{1b}%0Afix it\n"
        );
    }
}
