//! `silhouettectl version`.

use clap::Args;
use futures::future::join_all;
use serde::Serialize;

use crate::{
    exit::Exit,
    failure::Failure,
    output::{Table, View, or_none},
    session::Session,
};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl version
  silhouettectl version -o json | jq -r .client.version")]
pub(crate) struct Version {}

/// Who runs which version.
#[derive(Debug, Serialize)]
struct Versions {
    client: Program,
    servers: Vec<Server>,
}

#[derive(Debug, Serialize)]
struct Program {
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct Server {
    endpoint: String,
    name: Option<String>,
    version: Option<String>,
    /// Why it did not answer, as a stable reason.
    error: Option<String>,
}

impl View for Versions {
    fn table(&self, _wide: bool) -> String {
        let mut table = Table::new(["NAME", "ENDPOINT"], None, "VERSION");
        table.row(["silhouettectl".to_owned(), or_none(None::<String>)], None, self.client.version.to_owned());
        for server in &self.servers {
            let version = server.version.as_ref().or(server.error.as_ref());
            table.row([or_none(server.name.as_ref()), server.endpoint.clone()], None, or_none(version));
        }
        table.render()
    }

    fn names(&self) -> Option<Vec<String>> {
        None
    }
}

impl Version {
    /// Asks every endpoint, once.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        session.refuse_names("versions are no objects")?;
        let cluster = session.client()?.cluster();
        let endpoints = cluster.endpoints();
        let identities = join_all(endpoints.iter().map(|endpoint| cluster.identity(endpoint))).await;
        let reached = identities.iter().any(Result::is_ok);
        let server = |(endpoint, identity): (String, Result<silhouette_client::Identity, silhouette_client::Error>)| {
            match identity {
                Ok(identity) => {
                    Server { endpoint, name: Some(identity.name), version: Some(identity.version), error: None }
                }
                Err(error) => Server { endpoint, name: None, version: None, error: Some(error.reason().to_owned()) },
            }
        };
        let endpoints = endpoints.iter().map(ToString::to_string);
        let servers = endpoints.zip(identities).map(server).collect();
        session.show(&Versions { client: Program { version: env!("CARGO_PKG_VERSION") }, servers })?;
        Ok(if reached { Exit::Done } else { Exit::Unreachable })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_does_not_answer_is_listed_with_the_reason() {
        let text = |text: &str| Some(text.to_owned());
        let versions = Versions {
            client: Program { version: "0.1.0" },
            servers: vec![
                Server { endpoint: "a:1".to_owned(), name: text("node-1"), version: text("0.2.0"), error: None },
                Server { endpoint: "b:1".to_owned(), name: None, version: None, error: text("UNREACHABLE") },
            ],
        };
        let expected = "\
NAME            ENDPOINT   VERSION
silhouettectl   <none>     0.1.0
node-1          a:1        0.2.0
<none>          b:1        UNREACHABLE
";
        assert_eq!(versions.table(false), expected);
    }
}
