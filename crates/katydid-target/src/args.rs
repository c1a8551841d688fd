//! Which options does `katydid target` take? Declared once here; the `katydid` command mounts them as a subcommand.

use crate::{Error, Fault, Law, Rule};
use clap::{Args as _, Command, ValueEnum};
use std::net::IpAddr;

const RULES_HELP: &str = "\
Laws:    fixed:20ms   uniform:10ms..30ms   lognormal:MEDIAN,SIGMA   spikes:BASE,every N,HEIGHT
Faults:  status:503@1%   reset@0.5%   garbage@1%   slow-body:2s@1%   limit:100/s (answers 429)
Both apply everywhere, or where a prefix says: '/orders=LAW', 'POST /orders=LAW', '/api/*=FAULT'.
A law may also replace a server's own one: model-a=, model-b= (agent); cache-miss=, event= (gateway);
commit= (mcp); first-token=, token=, query=, index=, tool= (llm).
Of several laws that match, the last one given counts; faults are tried in the order given.";

/// The options of `katydid target`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = RULES_HELP)]
pub struct Args {
    /// The server to run; `all` runs each on a port of its own
    #[arg(value_enum)]
    pub kind: Kind,

    /// Port to listen on; 0 takes a free one and prints it. With `all` the servers take consecutive ports from here
    /// [default: shop 8000, agent 8001, gateway 8002, mcp 8003, llm 8004]
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,

    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: IpAddr,

    /// How long answers take; may be given several times
    #[arg(long, value_name = "LAW", value_parser = parse_latency)]
    pub latency: Vec<Rule<Law>>,

    /// What goes wrong, and how often; may be given several times
    #[arg(long, value_name = "FAULT", value_parser = parse_fault)]
    pub fault: Vec<Rule<Fault>>,

    /// Seed of the laws and faults: the same seed gives the same sequence
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// A bearer token that the `mcp` server accepts besides those of POST /auth/login; may be given several times
    #[arg(long, value_name = "TOKEN")]
    pub token: Vec<String>,
}

/// A practice server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Health, orders, products
    Shop,
    /// An AI agent with two models: status, repair, chat
    Agent,
    /// An API gateway: cached resources, actions, server-sent events, WebSocket, metrics
    Gateway,
    /// An MCP gateway: entities under optimistic locking, JSON-RPC, bearer tokens
    Mcp,
    /// An OpenAI-compatible API, a RAG service and a tool server
    Llm,
    /// All of them
    All,
}

impl Kind {
    const SERVERS: [Self; 5] = [Self::Shop, Self::Agent, Self::Gateway, Self::Mcp, Self::Llm];

    /// The servers behind this word: itself, or each one.
    pub(crate) fn servers(self) -> Vec<Self> {
        if self == Self::All { Self::SERVERS.to_vec() } else { vec![self] }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Agent => "agent",
            Self::Gateway => "gateway",
            Self::Mcp => "mcp",
            Self::Llm => "llm",
            Self::All => "all",
        }
    }

    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Shop | Self::All => 8000,
            Self::Agent => 8001,
            Self::Gateway => 8002,
            Self::Mcp => 8003,
            Self::Llm => 8004,
        }
    }

    /// The names that a latency rule may use for this server's own laws.
    pub(crate) fn law_names(self) -> &'static [&'static str] {
        match self {
            Self::Shop | Self::All => &[],
            Self::Agent => &["model-a", "model-b"],
            Self::Gateway => &["cache-miss", "event"],
            Self::Mcp => &["commit"],
            Self::Llm => &["first-token", "token", "query", "index", "tool"],
        }
    }
}

/// The subcommand as clap knows it, with its help.
pub fn command() -> Command {
    Args::augment_args(Command::new("katydid-target").version(env!("CARGO_PKG_VERSION")))
        .about("Runs a practice server to try a suite against")
        .long_about(None)
}

fn parse_latency(text: &str) -> Result<Rule<Law>, Error> {
    text.parse()
}

fn parse_fault(text: &str) -> Result<Rule<Fault>, Error> {
    let rule: Rule<Fault> = text.parse()?;
    match rule.place.name() {
        Some(name) => {
            Err(Error::usage(format!("a fault applies to a route, not to '{name}'; write it as /path")))
        }
        None => Ok(rule),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches as _;

    fn parse(line: &[&str]) -> Result<Args, clap::Error> {
        let words = std::iter::once("katydid-target").chain(line.iter().copied());
        Args::from_arg_matches(&command().try_get_matches_from(words)?)
    }

    #[test]
    fn declaration_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn rules_are_collected_in_order() {
        let args =
            parse(&["shop", "--latency", "fixed:1ms", "--latency", "/a=fixed:2ms", "--fault", "reset@1%"])
                .expect("a good line");
        assert_eq!(args.latency.len(), 2);
        assert_eq!(args.fault.len(), 1);
        assert_eq!(args.host.to_string(), "127.0.0.1");
    }

    #[test]
    fn mistakes_are_named() {
        for (line, wanted) in [
            (vec!["bank"], "bank"),
            (vec!["shop", "--latency", "gauss:3ms"], "gauss"),
            (vec!["shop", "--fault", "model-a=reset@1%"], "model-a"),
            (vec!["shop", "--port", "70000"], "70000"),
        ] {
            let text = parse(&line).expect_err("a bad line").to_string();
            assert!(text.lines().next().is_some_and(|first| first.contains(wanted)), "{line:?}: {text}");
        }
    }
}
