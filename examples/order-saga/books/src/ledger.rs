//! The books: what happened, once per idempotency key, and what the shop and the bank refuse.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};

/// The article that the shop never has.
const SOLD_OUT: &str = "out-of-stock";

/// The customer whose bank answers only every third time.
const UNRELIABLE_ACCOUNT: &str = "flaky-payment";

/// What an account holds, in cents.
const CREDIT: u64 = 1_000_000;

/// Everything that happened.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Ledger {
    /// Requests to have an effect, repeated and refused ones included.
    requests: u64,
    /// What happened, in order.
    effects: Vec<Entry>,
    /// Where the effect with a key is.
    #[serde(skip)]
    by_key: HashMap<String, usize>,
    /// How often the unreliable bank was asked, by key.
    #[serde(skip)]
    bank_calls: HashMap<String, u32>,
}

/// One effect.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Entry {
    /// The activity type, for instance `CreateOrder`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Every request with this key is the same request.
    pub(crate) idempotency_key: String,
    /// Who asked for it.
    pub(crate) workflow_id: String,
    pub(crate) input: Value,
    pub(crate) output: Value,
    /// Requests that asked for it.
    pub(crate) requests: u64,
}

/// Why something does not happen. A status from 400 on is final, one from 500 on may pass.
#[derive(Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    pub(crate) message: String,
}

impl Ledger {
    /// Has the effect, or gives the answer again when it has happened already.
    pub(crate) fn write(&mut self, mut entry: Entry) -> Result<Value, Refusal> {
        self.requests += 1;
        if let Some(&index) = self.by_key.get(&entry.idempotency_key) {
            self.effects[index].requests += 1;
            return Ok(self.effects[index].output.clone());
        }
        entry.output = self.effect(&entry)?;
        self.by_key.insert(entry.idempotency_key.clone(), self.effects.len());
        self.effects.push(entry);
        Ok(self
            .effects
            .last()
            .map(|entry| entry.output.clone())
            .unwrap_or_default())
    }

    fn effect(&mut self, entry: &Entry) -> Result<Value, Refusal> {
        let number = self.effects.len() + 1;
        match entry.kind.as_str() {
            "CreateOrder" => Ok(json!({ "order_id": format!("order-{number}") })),
            "ReserveInventory" => {
                in_stock(&entry.input)?;
                Ok(json!({ "reserve_id": format!("reserve-{number}") }))
            }
            "FreezePayment" => {
                self.bank_answers(entry)?;
                covered(&entry.input)?;
                Ok(json!({ "freeze_id": format!("freeze-{number}") }))
            }
            "CancelOrder" | "ReleaseInventory" | "UnfreezePayment" => Ok(Value::Null),
            other => Err(Refusal::malformed(format!("nobody knows how to {other}"))),
        }
    }

    fn bank_answers(&mut self, entry: &Entry) -> Result<(), Refusal> {
        if entry.input["user_id"] != UNRELIABLE_ACCOUNT {
            return Ok(());
        }
        let calls = self.bank_calls.entry(entry.idempotency_key.clone()).or_default();
        *calls += 1;
        if calls.is_multiple_of(3) {
            return Ok(());
        }
        Err(Refusal::new(
            503,
            "BankUnavailable",
            "the bank does not answer".to_owned(),
        ))
    }
}

fn in_stock(reservation: &Value) -> Result<(), Refusal> {
    let lines = reservation["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
    match lines.iter().any(|line| line["item"] == SOLD_OUT) {
        true => Err(Refusal::new(409, "OutOfStock", format!("there is no {SOLD_OUT} left"))),
        false => Ok(()),
    }
}

fn covered(payment: &Value) -> Result<(), Refusal> {
    match payment["amount"].as_u64() {
        Some(amount) if amount <= CREDIT => Ok(()),
        Some(amount) => Err(Refusal::new(
            402,
            "InsufficientFunds",
            format!("{amount} is more than {CREDIT}"),
        )),
        None => Err(Refusal::malformed("the payment has no amount".to_owned())),
    }
}

impl Entry {
    /// An effect that is asked for.
    pub(crate) fn new(kind: &str, idempotency_key: String, workflow_id: String, input: Value) -> Self {
        Entry {
            kind: kind.to_owned(),
            idempotency_key,
            workflow_id,
            input,
            output: Value::Null,
            requests: 1,
        }
    }
}

impl Refusal {
    fn new(status: u16, error: &'static str, message: String) -> Self {
        Refusal { status, error, message }
    }

    /// The request makes no sense.
    pub(crate) fn malformed(message: String) -> Self {
        Refusal::new(400, "MalformedRequest", message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: &str, key: &str, input: Value) -> Entry {
        Entry::new(kind, key.to_owned(), "w".to_owned(), input)
    }

    #[test]
    fn an_effect_happens_once_per_key() {
        let mut ledger = Ledger::default();
        let first = ledger.write(entry("CreateOrder", "a", json!({}))).unwrap();
        assert_eq!(ledger.write(entry("CreateOrder", "a", json!({}))).unwrap(), first);
        assert_ne!(ledger.write(entry("CreateOrder", "b", json!({}))).unwrap(), first);
        let requests: Vec<_> = ledger.effects.iter().map(|effect| effect.requests).collect();
        assert_eq!((ledger.requests, requests), (3, vec![2, 1]));
    }

    #[test]
    fn what_is_refused_has_no_effect() {
        let check = |kind: &str, input: Value, expected: (u16, &str)| {
            let mut ledger = Ledger::default();
            let refusal = ledger.write(entry(kind, "a", input)).unwrap_err();
            assert_eq!((refusal.status, refusal.error), expected);
            assert!(ledger.effects.is_empty());
        };
        let sold_out = json!({ "lines": [{ "item": "pen" }, { "item": "out-of-stock" }] });
        check("ReserveInventory", sold_out, (409, "OutOfStock"));
        check(
            "FreezePayment",
            json!({ "amount": CREDIT + 1 }),
            (402, "InsufficientFunds"),
        );
        check("FreezePayment", json!({ "amount": "much" }), (400, "MalformedRequest"));
        check("BakeCake", json!({}), (400, "MalformedRequest"));
    }

    #[test]
    fn the_unreliable_bank_answers_the_third_time() {
        let mut ledger = Ledger::default();
        let payment = || {
            entry(
                "FreezePayment",
                "a",
                json!({ "user_id": UNRELIABLE_ACCOUNT, "amount": 1 }),
            )
        };
        let statuses: Vec<_> = (0..4)
            .map(|_| ledger.write(payment()).map_err(|refusal| refusal.status))
            .collect();
        let frozen = Ok(json!({ "freeze_id": "freeze-1" }));
        assert_eq!(statuses, [Err(503), Err(503), frozen.clone(), frozen]);
    }
}
