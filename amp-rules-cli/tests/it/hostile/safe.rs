//! What no output may contain, checked on its bytes and independently of the function that escapes.

use std::process::Output;

/// The colours of this program and of the renderer of diagnostics. The hostile text has others.
const COLOURS: [&str; 12] = [
    "\u{1b}[0m",
    "\u{1b}[1m",
    "\u{1b}[1;31m",
    "\u{1b}[1;32m",
    "\u{1b}[1;33m",
    "\u{1b}[91m",
    "\u{1b}[92m",
    "\u{1b}[93m",
    "\u{1b}[94m",
    "\u{1b}[96m",
    "\u{1b}[33m",
    "\u{1b}[38;5;12m",
];

#[track_caller]
pub(super) fn assert_safe(arguments: &[&str], output: &Output) {
    let csv = arguments.contains(&"csv");
    for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let decoded = std::str::from_utf8(bytes);
        assert!(decoded.is_ok(), "{stream} of {arguments:?} is not UTF-8");
        let mut text = decoded.unwrap_or_default().to_owned();
        for colour in COLOURS {
            text = text.replace(colour, "");
        }
        if csv {
            text = text.replace("\r\n", "\n");
        }
        for line in text.split('\n') {
            let place = || format!("{stream} of {arguments:?}: {line:?}");
            let hidden = line.chars().find(|c| is_hidden(*c));
            assert!(hidden.is_none(), "{hidden:?} in {}", place());
            assert!(!line.contains("##[") && !line.contains("##vso[") && !line.contains("##teamcity["), "{}", place());
            let start = line.trim_start();
            let own = ["::error file=", "::warning file=", "::notice file="].iter().any(|own| line.starts_with(own));
            assert!(!start.starts_with("::") || own, "{}", place());
        }
    }
}

/// Control characters, invisible characters, characters that change the text direction, and separators of lines.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c), 0xad | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe0fff)
}
