//! Names of what is written: no two objects of the input share one.

use sha2::{Digest, Sha256};

use crate::value::Value;

/// Volumes are labels of 63 letters at most, and something may come behind: `-pod-identity-sds`.
const LONGEST: usize = 40;

/// A name for what belongs to an object, its namespace in it.
pub fn unique(namespace: &str, name: &str) -> String {
    let whole = format!("{namespace}-{name}");
    if whole.len() <= LONGEST && !whole.contains('.') {
        return whole;
    }
    let digest = hex::encode(Sha256::digest(format!("{namespace}/{name}")));
    let begin: String = whole.chars().take(LONGEST - 9).map(|char| if char == '.' { '-' } else { char }).collect();
    format!("{begin}-{}", &digest[..8])
}

/// Puts something into a list whose elements have names. What has this name already has to be the same.
pub fn add_named(list: &mut Value, added: &Value) -> Result<(), String> {
    match list.items().iter().find(|known| known.get("name") == added.get("name")) {
        Some(known) if known == added => Ok(()),
        Some(_) => {
            Err(format!("{} is there already, and is something else", added.get("name").text().unwrap_or("one")))
        }
        None => {
            list.push(added.clone());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map;

    #[test]
    fn names_are_labels_and_differ() {
        let long = "production-bedrock-credentials-for-team-alpha";
        let names = [("team-a", "aws".to_owned()), ("team-b", "aws".to_owned()), ("team-a", "aws.keys".to_owned())]
            .into_iter()
            .chain(["-one", "-two"].map(|end| ("default", format!("{long}{end}"))))
            .map(|(namespace, name)| unique(namespace, &name))
            .collect::<Vec<_>>();
        assert_eq!(names[0], "team-a-aws");
        for (index, name) in names.iter().enumerate() {
            assert!(name.len() <= LONGEST && !name.contains('.'), "{name}");
            assert!(!names[..index].contains(name), "{name}");
        }
    }

    #[test]
    fn a_name_has_one_content() {
        let mut list = Value::Null;
        let one = map! { "name": "a", "port": 1_u32 };
        assert_eq!(add_named(&mut list, &one), Ok(()));
        assert_eq!(add_named(&mut list, &one), Ok(()));
        assert_eq!(list.items().len(), 1);
        assert!(add_named(&mut list, &map! { "name": "a", "port": 2_u32 }).is_err());
    }
}
