//! `wrt server`: a server for development, or one that a configuration file describes.

mod config;
mod door;
mod logging;
mod private;
mod process;
mod run;
mod settings;
mod signals;
mod temporal;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use wrt_model::proto::enums::IndexedValueType;

#[cfg(feature = "javascript")]
pub(crate) use self::settings::cache_dir;
use self::{
    config::Config,
    door::DoorArgs,
    logging::{LogArgs, LogFormat, LogLevel},
    settings::{Settings, listen_address, set},
    temporal::TemporalArgs,
};
pub(crate) use self::{door::host, private::PrivateServer};
use crate::{context::Context, exit::Exit, payload::key_value, search_attribute};

/// The port of a server that nobody has told otherwise, as it is Temporal's.
const DEFAULT_PORT: u16 = 7233;

/// Run a server as a configuration file describes it
///
/// What is not configured has the defaults of `start-dev`. Flags win over environment variables, and those over the
/// file.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_long_help = config::HELP)]
pub(crate) struct ServerArgs {
    #[command(subcommand)]
    verb: Option<ServerVerb>,
    /// A configuration file, in TOML
    #[arg(long, env = "WRT_CONFIG", hide_env_values = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen
    #[arg(long, env = "WRT_LISTEN", hide_env_values = true, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// The database file
    #[arg(long, short = 'f', env = "WRT_DATABASE", hide_env_values = true, value_name = "FILE")]
    db_filename: Option<PathBuf>,
    /// The folder for compiled components
    #[arg(long, env = "WRT_CACHE_DIR", hide_env_values = true, value_name = "FOLDER")]
    cache_dir: Option<PathBuf>,
    #[command(flatten)]
    door: DoorArgs,
    #[command(flatten)]
    log: LogArgs,
}

#[derive(Debug, Subcommand)]
enum ServerVerb {
    StartDev(Box<StartDevArgs>),
    StartTest(StartTestArgs),
}

/// Run a server for development
///
/// Takes the flags of Temporal's development server, so that the test environments of its SDKs can start it.
#[derive(Debug, Args)]
struct StartDevArgs {
    /// The port to listen on; 0 for any that is free
    #[arg(long, short, default_value_t = DEFAULT_PORT, value_name = "PORT")]
    port: u16,
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    ip: String,
    /// The database file, or `:memory:` [default: a file in the user's data folder for port 7233, memory for any other port]
    #[arg(long, short = 'f', value_name = "FILE")]
    db_filename: Option<PathBuf>,
    #[command(flatten)]
    door: DoorArgs,
    #[command(flatten)]
    log: LogArgs,
    /// A search attribute that each namespace is to have, such as `Color=Keyword`. Repeatable
    #[arg(long, value_parser = name_and_type, value_name = "NAME=TYPE")]
    search_attribute: Vec<(String, IndexedValueType)>,
    #[command(flatten)]
    temporal: TemporalArgs,
}

/// Run a server for tests, which skips time
///
/// Takes the place of Temporal's test server: while nothing is at work, its clock jumps to the next time at which something
/// happens. Tests lock and unlock that over Temporal's TestService, as the time-skipping environments of its SDKs do. These
/// start it as `wrt PORT`, which means the same. Its data are in memory.
#[derive(Debug, Args)]
struct StartTestArgs {
    /// The port to listen on; 0 for any that is free
    port: u16,
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    ip: String,
    /// Skip time from the beginning, and not only when a test has unlocked it
    #[arg(long)]
    enable_time_skipping: bool,
    #[command(flatten)]
    log: LogArgs,
}

impl ServerArgs {
    /// Runs the server until a signal ends it.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let settings = match &self.verb {
            Some(ServerVerb::StartDev(args)) => args.settings(&context.namespaces),
            Some(ServerVerb::StartTest(args)) => args.settings(&context.namespaces),
            None => self.configured()?,
        };
        logging::start(settings.log_level, settings.log_format);
        if let Some(ServerVerb::StartDev(args)) = &self.verb {
            args.temporal.explain(&settings);
        }
        run::run(settings, &context.output).await
    }

    fn configured(&self) -> anyhow::Result<Settings> {
        let config = self
            .config
            .as_deref()
            .map(Config::read)
            .transpose()?
            .unwrap_or_default();
        let mut settings = config.settings();
        set(&mut settings.listen, self.listen.clone());
        settings.database = self.db_filename.clone().or(settings.database);
        settings.cache_dir = self.cache_dir.clone().or(settings.cache_dir);
        self.door.apply_to(&mut settings);
        self.log.apply_to(&mut settings);
        Ok(settings)
    }
}

impl StartDevArgs {
    fn settings(&self, namespaces: &[String]) -> Settings {
        let mut settings = Settings::with_defaults();
        settings.listen = listen_address(&self.ip, self.port);
        settings.database = match &self.db_filename {
            // SQLite's own word for it.
            Some(file) if file.as_os_str() == ":memory:" => None,
            Some(file) => Some(file.clone()),
            // The server that somebody works with keeps what it was given.
            None if self.port == DEFAULT_PORT => Some(settings::data_dir().join(format!("dev-{DEFAULT_PORT}.db"))),
            // Tests choose ports by chance, and nobody would find or remove their files.
            None => None,
        };
        settings.namespaces.extend_from_slice(namespaces);
        settings.search_attributes = self.search_attribute.iter().cloned().collect();
        self.temporal.apply_to(&mut settings, &self.ip, self.port);
        self.door.apply_to(&mut settings);
        self.log.apply_to(&mut settings);
        settings
    }
}

