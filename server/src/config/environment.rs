//! The environment: `SILHOUETTE__SECTION__KEY`, and `RUST_LOG` for `log.level`.

use std::ffi::{OsStr, OsString};

use serde_json::Value;

use super::{
    Origin, Problem,
    keys::{Key, Keys, VARIABLE_PREFIX},
    layers::Given,
    yaml,
};

/// The variable that Rust programs take their log filter from; `SILHOUETTE__LOG__LEVEL` wins over it.
const RUST_LOG: &str = "RUST_LOG";

/// The key that it is another name of.
const RUST_LOG_KEY: &str = "log.level";

/// What the variables give, and what is wrong with them. One that is empty counts as not set: scripts and charts cannot
/// always leave a variable out.
pub(super) fn read(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    keys: &Keys,
    problems: &mut Vec<Problem>,
) -> Vec<Given> {
    let mut variables: Vec<_> = variables
        .into_iter()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value))
        .filter(|(name, _)| name == RUST_LOG || name.starts_with(VARIABLE_PREFIX))
        .collect();
    // `R` comes before `S`, so that what is given later wins; and messages have an order that stays.
    variables.sort();
    variables
        .into_iter()
        .filter_map(|(name, value)| {
            variable(name, &value, keys).unwrap_or_else(|problem| {
                problems.push(problem);
                None
            })
        })
        .collect()
}

fn variable(name: String, value: &OsStr, keys: &Keys) -> Result<Option<Given>, Problem> {
    let known =
        if name == RUST_LOG { keys.find(RUST_LOG_KEY) } else { keys.all().iter().find(|key| key.variable() == name) };
    let Some(key) = known else { return Err(unknown(name, keys)) };
    if value.is_empty() {
        return Ok(None);
    }
    let origin = Origin::Variable(name);
    let Some(text) = value.to_str() else {
        return Err(Problem::wrong_value(origin, key, "bytes that are no UTF-8".to_owned()));
    };
    let value = if key.kind.is_text() { Some(Value::from(text)) } else { yaml::plain(text) };
    let value = value.ok_or_else(|| Problem::wrong_value(origin.clone(), key, text.to_owned()))?;
    Ok(Some(Given { path: key.path.clone(), value, origin }))
}

fn unknown(name: String, keys: &Keys) -> Problem {
    let path = name.trim_start_matches(VARIABLE_PREFIX).to_lowercase().replace("__", ".");
    let nearest = keys.nearest_key(&path).map(Key::variable).unwrap_or_default();
    Problem::UnknownVariable { name, nearest }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use serde_json::json;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> (Vec<(String, Value, String)>, Vec<String>) {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let mut problems = Vec::new();
        let given = super::read(variables, &Keys::new(), &mut problems);
        let given = given.into_iter().map(|given| (given.path, given.value, given.origin.to_string())).collect();
        (given, problems.iter().map(Problem::to_string).collect())
    }

    fn value(name: &str, text: &str) -> Value {
        let (given, problems) = read(&[(name, text)]);
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(given.len(), 1, "{name}={text}");
        given[0].1.clone()
    }

    #[test]
    fn values_have_the_type_of_their_key() {
        assert_eq!(value("SILHOUETTE__RAFT__ELECTION_TICKS", "12"), json!(12));
        assert_eq!(value("SILHOUETTE__INSECURE", "true"), json!(true));
        assert_eq!(value("SILHOUETTE__RAFT__TICK", "100ms"), json!("100ms"));
        assert_eq!(value("SILHOUETTE__CLIENT__ADDR", "[::1]:7601"), json!("[::1]:7601"));
        assert_eq!(value("SILHOUETTE__LOG__FORMAT", "json"), json!("json"));
        assert_eq!(value("SILHOUETTE__MEMORY__BUDGET_BYTES", "1000"), json!(1000));
        assert_eq!(value("SILHOUETTE__MEMORY__BUDGET_BYTES", "null"), Value::Null);
        // Text stays text, whatever it looks like.
        for text in ["12", "true", "null", "a: b", "# a", " "] {
            assert_eq!(value("SILHOUETTE__NAME", text), json!(text));
        }
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        assert_eq!(
            read(&[("SILHOUETTE__NAME", ""), ("SILHOUETTE__RAFT__TICK", ""), ("RUST_LOG", "")]),
            (vec![], vec![])
        );
    }

    #[test]
    fn what_kubernetes_and_others_set_is_no_key() {
        let others = [
            ("SILHOUETTE_SERVICE_HOST", "10.0.0.1"),
            ("SILHOUETTE_SERVICE_PORT", "7601"),
            ("SILHOUETTE_PORT_7601_TCP_ADDR", "10.0.0.1"),
            ("SILHOUETTE_PORT", "tcp://10.0.0.1:7601"),
            ("SILHOUETTECTL_ENDPOINTS", "a:1"),
            ("SILHOUETTE", "x"),
            ("silhouette__raft__tik", "1s"),
        ];
        assert_eq!(read(&others), (vec![], vec![]));
    }

    #[test]
    fn an_unknown_variable_is_named_with_the_nearest_one() {
        let (given, problems) = read(&[
            ("SILHOUETTE__RAFT__TIK", "1s"),
            ("SILHOUETTE__raft__tick", "1s"),
            ("SILHOUETTE__DATA_DIR", ""),
            ("SILHOUETTE__RAFT", "{}"),
            ("SILHOUETTE__", "x"),
        ]);
        assert_eq!(given, vec![]);
        assert_eq!(problems.len(), 5, "{problems:?}");
        let meant = |name: &str| problems.iter().find(|problem| problem.starts_with(&format!("{name}: ")));
        assert_eq!(
            meant("SILHOUETTE__RAFT__TIK").map(String::as_str),
            Some("SILHOUETTE__RAFT__TIK: there is no such key; did you mean SILHOUETTE__RAFT__TICK?")
        );
        assert!(meant("SILHOUETTE__raft__tick").is_some_and(|problem| problem.ends_with("SILHOUETTE__RAFT__TICK?")));
        assert!(meant("SILHOUETTE__DATA_DIR").is_some_and(|it| it.ends_with("SILHOUETTE__STORAGE__DATA_DIR?")));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_and_not_fatal() {
        let bytes = OsString::from_vec(vec![0xff]);
        let mut strange = OsString::from("SILHOUETTE__");
        strange.push(&bytes);
        let mut problems = Vec::new();
        let variables = [("SILHOUETTE__NAME".into(), bytes.clone()), (strange, "x".into()), ("OTHER".into(), bytes)];
        assert!(super::read(variables, &Keys::new(), &mut problems).is_empty());
        assert_eq!(problems.len(), 2, "{problems:?}");
    }

    #[test]
    fn the_own_variable_wins_over_rust_log() {
        let (given, problems) = read(&[("SILHOUETTE__LOG__LEVEL", "debug"), ("RUST_LOG", "warn")]);
        assert_eq!(problems, Vec::<String>::new());
        let expected = [("warn", "RUST_LOG"), ("debug", "SILHOUETTE__LOG__LEVEL")];
        assert_eq!(given, expected.map(|(level, origin)| ("log.level".to_owned(), json!(level), origin.to_owned())));
    }
}
