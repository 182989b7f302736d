//! The command line: its nouns, and the flags that all of them take.

use std::{ffi::OsString, future::Future, time::Duration};

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};

use crate::{
    activity::ActivityCommand,
    batch::BatchCommand,
    build::BuildArgs,
    codec::CodecArgs,
    completion::CompletionArgs,
    context::Context,
    deploy::DeployArgs,
    exit::{self, Exit},
    module::ModuleCommand,
    namespace::NamespaceCommand,
    output::{Color, Format, Output},
    page::UiArgs,
    run::RunArgs,
    schedule::ScheduleCommand,
    search_attribute::SearchAttributeCommand,
    server::ServerArgs,
    task_queue::TaskQueueCommand,
    worker_deployment::WorkerCommand,
    workflow::WorkflowCommand,
};

/// Durable workflows as WebAssembly components, behind Temporal's API.
#[derive(Debug, Parser)]
#[command(name = "wrt", version, after_help = exit::HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

/// Flags that may stand anywhere in the command line.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct GlobalArgs {
    /// Address of the server [default: $TEMPORAL_ADDRESS, or 127.0.0.1:7233]
    #[arg(
        long,
        global = true,
        env = "WRT_ADDRESS",
        hide_env_values = true,
        value_name = "HOST:PORT"
    )]
    address: Option<String>,
    /// Namespace to work in. `server start-dev` registers each one that is given
    #[arg(
        long,
        short,
        global = true,
        env = "TEMPORAL_NAMESPACE",
        hide_env_values = true,
        default_value = "default",
        value_name = "NAME"
    )]
    namespace: Vec<String>,
    /// How to print data; JSON follows Temporal's messages
    #[arg(long, short, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    /// When to color
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,
    /// Give up after this time, such as `30s` or `5m`
    #[arg(long, global = true, value_parser = humantime::parse_duration, value_name = "TIME")]
    command_timeout: Option<Duration>,
    #[command(flatten)]
    codec: CodecArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    Server(ServerArgs),
    Build(BuildArgs),
    Run(RunArgs),
    Deploy(DeployArgs),
    /// Deployed components and their versions
    #[command(subcommand)]
    Module(ModuleCommand),
    /// Workflow executions
    #[command(subcommand)]
    Workflow(WorkflowCommand),
    /// Activities: ending them from outside of their workers, pausing and resetting them
    #[command(subcommand)]
    Activity(ActivityCommand),
    /// Batch operations, which do one thing to many workflows
    #[command(subcommand)]
    Batch(BatchCommand),
    /// Schedules, which start workflows again and again
    #[command(subcommand)]
    Schedule(Box<ScheduleCommand>),
    /// Task queues: what waits, who polls, and what limits them
    #[command(subcommand)]
    TaskQueue(TaskQueueCommand),
    /// Workers outside of the server
    #[command(subcommand)]
    Worker(WorkerCommand),
    /// Namespaces
    #[command(subcommand)]
    Namespace(NamespaceCommand),
    /// Temporal's place for the verbs of operators
    #[command(subcommand)]
    Operator(OperatorCommand),
    Ui(UiArgs),
    Completion(CompletionArgs),
}

#[derive(Debug, Subcommand)]
enum OperatorCommand {
    /// Namespaces
    #[command(subcommand)]
    Namespace(NamespaceCommand),
    /// What workflows can be found by
    #[command(subcommand)]
    SearchAttribute(SearchAttributeCommand),
}

/// Reads the command line. `wrt PORT` stands for `wrt server start-test PORT`: so Temporal's SDKs start a test server.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut words: Vec<_> = words.into_iter().collect();
    if words
        .get(1)
        .and_then(|word| word.to_str())
        .is_some_and(|word| word.parse::<u16>().is_ok())
    {
        words.splice(1..1, ["server", "start-test"].map(OsString::from));
    }
    Cli::try_parse_from(words)
}

/// Does what the command line says.
pub(crate) fn run(cli: Cli) -> anyhow::Result<Exit> {
    let Cli { global, command } = cli;
    let timeout = global.command_timeout;
    let context = global.into_context();
    let runtime = tokio::runtime::Runtime::new().context("start the async runtime")?;
    let outcome = runtime.block_on(within(timeout, command.run(&context)));
    // A task that is stuck in a blocking call must not keep the process alive.
    runtime.shutdown_background();
    outcome
}

async fn within(timeout: Option<Duration>, work: impl Future<Output = anyhow::Result<Exit>>) -> anyhow::Result<Exit> {
    match timeout {
        None => work.await,
        Some(timeout) => match tokio::time::timeout(timeout, work).await {
            Ok(outcome) => outcome,
            Err(_) => bail!(
                "gave up after --command-timeout {}; what was asked for may still happen",
                humantime::format_duration(timeout)
            ),
        },
    }
}

