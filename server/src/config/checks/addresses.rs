//! Where a node listens, and what others are told.

use std::net::{IpAddr, SocketAddr};

use super::{super::Configuration, Checks};

/// One of a node's addresses.
struct Listener<'a> {
    section: &'static str,
    addr: SocketAddr,
    advertise: Option<&'a str>,
}

pub(super) fn check(configuration: &Configuration, dev: bool, checks: &mut Checks<'_>) {
    let Configuration { client, peer, http, insecure, .. } = configuration;
    let listeners = [
        Listener { section: "client", addr: client.addr, advertise: client.advertise_addr.as_deref() },
        Listener { section: "peer", addr: peer.addr, advertise: peer.advertise_addr.as_deref() },
        Listener { section: "http", addr: http.addr, advertise: http.advertise_addr.as_deref() },
    ];
    for listener in &listeners {
        listener.check_exposure(*insecure, dev, checks);
        listener.check_advertised(checks);
    }
    for (index, listener) in listeners.iter().enumerate() {
        for other in &listeners[..index] {
            let (path, other_path) = (listener.path(), other.path());
            checks.require(
                listener.addr != other.addr || listener.addr.port() == 0,
                [path.as_str(), other_path.as_str()],
                format_args!("must not be the address of `{other_path}`, {}", other.addr),
            );
        }
    }
}

impl Listener<'_> {
    fn path(&self) -> String {
        format!("{}.addr", self.section)
    }

    fn check_exposure(&self, insecure: bool, dev: bool, checks: &mut Checks<'_>) {
        let Self { addr, .. } = self;
        let must = if dev {
            format!("must be a loopback address, not {addr}: --dev is for one machine alone")
        } else {
            format!(
                "must be a loopback address, not {addr}: nothing is encrypted or authenticated; --insecure allows it"
            )
        };
        checks.require(addr.ip().is_loopback() || (insecure && !dev), [self.path().as_str(), "insecure"], must);
    }

    fn check_advertised(&self, checks: &mut Checks<'_>) {
        let Self { section, addr, advertise } = self;
        match advertise {
            Some(advertise) => checks.require(
                can_be_dialled(advertise),
                [format!("{section}.advertise_addr").as_str()],
                format_args!("must be HOST:PORT that others can dial, not {advertise:?} (--advertise-{section}-addr)"),
            ),
            None => checks.require(
                !addr.ip().is_unspecified(),
                [self.path().as_str()],
                format_args!("is {addr}, which others cannot dial: give --advertise-{section}-addr HOST:PORT"),
            ),
        }
    }
}

fn can_be_dialled(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let is_unspecified = host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_unspecified());
        let is_host = !host.is_empty() && !host.contains(char::is_whitespace) && !is_unspecified;
        is_host && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}
