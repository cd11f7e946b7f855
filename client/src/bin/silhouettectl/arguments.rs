//! The command line as it is typed: flags that every command takes, and the commands.

use std::time::Duration;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, builder::FalseyValueParser};

use crate::{
    cluster::ClusterCommand, completion::Completion, exit::Exit, man::ManualPages, output::Format, report::Report,
    round::RoundCommand, terminal::Color, version::Version,
};

/// The program's name, as it is typed.
pub(crate) const PROGRAM: &str = "silhouettectl";

/// A help page leads with examples: most people look for a line to adapt.
const HELP: &str = "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";
const GLOBAL: &str = "Options of every command";

/// Coordinate workers in rounds, and look up what they published without showing what you look up.
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    before_help = "\
Examples:
  silhouettectl cluster create --endpoints 127.0.0.1:7611,127.0.0.1:7612,127.0.0.1:7613
  silhouettectl round start levels-1 --workers 2
  printf 'vertex-17\\t3\\n' | silhouettectl round publish levels-1 --worker w0 --from -
  silhouettectl round wait levels-1
  silhouettectl round get levels-1 vertex-17 -o json

All of it is described in docs/silhouettectl.md, and in manual pages such as silhouettectl-round-get(1).",
    after_help = Exit::HELP
)]
pub(crate) struct Arguments {
    /// Flags of every command.
    #[command(flatten)]
    pub(crate) globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command. Each can be set by an environment variable; the flag wins.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is typed by itself")]
pub(crate) struct Globals {
    /// Client addresses of nodes, host:port; one that answers is enough, it names the others
    #[arg(
        long,
        global = true,
        env = "SILHOUETTECTL_ENDPOINTS",
        hide_env_values = true,
        value_name = "HOST:PORT,..",
        value_delimiter = ',',
        default_value = "127.0.0.1:7601",
        help_heading = GLOBAL
    )]
    pub(crate) endpoints: Vec<String>,
    /// How to show what was asked for
    #[arg(
        short,
        long,
        global = true,
        env = "SILHOUETTECTL_OUTPUT",
        hide_env_values = true,
        value_name = "FORMAT",
        value_enum,
        default_value_t = Format::Table,
        help_heading = GLOBAL
    )]
    pub(crate) output: Format,
    /// How long to try without progress, such as 5s [default: 30s; `round wait`: as long as it takes]
    #[arg(
        long,
        global = true,
        env = "SILHOUETTECTL_TIMEOUT",
        hide_env_values = true,
        value_name = "DURATION",
        value_parser = humantime::parse_duration,
        help_heading = GLOBAL
    )]
    pub(crate) timeout: Option<Duration>,
    /// When to colour
    #[arg(
        long,
        global = true,
        env = "SILHOUETTECTL_COLOR",
        hide_env_values = true,
        value_name = "WHEN",
        value_enum,
        default_value_t = Color::Auto,
        help_heading = GLOBAL
    )]
    pub(crate) color: Color,
    /// Say nothing of what was changed, and draw no progress
    #[arg(
        short,
        long,
        global = true,
        env = "SILHOUETTECTL_QUIET",
        hide_env_values = true,
        value_parser = FalseyValueParser::new(),
        help_heading = GLOBAL
    )]
    pub(crate) quiet: bool,
    /// Do not ask before something is removed
    #[arg(
        long,
        global = true,
        env = "SILHOUETTECTL_YES",
        hide_env_values = true,
        value_parser = FalseyValueParser::new(),
        help_heading = GLOBAL
    )]
    pub(crate) yes: bool,
    /// Never ask; fail where an answer is needed
    #[arg(
        long,
        global = true,
        env = "SILHOUETTECTL_NO_INPUT",
        hide_env_values = true,
        value_parser = FalseyValueParser::new(),
        help_heading = GLOBAL
    )]
    pub(crate) no_input: bool,
    /// Exit with 3 if nothing had to be changed
    #[arg(
        long,
        global = true,
        env = "SILHOUETTECTL_ERROR_UNCHANGED",
        hide_env_values = true,
        value_parser = FalseyValueParser::new(),
        help_heading = GLOBAL
    )]
    pub(crate) error_unchanged: bool,
    /// Tell on standard error what is tried where
    #[arg(
        long,
        global = true,
        env = "SILHOUETTECTL_DEBUG",
        hide_env_values = true,
        value_parser = FalseyValueParser::new(),
        help_heading = GLOBAL
    )]
    pub(crate) debug: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Form a cluster of nodes, look after its members
    #[command(subcommand, visible_alias = "clusters")]
    Cluster(ClusterCommand),
    /// Start a round, publish to it, look up its values
    #[command(subcommand, visible_alias = "rounds")]
    Round(RoundCommand),
    /// Write down all about a cluster that helps to find out what is wrong with it, and nothing secret
    Report(Report),
    /// Show the versions of this program and of the servers
    Version(Version),
    /// Print a script by which a shell completes commands and flags
    Completion(Completion),
    /// Write the manual pages
    #[command(hide = true)]
    Man(ManualPages),
}

