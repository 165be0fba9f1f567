//! Hostile text in every form of output.

use proptest::prelude::*;
use regex::Regex;

use super::characters::{inline, one_line, same_columns, what_is};
use super::{AnnotationLevel, Printable};

/// Texts that control a terminal, hide or reorder text, or are commands of a CI system.
const HOSTILE: [&str; 24] = [
    "\u{1b}[2J\u{1b}[31mred",
    "\u{1b}]8;;https://evil.example\u{1b}\\click\u{1b}]8;;\u{7}",
    "\u{9b}31m\u{9d}0;title\u{9c}",
    "a\r\nb\u{b}c\u{c}d\u{85}e\u{2028}f\u{2029}g",
    "\u{8}\u{7f}\0",
    "user\u{202e}gpj.exe\u{2066}x\u{2069}",
    "ad\u{ad}min\u{200b}\u{feff}\u{e0041}",
    "x\n::set-output name=a::b",
    "  ::error::x",
    "\u{3000}\u{a0}::stop-commands::t",
    "\u{200b}::add-mask::x",
    ":\u{ad}:debug::x",
    "::",
    "a ##vso[task.setvariable variable=x]y",
    "##[error]x",
    "###[group]x",
    "##\u{ad}vso[x]",
    "##VSO[x]",
    "##teamcity[buildStatus]",
    "\t::warning::x",
    "#\n#[group]",
    "\u{fe0f}::error::x",
    ":\u{fe0f}:error::x",
    "\\u{1b}",
];

#[track_caller]
fn is_safe(text: &str) {
    for line in text.split('\n') {
        assert!(!line.trim_start().starts_with("::"), "{text:?}");
        for c in line.chars() {
            assert!(what_is(c).is_none() || matches!(c, '\u{fe00}'..='\u{fe0f}'), "{text:?}");
        }
        // As .NET compares texts: characters that are shown as nothing do not count.
        let plain: String = line.chars().filter(|c| what_is(*c).is_none()).collect();
        for command in ["##[", "##vso[", "##teamcity["] {
            assert!(!plain.to_lowercase().contains(command), "{text:?}");
        }
        assert!(!plain.trim_start().starts_with("::"), "{text:?}");
    }
}

#[test]
fn hostile_text_is_safe_in_every_form() {
    for text in HOSTILE {
        is_safe(&Printable::lines(text));
        is_safe(&one_line(text));
        is_safe(&same_columns(text).replace("::", "").replace('\r', "").replace('\t', " "));
        let json = Printable::json(&serde_json::to_string_pretty(&[text]).unwrap());
        is_safe(&json);
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [text]);
        let annotation = Printable::annotation(AnnotationLevel::Error, &[("file", text.to_owned())], text, &[text]);
        assert_eq!(annotation.lines().count(), 1, "{annotation}");
        assert!(annotation.starts_with("::error file="));
        is_safe(annotation.trim_start_matches("::error"));
    }
}

#[test]
fn escapes_show_what_they_stand_for() {
    for (text, want) in [
        ("a\u{1b}[1mb", "a\\u{1b}[1mb"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("  ::error::x", "  \\u{3a}:error::x"),
        ("##vso[x]", "#\\u{23}vso[x]"),
        ("## heading [x] and std::io, C:\\x, ⚠\u{fe0f}, ü", "## heading [x] and std::io, C:\\x, ⚠\u{fe0f}, ü"),
    ] {
        assert_eq!(one_line(text), want);
    }
    assert_eq!(Printable::lines("\ta\tb\r\n  ::c::\n"), "    a\\tb\n  \\u{3a}:c::\n");
    assert_eq!(Printable::json("{\"a\":\"\u{202e}\u{e0041}##[x]\"}"), r#"{"a":"\u202e\udb40\udc41#\u0023[x]"}"#);
    assert_eq!(Printable::unchanged("a\tb\n").as_deref(), Some("a\tb\n"));
    assert!(["a\u{1b}", "\t::b::", "a\r\n"].iter().all(|text| Printable::unchanged(text).is_none()));
    assert_eq!(same_columns("a\u{1b}b\u{202e}\r\nc\u{7f}"), "a\u{241b}b\u{fffd}\r\nc\u{2421}");
    let properties = [("file", "a,b:c".to_owned()), ("line", "1".to_owned())];
    assert_eq!(
        Printable::annotation(AnnotationLevel::Warning, &properties, "100 %\nx", &["fix"]),
        "::warning file=a%2Cb%3Ac,line=1::100 %25\\nx%0Afix\n"
    );
}

#[test]
fn the_unsafe_characters_are_those_of_unicode() {
    let wanted = Regex::new(r"^[\p{Cc}\p{Zl}\p{Zp}\p{Cf}\p{Default_Ignorable_Code_Point}]$").unwrap();
    // Format characters that have a shape: signs of Arabic, Syriac and Kaithi numbers. Two blocks are listed whole.
    let shaped = Regex::new(r"^[\u{600}-\u{605}\u{6dd}\u{70f}\u{890}-\u{891}\u{8e2}\u{110bd}\u{110cd}]$").unwrap();
    let mut buffer = [0; 4];
    for c in '\0'..=char::MAX {
        let text = &*c.encode_utf8(&mut buffer);
        let want = wanted.is_match(text) && !shaped.is_match(text);
        let rest_of_block = matches!(c, '\u{13430}'..='\u{1343f}');
        assert!(what_is(c).is_some() == want || rest_of_block, "U+{:04X}", u32::from(c));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_safe_and_escaping_twice_changes_nothing(
        parts in prop::collection::vec(prop_oneof![
            prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
            "[:# \\[\\]a-z\\n\\t]{0,6}",
            any::<char>().prop_map(String::from),
        ], 0..6),
    ) {
        let text = parts.concat();
        let lines = Printable::lines(&text);
        is_safe(&lines);
        prop_assert_eq!(&Printable::lines(&lines), &lines);
        let once = inline(&text);
        prop_assert_eq!(&inline(&once), &once);
        prop_assert_eq!(same_columns(&text).chars().count(), text.chars().count());
        let json = Printable::json(&serde_json::to_string(&text).unwrap());
        is_safe(&json);
        prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
