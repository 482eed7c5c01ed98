//! Finds values in parsed settings, each with its place in the text.
//!
//! A key that is there twice counts twice: agents differ in which one they take.

use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// Why a text was not parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Its brackets are nested too deep.
    TooDeep,
    /// Its syntax is wrong at this byte.
    Syntax(usize),
}

/// Parses JSON with comments and whatever else editors let pass; `None` if there is no value.
pub(crate) fn parse(text: &str) -> Result<Option<Value<'_>>, Failure> {
    parse_with(text, &ParseOptions::default())
}

/// The byte at which `text`, which may be JSON with comments, is not JSON.
pub(crate) fn strict_failure(text: &str) -> Option<usize> {
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    match parse_with(text, &strict) {
        Err(Failure::Syntax(at)) => Some(at),
        Err(Failure::TooDeep) | Ok(_) => None,
    }
}

/// Each property at the end of the path `keys`, from the object `value` on.
pub(crate) fn find<'v, 'a>(value: &'v Value<'a>, keys: &[&str]) -> Vec<&'v ObjectProp<'a>> {
    let Some((first, rest)) = keys.split_first() else { return Vec::new() };
    let here = properties(value).filter(|property| property.name.as_str() == *first);
    if rest.is_empty() {
        return here.collect();
    }
    here.flat_map(|property| find(&property.value, rest)).collect()
}

/// Each property of `value`, if it is an object.
pub(crate) fn properties<'v, 'a>(value: &'v Value<'a>) -> impl Iterator<Item = &'v ObjectProp<'a>> {
    value.as_object().into_iter().flat_map(|object| &object.properties)
}

/// Each element of `value`, if it is an array.
pub(crate) fn elements<'v, 'a>(value: &'v Value<'a>) -> impl Iterator<Item = &'v Value<'a>> {
    value.as_array().into_iter().flat_map(|array| &array.elements)
}

/// Each property with one of these names, at any depth below `value`.
pub(crate) fn find_deep<'v, 'a>(value: &'v Value<'a>, names: &[&str]) -> Vec<&'v ObjectProp<'a>> {
    let mut found = Vec::new();
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        waiting.extend(elements(value));
        for property in properties(value) {
            if names.contains(&property.name.as_str()) {
                found.push(property);
            }
            waiting.push(&property.value);
        }
    }
    found
}

/// The text of a string, a number, `true` or `false`; empty for anything else.
pub(crate) fn scalar<'v>(value: &'v Value<'_>) -> &'v str {
    match value {
        Value::StringLit(string) => &string.value,
        Value::NumberLit(number) => number.value,
        Value::BooleanLit(boolean) if boolean.value => "true",
        Value::BooleanLit(_) => "false",
        Value::Object(_) | Value::Array(_) | Value::NullKeyword(_) => "",
    }
}

/// Returns true if and only if the value is `true`.
pub(crate) fn is_true(value: &Value<'_>) -> bool {
    value.as_boolean_lit().is_some_and(|boolean| boolean.value)
}

/// Where something stands in the text, in bytes.
pub(crate) fn span(node: &impl Ranged) -> std::ops::Range<usize> {
    let Range { start, end } = node.range();
    start..end
}

fn parse_with<'a>(text: &'a str, options: &ParseOptions) -> Result<Option<Value<'a>>, Failure> {
    let parsed = parse_to_ast(text, &CollectOptions::default(), options);
    parsed.map(|result| result.value).map_err(|error| failure(&error))
}

fn failure(error: &ParseError) -> Failure {
    match error.kind() {
        ParseErrorKind::NestingDepthExceeded => Failure::TooDeep,
        _ => Failure::Syntax(error.range().start),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_of_a_key_that_is_there_twice() {
        let value = parse(r#"{"a": {"b": 1}, "a": {"b": "x", "c": [{"b": true}]}} // end"#);
        let value = value.expect("it parses").expect("it has a value");
        let at = |found: Vec<&ObjectProp<'_>>| {
            found.iter().map(|p| scalar(&p.value).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(at(find(&value, &["a", "b"])), ["1", "x"]);
        assert_eq!(at(find(&value, &["a", "d"])), [""; 0]);
        assert_eq!(find_deep(&value, &["b"]).len(), 3);
    }

    #[test]
    fn strict_and_not() {
        assert_eq!(strict_failure(r#"{"a": 1}"#), None);
        assert_eq!(strict_failure(""), None);
        for text in ["{\"a\": 1,}", "// x\n{}", "{a: 1}", "{'a': 1}"] {
            assert!(strict_failure(text).is_some(), "{text}");
            assert!(parse(text).is_ok(), "{text}");
        }
        assert!(matches!(parse("{\"a\": "), Err(Failure::Syntax(_))));
    }

    #[test]
    fn hostile_nesting_fits_the_stack_of_a_thread() {
        for text in ["[".repeat(100_000), "{\"a\":".repeat(100_000)] {
            let thread = std::thread::Builder::new().stack_size(2 << 20);
            let handle = thread.spawn(move || parse(&text).err()).expect("threads can start");
            assert_eq!(handle.join().expect("no overflow"), Some(Failure::TooDeep));
        }
    }
}
