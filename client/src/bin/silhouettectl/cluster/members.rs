//! `silhouettectl cluster members`.

use clap::Args;
use serde::Serialize;
use silhouette_client::{Configuration, Member};

use super::view::ConfigurationDocument;
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
  silhouettectl cluster members
  silhouettectl cluster members -o json | jq -r '.members[].addresses.client'")]
pub(crate) struct Members {}

/// The members of a cluster.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Listing {
    document: ConfigurationDocument,
    #[serde(skip)]
    rows: Vec<Row>,
}

/// A member, in a line of a table.
#[derive(Debug)]
struct Row {
    id: u64,
    name: String,
    role: String,
    status: &'static str,
    instance: String,
    replaces: Option<u64>,
    peer: String,
    client: String,
}

impl Listing {
    fn new(configuration: &Configuration) -> Self {
        let row = |member: &Member| Row {
            id: member.id.get(),
            name: member.name.clone(),
            role: if configuration.leader == Some(member.id) { "leader".to_owned() } else { member.state.to_string() },
            // As etcd says it: whether it has told the cluster who it is.
            status: if member.encoding_version > 0 { "started" } else { "unstarted" },
            instance: member.instance.clone(),
            replaces: member.replaces.map(silhouette_client::MemberId::get),
            peer: member.addresses.peer.clone(),
            client: member.addresses.client.clone(),
        };
        Self { document: configuration.into(), rows: configuration.members.iter().map(row).collect() }
    }
}

fn render(rows: &[Row], wide: bool) -> String {
    let more = if wide { &["INSTANCE", "REPLACES", "PEER-ADDR"][..] } else { &["PEER-ADDR"] };
    let mut table = Table::new(["ID", "NAME", "ROLE", "STATUS"], more.iter().copied(), "CLIENT-ADDR");
    for row in rows {
        let cells = [row.id.to_string(), or_none(Some(&row.name)), row.role.clone(), row.status.to_owned()];
        let peer = or_none(Some(&row.peer));
        let more = if wide { vec![row.instance.clone(), or_none(row.replaces), peer] } else { vec![peer] };
        table.row(cells, more, or_none(Some(&row.client)));
    }
    table.render()
}

impl View for Listing {
    fn table(&self, wide: bool) -> String {
        render(&self.rows, wide)
    }

    fn names(&self) -> Option<Vec<String>> {
        Some(self.rows.iter().map(|row| format!("member/{}", row.id)).collect())
    }
}

impl Members {
    /// Lists the members.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let configuration = session.client()?.cluster().members().await?;
        session.show(&Listing::new(&configuration))?;
        Ok(Exit::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_listed_with_role_and_addresses() {
        let row = |id, role: &str, status| Row {
            id,
            name: format!("node-{id}"),
            role: role.to_owned(),
            status,
            instance: "00ff".to_owned(),
            replaces: (id == 4).then_some(2),
            peer: format!("127.0.0.1:762{id}"),
            client: format!("127.0.0.1:761{id}"),
        };
        let rows = [row(1, "leader", "started"), row(4, "joining", "unstarted")];
        let expected = "\
ID   NAME     ROLE      STATUS      PEER-ADDR        CLIENT-ADDR
1    node-1   leader    started     127.0.0.1:7621   127.0.0.1:7611
4    node-4   joining   unstarted   127.0.0.1:7624   127.0.0.1:7614
";
        assert_eq!(render(&rows, false), expected);
        let expected = "\
ID   NAME     ROLE      STATUS      INSTANCE   REPLACES   PEER-ADDR        CLIENT-ADDR
1    node-1   leader    started     00ff       <none>     127.0.0.1:7621   127.0.0.1:7611
4    node-4   joining   unstarted   00ff       2          127.0.0.1:7624   127.0.0.1:7614
";
        assert_eq!(render(&rows, true), expected);
    }
}
