//! Who answers for names: `--dns`, `--dns-search`, `--dns-option`, and `/etc/resolv.conf` (resolv.conf(5)).

use std::fs;
use std::net::IpAddr;

use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

use crate::{Mode, Network};

/// Where pasta takes questions, for the servers that the host asks; a link-local address that nobody else has.
pub(crate) const FORWARDER: &str = "169.254.1.1";

/// What the command line says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dns {
    /// `--dns`: instead of the host's.
    pub servers: Vec<IpAddr>,
    /// `--dns-search`: instead of the host's; `.` for none.
    pub searches: Vec<String>,
    /// `--dns-option`: instead of the host's.
    pub options: Vec<String>,
    /// `--dns none`: the image's file stays.
    pub from_image: bool,
}

impl Dns {
    /// Reads the three lists.
    ///
    /// # Errors
    /// In Podman's words, when they contradict each other or the network.
    pub fn parse(mode: &Mode, servers: &[String], searches: Vec<String>, options: Vec<String>) -> Result<Dns> {
        for (name, given) in [("dns", servers), ("dns-search", &searches), ("dns-option", &options)] {
            if *mode == Mode::None && !given.is_empty() {
                return Err(
                    Error::new(format!("conflicting options: {name} and the network mode: none")).code(code::CONFLICT)
                );
            }
        }
        let from_image = servers.iter().any(|server| server == "none");
        if from_image && servers.len() > 1 {
            return Err(
                Error::new("none is not allowed to be specified with other DNS ip addresses").code(code::CONFLICT)
            );
        }
        for (name, given) in [("DNSSearch", &searches), ("DNSOption", &options)] {
            if from_image && !given.is_empty() {
                let text = format!("UseImageResolvConf and {name} are mutually exclusive options");
                return Err(Error::because("invalid config provided", text).code(code::BAD_DNS));
            }
        }
        if let Some(word) = searches.iter().chain(&options).find(|word| word.contains(char::is_whitespace)) {
            return Err(Error::new(format!("{word:?} is no DNS search domain or option: it has a space in it"))
                .code(code::BAD_DNS));
        }
        let address = |text: &String| {
            text.parse().map_err(|_| Error::new(format!("{text} is not an ip address")).code(code::BAD_DNS))
        };
        let servers = servers.iter().filter(|_| !from_image).map(address).collect::<Result<_>>()?;
        Ok(Dns { servers, searches, options, from_image })
    }
}

impl Network {
    /// What `/etc/resolv.conf` says in the container; `None` when the image's file stays.
    #[must_use]
    pub fn resolv_conf(&self) -> Option<String> {
        match (self.dns.from_image, &self.mode) {
            (true, _) => None,
            // Nobody answers there.
            (_, Mode::None) => Some(String::new()),
            _ => Some(resolv_conf(&self.dns, &self.mode, &host(self.own_namespace()))),
        }
    }
}

/// The host's file. Where systemd-resolved answers on a loopback address, which is not the container's, it leaves the
/// servers that it asks itself in another one.
fn host(own_namespace: bool) -> String {
    let text = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let only_stub = || words(&text, "nameserver").iter().all(|server| server == "127.0.0.53");
    if own_namespace && only_stub() {
        return fs::read_to_string("/run/systemd/resolve/resolv.conf").unwrap_or(text);
    }
    text
}

// ANCHOR: resolv_conf
fn resolv_conf(dns: &Dns, mode: &Mode, host: &str) -> String {
    let servers = match dns.servers.is_empty() {
        false => dns.servers.iter().map(IpAddr::to_string).collect(),
        true => forwarders(mode).into_iter().chain(servers(host, mode.own_namespace())).collect::<Vec<_>>(),
    };
    let or = |given: &[String], name| if given.is_empty() { words(host, name) } else { given.to_vec() };
    let searches = or(&dns.searches, "search");
    let options = or(&dns.options, "options");
    let mut text = String::new();
    if !searches.is_empty() && searches != ["."] {
        text += &format!("search {}\n", searches.join(" "));
    }
    text.extend(servers.iter().map(|server| format!("nameserver {server}\n")));
    if !options.is_empty() {
        text += &format!("options {}\n", options.join(" "));
    }
    text
}
// ANCHOR_END: resolv_conf

/// Where pasta takes questions: where it was told to, or where we tell it.
fn forwarders(mode: &Mode) -> Vec<String> {
    let Mode::Pasta(options) = mode else { return Vec::new() };
    match crate::pasta::values(options, "--dns-forward") {
        found if found.is_empty() => vec![FORWARDER.to_string()],
        found => found,
    }
}

/// The host's servers. Behind a loopback address of the host nobody is in the container.
fn servers(host: &str, own_namespace: bool) -> Vec<String> {
    let reachable = |text: &String| match text.split('%').next().unwrap_or_default().parse::<IpAddr>() {
        Ok(address) => !own_namespace || !(address.is_loopback() || address.is_unspecified()),
        Err(_) => false,
    };
    words(host, "nameserver").into_iter().filter(reachable).collect()
}

/// The words of all lines that begin with `name`; of `search` the last line counts.
fn words(text: &str, name: &str) -> Vec<String> {
    let mut lines = text.lines().filter_map(|line| {
        let mut words = line.split(['#', ';']).next().unwrap_or_default().split_whitespace();
        (words.next() == Some(name)).then(|| words.map(str::to_owned).collect::<Vec<_>>())
    });
    match name {
        "search" => lines.next_back().unwrap_or_default(),
        _ => lines.flatten().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "# by hand\nsearch old\nsearch lan example.org\nnameserver 127.0.0.1\nnameserver 192.0.2.1 # the router\n\
                        nameserver fe80::1%eth0\noptions ndots:2\n";
    const PASTA: Mode = Mode::Pasta(Vec::new());

    #[test]
    fn the_forwarder_and_the_hosts_servers() {
        let dns = Dns::default();
        assert_eq!(
            resolv_conf(&dns, &PASTA, HOST),
            "search lan example.org\nnameserver 169.254.1.1\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\noptions ndots:2\n"
        );
        assert_eq!(resolv_conf(&dns, &PASTA, ""), "nameserver 169.254.1.1\n");
        let told = Mode::Pasta(vec!["--dns-forward".into(), "10.0.0.3".into()]);
        assert_eq!(resolv_conf(&dns, &told, ""), "nameserver 10.0.0.3\n");
        assert!(resolv_conf(&dns, &Mode::Host, HOST).contains("nameserver 127.0.0.1\n"));
    }

    #[test]
    fn what_is_given_stands_instead() {
        let given = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        let dns = Dns::parse(&PASTA, &given(&["1.1.1.1"]), given(&["."]), given(&["edns0"])).unwrap();
        assert_eq!(resolv_conf(&dns, &PASTA, HOST), "nameserver 1.1.1.1\noptions edns0\n");
    }
}
