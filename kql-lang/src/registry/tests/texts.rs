use super::{In, argument_error, dynamic, failure, null, table};
use crate::registry::{Argument, EvalContext, scalar};
use crate::value::{Type, Value};

#[test]
fn string_concatenation_length_and_case() {
    table! {
        strcat("hello", " ", "world") => r#""hello world""#;
        strcat("a", 1, null(Type::Long), 2.5, true) => r#""a12.5True""#;
        strcat_delim("-", 1, "2", "A") => r#""1-2-A""#;
        strcat_array(dynamic("[1,2,3]"), "->") => r#""1->2->3""#;
        strrep("ABC", 2) => r#""ABCABC""#;
        strrep(123, 3, ".") => r#""123.123.123""#;
        strrep("x", -1) => r#""""#;
        strlen("Çedilla") => "7";
        strlen("C\u{327}edilla") => "8";
        string_size("Çedilla") => "8";
        strcmp("ABC", "abc") => "-1";
        strcmp("b", "a") => "1";
        toupper("straße1") => r#""STRAßE1""#;
        tolower("ÄB") => r#""äb""#;
        reverse("añb") => r#""bña""#;
        translate("krasp", "otsku", "spark") => r#""kusto""#;
        translate("abc", "x", "abc") => r#""xxx""#;
        translate("abc", "", "abcd") => r#""d""#;
        unicode_codepoints_from_string("aé") => "[97,233]";
        unicode_codepoints_to_string(97, dynamic("[98,233]")) => r#""abé""#;
        isascii("é") => "false";
        has_any_index("this is an example", dynamic(r#"["sample","Example"]"#)) => "1";
        has_any_index("this", dynamic(r#"["no"]"#)) => "-1";
    }
}

#[test]
fn substring_indexes_count_characters() {
    table! {
        substring("klmnopq", 1) => r#""lmnopq""#;
        substring("123456", 1, 2) => r#""23""#;
        substring("123456", -2, 2) => r#""56""#;
        substring("äöü", 1, 1) => r#""ö""#;
        substring("abc", 5) => r#""""#;
        substring("abc", 0, -1) => r#""""#;
        indexof("klmnopq", "mno") => "2";
        indexof("klmnopq", "mno", 1, 4) => "2";
        indexof("klmnopq", "mno", 1, 2) => "2";
        indexof("klmnopq", "mno", 0, 2) => "-1";
        indexof("klmnopq", "mno", 3, 4) => "-1";
        indexof("klmnopq", "mno", -5) => "2";
        indexof(1_234_567, 5, 1, 4) => "4";
        indexof("klmnopq", "mno", 2, -1) => "2";
        indexof("klmnopqklmnopq", "mno", 1, 10, 2) => "9";
        indexof("klmnopqklmnopq", "mno", 1, -1, 3) => "-1";
        indexof("ääb", "b") => "2";
        indexof("ab", "") => "0";
        indexof("ab", "", 0, -1, i64::MAX) => "-1";
        indexof_regex("abcabc", "b[c]", 0, -1, 2) => "4";
        split("aa_bb", "_") => r#"["aa","bb"]"#;
        split("aaa_bbb_ccc", "_", 1) => r#"["bbb"]"#;
        split("", "_") => r#"[""]"#;
        split("a__b", "_") => r#"["a","","b"]"#;
        countof("aaa", "a") => "3";
        countof("aaaa", "aaa") => "2";
        countof("ababa", "ab", "normal") => "2";
        countof("ababa", "aba") => "2";
        countof("ababa", "aba", "regex") => "1";
        countof("abcabc", "a.c", "regex") => "2";
    }
}

#[test]
fn regexes_find_the_first_or_all_matches() {
    table! {
        extract("x=([0-9.]+)", 1, "hello x=45.6|wo") => r#""45.6""#;
        extract("x=([0-9.]+)", 0, "hello x=45.6|wo") => r#""x=45.6""#;
        extract("(q)", 1, "hello") => r#""""#;
        extract("(q)", 7, "q") => r#""""#;
        extract_all(r"(\d+)", "a set of numbers: 123, 567 and 789") => r#"["123","567","789"]"#;
        extract_all(r"(\w)(\d)?", dynamic("[2,1]"), "a1b") => r#"[["1","a"],["","b"]]"#;
        extract_all(r"(?P<first>\w)-(\w)", dynamic(r#"["first"]"#), "a-b c-d") => r#"["a","c"]"#;
        extract_all("(x)", "abc") => "null";
        extract_json("$.a[1]['b c']", r#"{"a":[0,{"b c":"x"}]}"#) => r#""x""#;
        extract_json("$.a", r#"{"a":{"b":1}}"#) => r#""{\"b\":1}""#;
        extract_json("$.z", r#"{"a":1}"#) => r#""""#;
        replace_regex("Number is 1", r"is (\d+)", r"was: \1") => r#""Number was: 1""#;
        replace_regex("a.b", r"\.", r"$1\\\0") => r#""a$1\\.b""#;
        replace("(a)", r"<\1>", "abca") => r#""<a>bc<a>""#;
        replace_string("A magic trick can turn a cat into a dog", "cat", "hamster") => r#""A magic trick can turn a hamster into a dog""#;
        replace_strings("cat dog", dynamic(r#"["cat","dog"]"#), dynamic(r#"["dog","cat"]"#)) => r#""dog cat""#;
        trim("--", "--https://a.example--") => r#""https://a.example""#;
        trim(r"\s+", "    Hello, world!    ") => r#""Hello, world!""#;
        trim(r"[^\w]+", "-  te st1// $") => r#""te st1""#;
        trim_start("a|ab", "aaab") => r#""b""#;
        trim_end("-", "x--y--") => r#""x--y""#;
        regex_quote("(so$me.Te^xt)") => r#""\\(so\\$me\\.Te\\^xt\\)""#;
    }
}

#[test]
fn an_extracted_string_is_converted_to_the_given_type() {
    let arguments = ["-(\\d{2})-", "15-12-2024"].map(In::from);
    let described = |type_of| Argument { kind: Type::Dynamic, constant: None, type_of };
    let mut kinds: Vec<Argument> = super::describe(&[arguments[0].clone(), 1.into(), arguments[1].clone()]);
    kinds.push(described(Some(Type::Int)));
    let extract = scalar("extract").expect("a function");
    assert_eq!((extract.result)(&kinds), Ok(Type::Int));
    let row = [arguments[0].value.clone(), Value::Long(1), arguments[1].value.clone(), Value::Null];
    assert_eq!((extract.call)(&EvalContext::new(0), &kinds, &row), Value::Int(12));
    let row = [arguments[0].value.clone(), Value::Long(1), Value::text("none"), Value::Null];
    assert_eq!((extract.call)(&EvalContext::new(0), &kinds, &row), Value::Null);
}

#[test]
fn an_invalid_regex_is_an_argument_error() {
    let argument_error = argument_error("extract", &["(".into(), 0.into(), "x".into()]);
    assert_eq!(argument_error.argument, 0);
    assert!(argument_error.expected.starts_with("a regex ("), "{}", argument_error.expected);
    assert_eq!(
        super::argument_error("extract_all", &["a".into(), "x".into()]).expected,
        "a regex with a capture group"
    );
}

#[test]
fn strings_are_encoded_and_decoded() {
    table! {
        base64_encode_tostring("Kusto") => r#""S3VzdG8=""#;
        base64_encode_tostring("") => r#""""#;
        base64_decode_tostring("S3VzdG8=") => r#""Kusto""#;
        base64_decode_tostring("S3VzdG8") => r#""""#;
        base64_decode_toarray("S3VzdG8=") => "[75,117,115,116,111]";
        base64_encode_fromarray(dynamic("[75,117,115,116,111]")) => r#""S3VzdG8=""#;
        url_encode("https://a b/") => r#""https%3a%2f%2fa+b%2f""#;
        url_encode_component("a b/é") => r#""a%20b%2F%C3%A9""#;
        url_decode("https%3a%2f%2fa+b%2f%zz") => r#""https://a b/%zz""#;
        parse_urlquery("k1=v1&k2=a%20b") => r#"{"Query Parameters":{"k1":"v1","k2":"a b"}}"#;
        parse_url("scheme://username:password@host:1234/this/is/a/path?k1=v1&k2=v2#fragment") => concat!(
            r#"{"Scheme":"scheme","Host":"host","Port":"1234","Path":"/this/is/a/path","Username":"username","#,
            r#""Password":"password","Query Parameters":{"k1":"v1","k2":"v2"},"Fragment":"fragment"}"#
        );
        hash_sha256("World") => r#""78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524""#;
        hash("World") => "1846988464401551951";
        hash("World", 100) => "51";
        hash("World", 0) => "null";
        parse_ipv4("127.0.0.1") => "2130706433";
        parse_ipv4("192.1.168.1/16") => "3221291008";
        parse_ipv4("1.2.3") => "null";
        ipv4_compare("192.168.1.1", "192.168.1.255", 24) => "0";
        ipv4_compare("192.168.1.1", "192.168.1.2") => "-1";
        ipv4_is_in_range("192.168.1.6", "192.168.1.0/24") => "true";
        ipv4_is_in_range("192.168.2.6", "192.168.1.0/24") => "false";
        ipv4_is_private("10.1.2.3") => "true";
        ipv4_is_private("208.1.2.3") => "false";
        parse_version("1.2.3.40") => r#""1000000020000000300000040""#;
        parse_version("1.x") => "null";
    }
}

#[test]
fn sizes_are_formatted_for_readability() {
    table! {
        format_bytes(564) => r#""564 Bytes""#;
        format_bytes(10_332, 1) => r#""10.1 KB""#;
        format_bytes(20_010_332) => r#""19 MB""#;
        format_bytes(20_010_332, 2) => r#""19.08 MB""#;
        format_bytes(20_010_332, 0, "KB") => r#""19541 KB""#;
    }
}

#[test]
fn a_function_that_reaches_its_limit_fails() {
    let text = "x".repeat(20_000);
    let bytes = |name: &str| format!("`{name}` returns at most 16,777,216 bytes");
    let elements = |name: &str| format!("`{name}` returns at most 1,048,576 elements");
    assert_eq!(failure("strrep", &[text.as_str().into(), 1024.into()]), bytes("strrep"));
    let long = "x".repeat(1 << 20);
    assert_eq!(failure("strcat", &vec![long.as_str().into(); 64]), bytes("strcat"));
    assert_eq!(
        failure("replace_string", &[long.as_str().into(), "x".into(), text.as_str().into()]),
        bytes("replace_string")
    );
    assert_eq!(
        failure("replace_regex", &[long.as_str().into(), "x".into(), text.as_str().into()]),
        bytes("replace_regex")
    );
    assert_eq!(failure("repeat", &["x".into(), i64::MAX.into()]), elements("repeat"));
    assert_eq!(failure("repeat", &[text.as_str().into(), 10_000.into()]), bytes("repeat"));
    assert_eq!(failure("range", &[1.into(), 2_000_000.into()]), elements("range"));
    assert_eq!(failure("indexof_regex", &["a".into(), "(".into()]), "`(` is not a regex");
}
