//! Selectors of Kubernetes: which labels they ask for.

use crate::value::Value;

/// Whether an object with these labels is selected.
pub fn select(selector: &Value, labels: &Value) -> bool {
    let has = |(key, value): &(String, Value)| labels.get(key) == value;
    selector.get("matchLabels").entries().iter().all(has)
        && selector.get("matchExpressions").items().iter().all(|expression| fits(expression, labels))
}

fn fits(expression: &Value, labels: &Value) -> bool {
    let label = labels.get(expression.get("key").text().unwrap_or_default());
    let is_among = expression.get("values").items().contains(label);
    match expression.get("operator").text() {
        Some("In") => is_among,
        Some("NotIn") => !is_among,
        Some("Exists") => !label.is_null(),
        Some("DoesNotExist") => label.is_null(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{list, map};

    #[test]
    fn labels_are_selected() {
        let labels = map! { "app": "x" };
        for (key, operator, values, expected) in [
            ("app", "In", list!["x", "y"], true),
            ("app", "In", list!["y"], false),
            ("app", "NotIn", list!["x"], false),
            ("app", "NotIn", list!["y"], true),
            ("tier", "NotIn", list!["y"], true),
            ("app", "Exists", Value::Null, true),
            ("tier", "Exists", Value::Null, false),
            ("app", "DoesNotExist", Value::Null, false),
            ("tier", "DoesNotExist", Value::Null, true),
        ] {
            let expression = map! { "key": key, "operator": operator, "values": values };
            let selector = map! { "matchExpressions": vec![expression] };
            assert_eq!(select(&selector, &labels), expected, "{key} {operator}");
        }
        assert!(select(&map! { "matchLabels": map! { "app": "x" } }, &labels));
        assert!(!select(&map! { "matchLabels": map! { "app": "y" } }, &labels));
    }
}
