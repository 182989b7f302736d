//! Scripts: calls in a row, written as text. `tests/oracle/README.md` describes the form.

use std::{collections::HashMap, fmt};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::caller;

/// What begins the title of a script.
const TITLE: &str = "## ";

/// Values that have a name in the rest of the text.
type Defined = HashMap<String, Value>;

/// Calls in a row, made to both servers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Script {
    pub(crate) title: String,
    pub(crate) steps: Vec<Step>,
}

/// One thing that is done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// Makes a call and waits for its answer.
    Call {
        /// Under which later steps refer to the answer.
        name: Option<String>,
        call: Call,
        /// The call is made only if this holds.
        when: Option<Condition>,
    },
    /// Begins a call and goes on.
    Begin { name: String, call: Call },
    /// Waits for the answer of a call that has been begun.
    Join { name: String },
    /// Waits until an answer has what is looked for.
    Until(Condition),
    /// Waits, for timers and timeouts.
    Sleep { milliseconds: u64 },
}

/// The name of a call, and its request with placeholders.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) request: Value,
}

/// That the answer of a call has certain fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) call: Call,
    pub(crate) has: Value,
}

// === impl Script ===

impl Script {
    /// The scripts in a text, each of which begins with a title.
    ///
    /// # Errors
    /// A step is not of the form.
    pub(crate) fn parse_all(text: &str) -> Result<Vec<Self>> {
        let mut scripts: Vec<Script> = Vec::new();
        let mut defined = Defined::new();
        for (first, rest) in paragraphs(text) {
            let whole = format!("{first} {rest}");
            match (first.as_str(), scripts.last_mut()) {
                ("##", _) => scripts.push(Script {
                    title: rest,
                    steps: Vec::new(),
                }),
                ("define", _) => {
                    let (name, value) = word(&rest);
                    let value = json(value).with_context(|| format!("read {whole:?}"))?.0;
                    defined.insert(name.to_owned(), with_defined(value, &defined));
                }
                (_, Some(script)) => {
                    let step = Step::parse(whole.trim());
                    let mut step = step.with_context(|| format!("read {whole:?} in {:?}", script.title))?;
                    step.requests(|value| *value = with_defined(value.take(), &defined));
                    script.steps.push(step);
                }
                (_, None) => bail!("begin with a title, `{TITLE}what this shows`, before {whole:?}"),
            }
        }
        Ok(scripts)
    }
}

/// The lines of a text without comments, each with the indented ones behind it: its first word, and the rest.
fn paragraphs(text: &str) -> Vec<(String, String)> {
    let is_comment = |line: &str| line.starts_with('#') && !line.starts_with(TITLE);
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !is_comment(line));
    let mut paragraphs: Vec<String> = Vec::new();
    for line in lines {
        match paragraphs.last_mut() {
            Some(last) if line.starts_with(' ') => *last = format!("{last} {}", line.trim()),
            _ => paragraphs.push(line.trim().to_owned()),
        }
    }
    let words = paragraphs.iter().map(|paragraph| word(paragraph));
    words.map(|(first, rest)| (first.to_owned(), rest.to_owned())).collect()
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}{}", self.title)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

// === impl Step ===

impl Step {
    /// Every request of the step, and all that is looked for.
    fn requests(&mut self, mut change: impl FnMut(&mut Value)) {
        let condition = match self {
            Step::Call { call, when, .. } => {
                change(&mut call.request);
                when.as_mut()
            }
            Step::Begin { call, .. } => {
                change(&mut call.request);
                None
            }
            Step::Until(condition) => Some(condition),
            Step::Join { .. } | Step::Sleep { .. } => None,
        };
        if let Some(condition) = condition {
            change(&mut condition.call.request);
            change(&mut condition.has);
        }
    }

    fn parse(text: &str) -> Result<Self> {
        let (first, rest) = word(text);
        match first {
            "join" => return Ok(Step::Join { name: rest.to_owned() }),
            "sleep" => {
                return Ok(Step::Sleep {
                    milliseconds: rest.parse()?,
                });
            }
            "until" => {
                let (condition, rest) = Condition::parse(rest)?;
                ensure!(rest.is_empty(), "{rest:?} is too much");
                return Ok(Step::Until(condition));
            }
            _ => {}
        }
        let (name, text) = match text.split_once(" = ") {
            Some((name, rest)) if !name.contains(' ') => (Some(name.to_owned()), rest),
            _ => (None, text),
        };
        if let Some(rest) = text.strip_prefix("begin ") {
            let (call, rest) = Call::parse(rest)?;
            ensure!(rest.is_empty(), "{rest:?} is too much");
            let name = name.context("what is begun needs a name")?;
            return Ok(Step::Begin { name, call });
        }
        let (call, rest) = Call::parse(text)?;
        let when = match word(rest) {
            ("", _) => None,
            ("when", condition) => Some(Condition::parse(condition)?.0),
            (other, _) => bail!("{other:?} is no word here"),
        };
        Ok(Step::Call { name, call, when })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Call { name, call, when } => {
                if let Some(name) = name {
                    write!(f, "{name} = ")?;
                }
                write!(f, "{call}")?;
                when.as_ref()
                    .map_or(Ok(()), |condition| write!(f, "\n  when {condition}"))
            }
            Step::Begin { name, call } => write!(f, "{name} = begin {call}"),
            Step::Join { name } => write!(f, "join {name}"),
            Step::Until(condition) => write!(f, "until {condition}"),
            Step::Sleep { milliseconds } => write!(f, "sleep {milliseconds}"),
        }
    }
}

