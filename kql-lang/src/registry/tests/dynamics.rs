use super::{argument_error, at, dynamic, null, span, table};
use crate::value::Type;

#[test]
fn array_length_and_slicing() {
    table! {
        pack_array(1, "a", null(Type::Long)) => r#"[1,"a",null]"#;
        array_length(dynamic(r#"[1,2,3,"four"]"#)) => "4";
        array_length(dynamic("{}")) => "null";
        array_concat(dynamic("[1,2]"), dynamic("null"), dynamic("[3]")) => "[1,2,3]";
        array_slice(dynamic("[1,2,3]"), 1, 2) => "[2,3]";
        array_slice(dynamic("[1,2,3,4,5]"), 2, -1) => "[3,4,5]";
        array_slice(dynamic("[1,2,3,4,5]"), -3, -2) => "[3,4]";
        array_slice(dynamic("[1,2,3]"), 2, 1) => "[]";
        array_split(dynamic("[1,2,3,4,5]"), 2) => "[[1,2],[3,4,5]]";
        array_split(dynamic("[1,2,3,4,5]"), dynamic("[1,3]")) => "[[1],[2,3],[4,5]]";
        array_index_of(dynamic(r#"["this","is","an","is"]"#), "is") => "1";
        array_index_of(dynamic(r#"["this","is","an","is"]"#), "is", 2) => "3";
        array_index_of(dynamic(r#"["this","is"]"#), "was") => "-1";
        array_index_of(dynamic("[1,2,1]"), 1, 0, -1, 2) => "2";
        array_reverse(dynamic("[1,2,3]")) => "[3,2,1]";
        array_rotate_left(dynamic("[1,2,3,4,5]"), 2) => "[3,4,5,1,2]";
        array_rotate_left(dynamic("[1,2,3,4,5]"), -2) => "[4,5,1,2,3]";
        array_rotate_right(dynamic("[]"), 1) => "[]";
        array_shift_left(dynamic("[1,2,3]"), 1) => "[2,3,null]";
        array_shift_right(dynamic("[1,2,3]"), 1, -1) => "[-1,1,2]";
        array_sort_asc(dynamic("[3,null,1]")) => "[1,3,null]";
        array_sort_desc(dynamic("[3,null,1]"), false) => "[null,3,1]";
        array_sum(dynamic("[1,2,3,4]")) => "10.0";
        array_sum(dynamic(r#"[1,"2"]"#)) => "null";
        array_iff(dynamic("[true,false,1]"), dynamic("[1,2,3]"), 0) => "[1,0,3]";
        zip(dynamic("[1,3,5]"), dynamic("[2,4]")) => "[[1,2],[3,4],[5,null]]";
        repeat(1, 3) => "[1,1,1]";
        repeat(1, 0) => "[]";
    }
}

#[test]
fn ranges_include_their_end_and_terminate() {
    table! {
        range(4, 8) => "[4,5,6,7,8]";
        range(1, 8, 3) => "[1,4,7]";
        range(8, 1, -3) => "[8,5,2]";
        range(1, 2, 0.5) => "[1.0,1.5,2.0]";
        range(span("1h"), span("3h")) => r#"["01:00:00","02:00:00","03:00:00"]"#;
        range(at("2007-01-01"), at("2007-01-02"), span("1d")) => r#"["2007-01-01T00:00:00.0000000Z","2007-01-02T00:00:00.0000000Z"]"#;
        range(1, 0) => "[]";
        range(1, 2, 0) => "null";
        range(i64::MAX - 1, i64::MAX) => "[9223372036854775806,9223372036854775807]";
        range(1e300, 1e301, 1.0) => "[1e+300]";
    }
}

#[test]
fn bag_construction_and_update() {
    table! {
        bag_pack("Level", "Information", "ProcessID", 1234, "Data", dynamic(r#"{"url":"x"}"#)) => r#"{"Level":"Information","ProcessID":1234,"Data":{"url":"x"}}"#;
        bag_keys(dynamic(r#"{"b":1,"a":2}"#)) => r#"["b","a"]"#;
        bag_keys(dynamic("[1]")) => "null";
        bag_merge(dynamic(r#"{"a":1}"#), dynamic(r#"{"a":2,"b":3}"#)) => r#"{"a":1,"b":3}"#;
        bag_has_key(dynamic(r#"{"a":{"b":1}}"#), "a") => "true";
        bag_has_key(dynamic(r#"{"a":{"b":1}}"#), "$.a.b") => "true";
        bag_has_key(dynamic(r#"{"a":{"b":1}}"#), "$.a.c") => "false";
        bag_remove_keys(dynamic(r#"{"a":1,"b":{"c":2,"d":3}}"#), dynamic(r#"["a","$.b.c"]"#)) => r#"{"b":{"d":3}}"#;
        bag_set_key(dynamic(r#"{"a":1}"#), "b", 2) => r#"{"a":1,"b":2}"#;
        bag_zip(dynamic(r#"["a","b"]"#), dynamic("[1]")) => r#"{"a":1,"b":null}"#;
    }
    assert_eq!(argument_error("bag_pack", &["a".into()]).expected, "a value after each name");
}

#[test]
fn set_functions_on_arrays() {
    table! {
        set_union(dynamic("[1,2,2]"), dynamic("[2,3]")) => "[1,2,3]";
        set_intersect(dynamic("[1,1,2,3]"), dynamic("[3,1]"), dynamic("[1]")) => "[1]";
        set_difference(dynamic("[1,2,3]"), dynamic("[2]"), dynamic("[3]")) => "[1]";
        set_has_element(dynamic(r#"["a","b"]"#), "b") => "true";
        set_has_element(dynamic("[1]"), 1) => "true";
        set_equals(dynamic("[1,2]"), dynamic("[2,1,1]")) => "true";
    }
}

#[test]
fn series_functions_are_element_wise() {
    table! {
        series_add(dynamic("[1,2,4]"), dynamic("[4,2]")) => "[5.0,4.0,null]";
        series_divide(dynamic("[1,2]"), 2) => "[0.5,1.0]";
        series_greater(dynamic("[1,3]"), 2) => "[false,true]";
        series_dot_product(dynamic("[1,2]"), dynamic("[3,4]")) => "11.0";
        series_fill_const(dynamic("[null,1,null]"), 0) => "[0,1,0]";
        series_fill_forward(dynamic("[null,1,null]")) => "[null,1,1]";
        series_fill_backward(dynamic("[null,1,null]")) => "[1,1,null]";
    }
}