impl StartTestArgs {
    fn settings(&self, namespaces: &[String]) -> Settings {
        let mut settings = Settings::with_defaults();
        settings.listen = listen_address(&self.ip, self.port);
        settings.database = None;
        settings.namespaces.extend_from_slice(namespaces);
        // A year is over at once; what tests want to look at afterwards is kept for ever.
        settings.retention = Duration::ZERO;
        settings.time_skipping = Some(u32::from(!self.enable_time_skipping));
        self.log.apply_to(&mut settings);
        settings
    }
}

/// Reads `NAME=TYPE`.
fn name_and_type(text: &str) -> Result<(String, IndexedValueType), String> {
    let (name, value_type) = key_value(text)?;
    Ok((name, search_attribute::value_type(&value_type)?))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        server: ServerArgs,
    }

    fn parse(line: &str) -> ServerArgs {
        Line::try_parse_from(line.split_whitespace()).unwrap().server
    }

    fn start_dev(line: &str) -> Settings {
        let Some(ServerVerb::StartDev(args)) = parse(line).verb else {
            panic!("not start-dev: {line}")
        };
        args.settings(&["shop".to_owned()])
    }

    #[test]
    fn the_development_server_takes_what_sdks_give() {
        let settings = start_dev(
            "server start-dev --port 7400 --ip ::1 --log-format pretty --log-level warn --headless --ui-port 8233 \
             --dynamic-config-value frontend.enableServerVersionCheck=false \
             --dynamic-config-value limit.historyCount.error=7 --db-filename x.db --search-attribute Color=Text",
        );
        assert_eq!(settings.listen, "[::1]:7400");
        assert_eq!(settings.database.as_deref(), Some(Path::new("x.db")));
        assert_eq!(settings.namespaces, ["default", "shop"]);
        assert_eq!(settings.search_attributes["Color"], IndexedValueType::Text);
        assert_eq!(settings.namespace_limits.history_count_error, 7);
        assert_eq!(settings.log_level, LogLevel::Warn);
    }

    #[test]
    fn the_development_server_shows_its_page_at_a_port_of_its_own() {
        let page = |line| {
            let settings = start_dev(line);
            (settings.page, settings.page_listen, settings.listen_also)
        };
        let own = |address: &str| (true, Some(address.to_owned()), vec![]);
        assert_eq!(page("server start-dev"), own("127.0.0.1:8233"));
        assert_eq!(page("server start-dev -p 7400 --ui-ip ::1"), own("[::1]:8400"));
        // On a port by chance, the page is where everything else is.
        assert_eq!(page("server start-dev -p 0"), (true, None, vec![]));
        let asked = (true, None, vec!["127.0.0.1:9000".to_owned()]);
        assert_eq!(page("server start-dev --ui-port 9000"), asked);
        assert_eq!(
            page("server start-dev --headless --ui-port 9000"),
            (false, None, vec![])
        );
    }

    #[test]
    fn the_development_server_keeps_its_data_in_a_file_on_its_own_port_only() {
        let database = start_dev("server start-dev").database;
        assert!(database.unwrap().ends_with("wrt/dev-7233.db"));
        assert_eq!(start_dev("server start-dev -p 7400").database, None);
        assert_eq!(start_dev("server start-dev -f :memory:").database, None);
        assert_eq!(start_dev("server start-dev --port 0").database, None);
    }

    #[test]
    fn the_test_server_skips_time_once_it_is_unlocked() {
        let start_test = |line| match parse(line).verb {
            Some(ServerVerb::StartTest(args)) => args.settings(&[]),
            other => panic!("not start-test: {other:?}"),
        };
        let settings = start_test("server start-test 7400");
        assert_eq!(
            (settings.listen.as_str(), settings.time_skipping),
            ("127.0.0.1:7400", Some(1))
        );
        assert_eq!(settings.database, None);
        let settings = start_test("server start-test 0 --enable-time-skipping");
        assert_eq!(settings.time_skipping, Some(0));
    }

    #[test]
    fn further_names_of_the_server_are_added_to_the_configured_ones() {
        let settings = start_dev("server start-dev --allowed-host wrt.example --allowed-host *.shop.example");
        assert_eq!(settings.allowed_hosts, ["wrt.example", "*.shop.example"]);
        let line = ["server", "start-dev", "--allowed-host", "http://wrt.example/"];
        let error = Line::try_parse_from(line).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("not a host without scheme, port and path"), "{error}");
    }

    #[test]
    fn flags_win_over_the_configuration_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wrt.toml");
        std::fs::write(
            &file,
            "listen = \"0.0.0.0:1\"\nallowed_hosts = [\"a\"]\n[database]\npath = \"a.db\"\n[log]\nformat = \"json\"",
        )
        .unwrap();
        let args = parse(&format!(
            "server --config {} --listen [::]:2 --allowed-host b",
            file.display()
        ));
        let settings = args.configured().unwrap();
        assert_eq!(settings.listen, "[::]:2");
        assert_eq!(settings.allowed_hosts, ["a", "b"]);
        assert_eq!(settings.database.as_deref(), Some(Path::new("a.db")));
        assert_eq!(settings.log_format, LogFormat::Json);
    }
}