// === impl Call ===

impl Call {
    fn parse(text: &str) -> Result<(Self, &str)> {
        let (method, rest) = word(text);
        ensure!(caller::method(method).is_some(), "there is no call {method:?}");
        let (request, rest) = json(rest)?;
        Ok((
            Call {
                method: method.to_owned(),
                request,
            },
            rest,
        ))
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.request)
    }
}

// === impl Condition ===

impl Condition {
    fn parse(text: &str) -> Result<(Self, &str)> {
        let (call, rest) = Call::parse(text)?;
        let (has, rest) = word(rest);
        ensure!(has == "has", "{has:?} stands where `has` should");
        let (has, rest) = json(rest)?;
        Ok((Condition { call, has }, rest))
    }

    /// Whether an answer has all that is looked for. An element of a list may be anywhere in the answer's list.
    pub(crate) fn holds(&self, answer: &Value) -> bool {
        has(&answer["answer"], &self.has)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has {}", self.call, self.has)
    }
}

fn has(answer: &Value, wanted: &Value) -> bool {
    match (answer, wanted) {
        (Value::Object(answer), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| answer.get(key).is_some_and(|value| has(value, wanted))),
        (Value::Array(answer), Value::Array(wanted)) => wanted
            .iter()
            .all(|wanted| answer.iter().any(|value| has(value, wanted))),
        (answer, wanted) => answer == wanted,
    }
}

/// A value with all that was defined in the place of `@` and its name.
fn with_defined(value: Value, defined: &Defined) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('@').and_then(|name| defined.get(name)) {
            Some(value) => value.clone(),
            None => text.into(),
        },
        Value::Array(items) => items.into_iter().map(|item| with_defined(item, defined)).collect(),
        Value::Object(fields) => {
            let fields = fields
                .into_iter()
                .map(|(key, value)| (key, with_defined(value, defined)));
            Value::Object(fields.collect())
        }
        other => other,
    }
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    (word, rest.trim())
}

/// The JSON value that a text begins with, and what follows it.
fn json(text: &str) -> Result<(Value, &str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = values
        .next()
        .context("a request is missing; write {} for an empty one")??;
    Ok((value, text[values.byte_offset()..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# A comment.
## One thing
start = StartWorkflowExecution {"workflowId": "w-%"}
task = PollWorkflowTaskQueue {}
  when DescribeWorkflowExecution {"execution": {"workflowId": "w-%"}}
  has {"pendingWorkflowTask": {}}
update = begin UpdateWorkflowExecution {}
join update

## Another thing
until ListWorkflowExecutions {} has {"executions": [{}]}
sleep 20
GetSystemInfo {}
"#;

    #[test]
    fn a_script_is_printed_as_it_is_read() {
        let scripts = Script::parse_all(TEXT).unwrap();
        let titles: Vec<_> = scripts
            .iter()
            .map(|script| (script.title.as_str(), script.steps.len()))
            .collect();
        assert_eq!(titles, [("One thing", 4), ("Another thing", 3)]);
        let printed: String = scripts.iter().map(Script::to_string).collect();
        assert_eq!(Script::parse_all(&printed).unwrap(), scripts);
    }

    #[test]
    fn what_is_defined_stands_for_it() {
        let text = r#"
define one {"x": 1}
define two ["@one"]
## T
GetSystemInfo {"a": "@two", "b": "@three"}
  when GetSystemInfo {} has "@one"
"#;
        let expected =
            "## T\nGetSystemInfo {\"a\":[{\"x\":1}],\"b\":\"@three\"}\n  when GetSystemInfo {} has {\"x\":1}\n";
        assert_eq!(Script::parse_all(text).unwrap()[0].to_string(), expected);
    }

    #[test]
    fn what_is_no_step_is_refused() {
        for step in [
            "Nothing {}",
            "GetSystemInfo",
            "GetSystemInfo {} {}",
            "begin GetSystemInfo {}",
            "sleep long",
            "a = b",
        ] {
            assert!(Script::parse_all(&format!("## T\n{step}\n")).is_err(), "{step}");
        }
        assert!(Script::parse_all("GetSystemInfo {}").is_err());
    }

    #[test]
    fn conditions_look_for_what_they_name() {
        let holds = |wanted: &str| {
            let text = format!("GetSystemInfo {{}} has {wanted}");
            let answer = serde_json::json!({"answer": {"a": {"b": 1, "c": 2}, "list": [{"x": 1}, {"x": 2}]}});
            Condition::parse(&text).unwrap().0.holds(&answer)
        };
        assert!(holds(r#"{"a": {"b": 1}}"#) && holds(r#"{"list": [{"x": 2}]}"#) && holds("{}"));
        assert!(!holds(r#"{"a": {"b": 2}}"#) && !holds(r#"{"list": [{"x": 3}]}"#) && !holds(r#"{"z": {}}"#));
    }
}