impl Arguments {
    /// Reads the process's command line; ends the process with help, version or a usage error where due.
    pub(crate) fn read() -> Self {
        let matches = command().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// The whole command line, every help page in the same order.
pub(crate) fn command() -> clap::Command {
    fn arranged(command: clap::Command) -> clap::Command {
        command.help_template(HELP).mut_subcommands(arranged)
    }
    arranged(Arguments::command())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        let matches = command().try_get_matches_from(line.split(' '))?;
        Arguments::from_arg_matches(&matches)
    }

    #[test]
    fn the_declaration_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_and_after_a_command() {
        let before = parse("silhouettectl --endpoints a:1,b:2 -o json round list").expect("parses").globals;
        let after = parse("silhouettectl round list --endpoints a:1,b:2 --output json").expect("parses").globals;
        for globals in [before, after] {
            assert_eq!(globals.endpoints, ["a:1", "b:2"]);
            assert_eq!(globals.output, Format::Json);
            assert_eq!((globals.timeout, globals.yes, globals.quiet), (None, false, false));
        }
        let timeout = parse("silhouettectl version --timeout 1m30s -q").expect("parses").globals;
        assert_eq!((timeout.timeout, timeout.quiet), (Some(Duration::from_secs(90)), true));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_the_code_of_usage() {
        let wrong = [
            "silhouettectl round",
            "silhouettectl round list --output xml",
            "silhouettectl round start r1",
            "silhouettectl round start r1 --workers 0",
            "silhouettectl round start r1 --workers 2 --max-value-bytes 8 --fixed-value-bytes 8",
            "silhouettectl round start r1 --workers 2 --on-deadline seal",
            "silhouettectl round start r1 --workers 2 --deadline soon",
            "silhouettectl round publish r1 --from x",
            "silhouettectl round publish r1 --worker w0",
            "silhouettectl round get r1",
            "silhouettectl cluster remove 0",
            "silhouettectl cluster add",
        ];
        for line in wrong {
            let error = parse(line).expect_err(line);
            assert_eq!(error.exit_code(), i32::from(Exit::Usage as u8), "{line}");
        }
    }

    #[test]
    fn help_leads_with_examples_and_ends_with_exit_codes() {
        let help = command().render_long_help().to_string();
        let [examples, usage, codes] = ["Examples:", "Usage:", "Exit codes:"].map(|part| help.find(part));
        assert!(examples.is_some() && examples < usage && usage < codes, "{help}");
    }

    #[test]
    fn every_command_has_an_example() {
        fn check(command: &clap::Command) {
            let before = command.get_before_help().map(ToString::to_string).unwrap_or_default();
            assert!(before.starts_with("Examples:\n  silhouettectl"), "{}", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&command());
    }
}
