//! What a service knows, as indented text: a line for each value.

use serde_json::{Map, Value};

/// JSON as text for a person.
///
/// # Errors
/// What is wrong with it, as text.
pub fn text(json: &str) -> Result<String, String> {
    let value: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let mut text = String::new();
    match &value {
        Value::Object(members) => object(members, 0, &mut text),
        other => text.push_str(&format!("{}\n", scalar(other))),
    }
    Ok(text)
}

fn object(members: &Map<String, Value>, depth: usize, text: &mut String) {
    for (name, value) in members {
        indent(depth, text);
        text.push_str(name);
        text.push(':');
        below(value, depth, text);
    }
}

/// A value behind its name or the mark of a list.
fn below(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            text.push('\n');
            object(members, depth + 1, text);
        }
        Value::Array(elements) if elements.iter().any(is_large) => {
            text.push('\n');
            for element in elements {
                indent(depth + 1, text);
                text.push('-');
                below(element, depth + 1, text);
            }
        }
        small => text.push_str(&format!(" {}\n", scalar(small))),
    }
}

/// Whether a value does not fit into the line of its list.
fn is_large(value: &Value) -> bool {
    match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(elements) => elements.iter().any(is_large),
        _ => false,
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Object(_) => "nothing".to_owned(),
        Value::Array(elements) if elements.is_empty() => "nothing".to_owned(),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(scalar).collect();
            format!("({})", elements.join(", "))
        }
        other => other.to_string(),
    }
}

fn indent(depth: usize, text: &mut String) {
    text.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_value() {
        let json = r#"{"service":"pm","state":{"processes":{"1":{"parent":null,"groups":[1,[2]]}},
            "timers":{},"pending":[{"signal":3},"None"],"name":{"bytes":300,"first":"00"}}}"#;
        let expected = "\
service: \"pm\"
state:
  processes:
    1:
      parent: none
      groups: (1, (2))
  timers: nothing
  pending:
    -
      signal: 3
    - \"None\"
  name:
    bytes: 300
    first: \"00\"
";
        assert_eq!(text(json), Ok(expected.to_owned()));
        assert!(text("{").is_err());
    }
}
