//! The network's part of the command line (podman-run(1)).

use clap::{Arg, ArgAction, ArgMatches};
use process::{Error, Result, code};

use crate::{Dns, Exposed, Host, Hosts, Mode, Network, Port};

/// Adds `--network`, `--publish` and what belongs to them.
#[must_use]
pub fn arguments(command: clap::Command) -> clap::Command {
    let network = Arg::new("network").long("network").visible_alias("net").value_name("MODE").action(ArgAction::Append);
    flags(
        command
            .arg(network.help("Its network: pasta[:OPTION,...] (the default), none, host, container:NAME or ns:PATH")),
    )
}

/// Adds all but `--network`, for a command that has it.
pub(crate) fn flags(command: clap::Command) -> clap::Command {
    let list = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).action(ArgAction::Append).value_delimiter(',').help(help)
    };
    let only_bridge = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help).hide(true)
    };
    command.args([
        list(
            "publish",
            "[[IP:]PORT:]PORT[/udp]",
            "A port of the host that leads to one of the container; ranges as 80-82",
        )
        .short('p')
        .allow_hyphen_values(true),
        Arg::new("publish-all")
            .short('P')
            .long("publish-all")
            .action(ArgAction::SetTrue)
            .help("Publish all exposed ports on free ones of the host"),
        list("expose", "PORT[/udp]", "A port that the container offers"),
        list("dns", "ADDRESS", "A name server instead of the host's, or none"),
        list("dns-search", "DOMAIN", "A domain to look names up in instead of the host's"),
        list("dns-option", "OPTION", "An option of resolv.conf(5) instead of the host's").visible_alias("dns-opt"),
        list("add-host", "NAME:ADDRESS", "A name in /etc/hosts; host-gateway is the host's address"),
        Arg::new("no-hosts").long("no-hosts").action(ArgAction::SetTrue).help("Leave /etc/hosts as the image has it"),
        only_bridge("ip", "ADDRESS", "An IPv4 address; only for bridges"),
        only_bridge("ip6", "ADDRESS", "An IPv6 address; only for bridges"),
        only_bridge("mac-address", "ADDRESS", "A MAC address; only for bridges"),
        only_bridge("network-alias", "NAME", "A name in a network; only for bridges"),
    ])
}

impl Network {
    /// Reads them.
    ///
    /// # Errors
    /// In Podman's words, what cannot be read, is not there, or contradicts something else.
    pub fn from_arguments(matches: &ArgMatches) -> Result<Network> {
        let list = |name: &str| -> Vec<String> {
            let given = matches.get_many::<String>(name).into_iter().flatten();
            given.filter(|word| !word.is_empty()).cloned().collect()
        };
        let mode = mode(&list("network"))?;
        for name in ["ip", "ip6", "mac-address", "network-alias"] {
            if matches.get_one::<String>(name).is_some() {
                let text = "networks and static ip/mac address can only be used with Bridge mode networking";
                return Err(Error::because("invalid config provided", text).code(code::BAD_DNS));
            }
        }
        let dns = Dns::parse(&mode, &list("dns"), list("dns-search"), list("dns-option"))?;
        let added = list("add-host").iter().map(|text| Host::parse(text)).collect::<Result<Vec<_>>>()?;
        let from_image = matches.get_flag("no-hosts");
        if from_image && !added.is_empty() {
            return Err(Error::new("--no-hosts and --add-host cannot be set together").code(code::CONFLICT));
        }
        let exposed = each(&list("expose"), Exposed::parse)?;
        let ports = each(&list("publish"), Port::parse)?;
        let publish_all = matches.get_flag("publish-all");
        let hosts = Hosts { added, from_image };
        let mut network = Network { mode, ports, publish_all, exposed, dns, hosts };
        network.arrange()?;
        Ok(network)
    }
}

fn mode(given: &[String]) -> Result<Mode> {
    let modes = given.iter().map(|text| Mode::parse(text)).collect::<Result<Vec<_>>>()?;
    match &modes[..] {
        [] => Ok(Network::default().mode),
        [mode] => Ok(mode.clone()),
        [first, ..] => {
            let name = first.name();
            let text = format!("cannot set multiple networks without bridge network mode, selected mode {name}");
            Err(Error::because(text, "invalid argument").code(code::CONFLICT))
        }
    }
}

fn each<T>(texts: &[String], parse: impl Fn(&str) -> Result<Vec<T>>) -> Result<Vec<T>> {
    let mut all = Vec::new();
    for text in texts {
        all.extend(parse(text)?);
    }
    Ok(all)
}