impl Command {
    async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        match self {
            Command::Server(args) => args.run(context).await,
            Command::Build(args) => args.run(context).await,
            Command::Run(args) => args.run(context).await,
            Command::Deploy(args) => args.run(context).await,
            Command::Module(command) => command.run(context).await,
            Command::Workflow(command) => command.run(context).await,
            Command::Activity(command) => command.run(context).await,
            Command::Batch(command) => command.run(context).await,
            Command::Schedule(command) => command.run(context).await,
            Command::TaskQueue(command) => command.run(context).await,
            Command::Worker(command) => command.run(context).await,
            Command::Namespace(command) | Command::Operator(OperatorCommand::Namespace(command)) => {
                command.run(context).await
            }
            Command::Operator(OperatorCommand::SearchAttribute(command)) => command.run(context).await,
            Command::Ui(args) => args.run(context).await,
            Command::Completion(args) => args.run(),
        }
    }
}

impl GlobalArgs {
    fn into_context(self) -> Context {
        Context {
            output: Output::new(self.output, self.color),
            address: self
                .address
                .or_else(|| std::env::var("TEMPORAL_ADDRESS").ok())
                .unwrap_or_else(|| "127.0.0.1:7233".to_owned()),
            namespaces: self.namespace,
            codec: self.codec,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_help_of_every_verb() {
        let mut command = Cli::command().term_width(100);
        command.build();
        let mut pages = String::new();
        collect_help(&mut command, &mut pages);
        insta::assert_snapshot!(pages);
    }

    fn collect_help(command: &mut clap::Command, pages: &mut String) {
        // The flags that all verbs share are on the first page; shells and versions need no page.
        *command = command.clone().disable_help_flag(true);
        let help = command.render_help().to_string();
        let help = help.split("\nGlobal options:").next().unwrap_or_default();
        *pages += &format!("{}\n==========\n", help.trim_end());
        for verb in command.get_subcommands_mut().filter(|verb| verb.get_name() != "help") {
            collect_help(verb, pages);
        }
    }

    #[test]
    fn lines_of_temporals_command_line_are_understood() {
        for line in [
            "wrt workflow start --type Order -t orders -w order-1 -i '{}' --id-conflict-policy UseExisting",
            "wrt workflow start --type Order --id-reuse-policy allowduplicatefailedonly --memo a=1 --start-delay 10s",
            "wrt workflow execute --type Order --input 1 --input 2 --execution-timeout 1h --task-timeout 10s",
            "wrt --address a:1 workflow list --query WorkflowType='Order' --limit 3 -o jsonl",
            "wrt workflow list --address a:1 -n shop --fields workflow-id,close-time --output table",
            "wrt workflow signal --workflow-id a --run-id b --name go --input-file x.json",
            "wrt workflow signal-with-start --signal-name go --signal-input 1 --type Order -w a",
            "wrt workflow update execute -w a --name approve -i 1 --update-id u",
            "wrt workflow update start -w a --name approve --wait-for-stage accepted",
            "wrt workflow update result -w a --update-id u",
            "wrt workflow query -w a --type status --reject-condition not_open",
            "wrt workflow stack -w a -r b --detailed --reject-condition not_open",
            "wrt workflow metadata -w a -o json",
            "wrt workflow show -w a --follow --detailed --color never",
            "wrt workflow terminate -w a --reason enough --command-timeout 5s",
            "wrt workflow reset -w a -r b --event-id 4 --reason r --reapply-exclude Signal,Update",
            "wrt workflow reset -w a -t LastWorkflowTask --reapply-exclude all",
            "wrt workflow delete -w a -r b",
            "wrt activity complete --activity-id 3 -w a --result 1 --identity me",
            "wrt activity fail -a 3 -w a --reason r --detail 1",
            "wrt activity pause -a 3 -w a --reason r",
            "wrt activity unpause --activity-type Bake -w a --reset-attempts --reset-heartbeats --jitter 10s",
            "wrt activity unpause --match-all -w a",
            "wrt activity reset -a 3 -w a -r b --keep-paused --restore-original-options",
            "wrt activity update-options -a 3 -w a --task-queue q --retry-maximum-attempts 5 --heartbeat-timeout 3s",
            "wrt workflow pause -w a --reason holidays",
            "wrt workflow unpause -w a -r b",
            "wrt workflow terminate -q ExecutionStatus='Running' --reason r --yes --rps 5",
            "wrt workflow cancel --query WorkflowType='A' -y",
            "wrt workflow signal -q WorkflowType='A' --name go -i 1",
            "wrt workflow delete -q WorkflowType='A' --reason r",
            "wrt workflow reset -q WorkflowType='A' -t FirstWorkflowTask",
            "wrt batch describe --job-id j",
            "wrt batch list --limit 3 -o json",
            "wrt batch terminate --job-id j --reason r",
            "wrt schedule create -s nightly --cron @daily --overlap-policy BufferOne --type Order -w a -t orders -i 1",
            "wrt schedule create --schedule-id s --interval 1h/10m --calendar {} --jitter 5m --time-zone UTC --type A",
            "wrt schedule update -s a --type A --catchup-window 1m --pause-on-failure --remaining-actions 3 --notes x",
            "wrt schedule trigger -s a --overlap-policy allowall",
            "wrt schedule toggle -s a --pause --reason holidays",
            "wrt schedule backfill -s a --start-time 2026-01-01T00:00:00Z --end-time 2026-01-02T00:00:00Z",
            "wrt schedule list --query TemporalSchedulePaused=true -o json",
            "wrt schedule delete -s a",
            "wrt task-queue describe -t orders --task-queue-type activity --task-queue-type Workflow --report-config",
            "wrt task-queue config get --task-queue orders --task-queue-type activity",
            "wrt task-queue config set -t orders --queue-rps-limit 5 --queue-rps-limit-reason r",
            "wrt task-queue config set -t orders --fairness-key-rps-limit-default default --fairness-key-weight a=2.5",
            "wrt worker deployment list -o json",
            "wrt worker deployment describe --name shop",
            "wrt worker deployment describe-version --deployment-name shop --build-id 1 --report-task-queue-stats",
            "wrt worker deployment set-current-version --deployment-name shop --build-id 1 --allow-no-pollers",
            "wrt worker deployment set-ramping-version --deployment-name shop --unversioned --percentage 5",
            "wrt worker deployment set-ramping-version --deployment-name shop --delete",
            "wrt worker deployment delete-version --deployment-name shop --build-id 1 --skip-drainage",
            "wrt worker deployment update-metadata-version --deployment-name s --build-id 1 --metadata a=1",
            "wrt worker deployment manager-identity set --deployment-name shop --self",
            "wrt worker deployment manager-identity unset --deployment-name shop",
            "wrt operator namespace create -n shop --retention 30d --email a@b",
            "wrt namespace update shop --data a=b",
            "wrt operator search-attribute create --name Color --type keyword --name Amount --type Int",
            "wrt operator search-attribute list -n shop -o json",
            "wrt operator search-attribute remove --name Color --name Amount --yes",
            "wrt workflow start --type A --search-attribute Color=\"red\" --search-attribute Amount=7",
            "wrt server start-dev --search-attribute a=Text",
            "wrt deploy x.wasm --name orders -t orders --allow-http books:8080 --env A=B --no-set-current",
            "wrt module set-current orders --build-id 12ab",
            "wrt server start-dev -n a -n b --headless --ip 0.0.0.0",
            "wrt completion zsh",
        ] {
            let parsed = Cli::try_parse_from(line.split_whitespace());
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn lines_that_make_no_sense_are_refused() {
        for line in [
            "wrt",
            "wrt workflow start",
            "wrt workflow start --type A --memo a",
            "wrt workflow start --type A --input 1 --input-file x",
            "wrt workflow query -w a",
            "wrt workflow reset -w a",
            "wrt workflow reset -w a -e 4 -t LastWorkflowTask",
            "wrt workflow terminate",
            "wrt workflow terminate -w a -q WorkflowType='A'",
            "wrt workflow terminate -w a --yes",
            "wrt activity pause -a 3 --activity-type Bake -w a",
            "wrt workflow list --fields colour",
            "wrt server start-dev --search-attribute a=Words",
            "wrt operator search-attribute create --name Color --type Colour",
            "wrt server --config x start-dev",
            "wrt namespace create a --retention soon",
            "wrt schedule create -s a",
            "wrt schedule create --type A",
            "wrt task-queue describe",
            "wrt task-queue config set -t orders --queue-rps-limit soon",
            "wrt worker deployment set-current-version --deployment-name shop",
            "wrt worker deployment manager-identity set --deployment-name shop",
            "wrt schedule toggle -s a",
            "wrt schedule toggle -s a --pause --unpause",
            "wrt schedule backfill -s a --start-time yesterday --end-time 2026-01-02T00:00:00Z",
        ] {
            let parsed = Cli::try_parse_from(line.split_whitespace());
            assert_eq!(parsed.err().map(|error| error.exit_code()), Some(2), "{line}");
        }
    }

    #[test]
    fn a_port_alone_stands_for_a_test_server() {
        let parsed = |line: &str| parse(line.split_whitespace().map(OsString::from));
        let Command::Server(args) = parsed("wrt 7400 --enable-time-skipping").unwrap().command else {
            panic!("not a server")
        };
        assert!(format!("{args:?}").contains("StartTest"), "{args:?}");
        assert!(parsed("wrt 99999").is_err());
        assert!(parsed("wrt batch list").is_ok());
    }

    #[tokio::test]
    async fn a_namespace_is_one_except_for_the_development_server() {
        let cli = Cli::try_parse_from("wrt workflow list -n a -n b".split(' ')).unwrap();
        let context = cli.global.into_context();
        assert_eq!(context.namespaces, ["a", "b"]);
        let error = cli.command.run(&context).await.unwrap_err().to_string();
        assert_eq!(
            error,
            "--namespace is given 2 times; this command works in one namespace"
        );
    }

    #[tokio::test]
    async fn a_command_that_takes_too_long_is_given_up() {
        let error = within(Some(Duration::from_millis(1)), std::future::pending())
            .await
            .unwrap_err();
        assert!(
            error.to_string().starts_with("gave up after --command-timeout 1ms"),
            "{error}"
        );
    }
}
