//! What clients do meanwhile: they place orders, cancel some of them, and send notes, each until it is acknowledged.

use anyhow::Result;
use futures::{StreamExt as _, stream};
use tonic::{Code, Status};
use wrt_model::{
    payload,
    proto::{HistoryEvent, workflowservice::SignalWorkflowExecutionRequest},
};
use wrt_tests::{Client, Orders, Run};

/// Requests that are under way at the same time.
const CONCURRENCY: usize = 16;

/// Every so many orders, one is canceled by its customer.
const CANCELED_OF: usize = 4;

/// What a client wants and has perhaps been promised.
pub(crate) struct Load {
    client: Client,
    pub(crate) orders: Vec<Order>,
}

/// An order as its customer sees it.
pub(crate) struct Order {
    pub(crate) id: String,
    pause_ms: u64,
    /// The run, once the start was acknowledged.
    pub(crate) run: Option<Run>,
    pub(crate) signals: Vec<Signal>,
}

/// A signal of a customer, in this order.
pub(crate) struct Signal {
    pub(crate) name: &'static str,
    /// Tells it from all others. Sent again, it is the same signal.
    pub(crate) request_id: String,
    /// The life of the server in which it is sent first.
    from_life: usize,
    pub(crate) state: SignalState,
}

/// What the customer knows of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignalState {
    /// Not sent, or sent without an answer.
    Open,
    /// The server has promised it.
    Acknowledged,
    /// The order was over. An earlier attempt may have come in time.
    TooLate,
}

/// How an order ended, and all that happened to it.
pub(crate) struct End {
    pub(crate) close: HistoryEvent,
    pub(crate) history: Vec<HistoryEvent>,
}

impl Load {
    /// Orders whose signals are spread over all lives, and whose pauses are chosen by `pause_ms`.
    pub(crate) fn new(client: &Client, orders: usize, lives: usize, mut pause_ms: impl FnMut() -> u64) -> Self {
        let order = |index: usize| {
            let id = format!("order-{index}");
            let name = if index.is_multiple_of(CANCELED_OF) {
                "cancel-order"
            } else {
                "note"
            };
            Order {
                pause_ms: pause_ms(),
                run: None,
                signals: vec![Signal {
                    name,
                    request_id: format!("{id}/{name}"),
                    from_life: 2 + index % (lives - 2),
                    state: SignalState::Open,
                }],
                id,
            }
        };
        Load {
            client: client.clone(),
            orders: (0..orders).map(order).collect(),
        }
    }

    /// Sends what is due and not acknowledged; then waits for ever, as clients do who have nothing to say.
    pub(crate) async fn go_on(&mut self, life: usize) -> Result<(), Status> {
        self.finish(life).await?;
        std::future::pending().await
    }

    /// Sends what is due and not acknowledged.
    pub(crate) async fn finish(&mut self, life: usize) -> Result<(), Status> {
        let client = &self.client;
        let orders = self.orders.iter_mut().filter(|order| order.has_something_to_say(life));
        let mut sending = stream::iter(orders)
            .map(|order| order.send(client, life))
            .buffer_unordered(CONCURRENCY);
        while let Some(sent) = sending.next().await {
            sent?;
        }
        Ok(())
    }

    /// The end of every order.
    pub(crate) async fn ends(&self) -> Result<Vec<End>> {
        let mut ends = Vec::with_capacity(self.orders.len());
        for order in &self.orders {
            let run = self.client.run(&order.id, "");
            let close = run.closed().await?;
            let history = run.history().await?;
            ends.push(End { close, history });
        }
        Ok(ends)
    }

    /// What became of the orders and signals, in words.
    pub(crate) fn summary(&self, ends: &[End]) -> String {
        let completed = ends.iter().filter(|end| end.is_completed()).count();
        let signals = self.orders.iter().flat_map(|order| &order.signals);
        let acknowledged = signals.filter(|signal| signal.state == SignalState::Acknowledged);
        format!(
            "{completed} completed, {} undone, {} signals acknowledged",
            ends.len() - completed,
            acknowledged.count()
        )
    }
}

impl Order {
    fn has_something_to_say(&self, life: usize) -> bool {
        self.run.is_none() || self.signals.iter().any(|signal| signal.is_due(life))
    }

    async fn send(&mut self, client: &Client, life: usize) -> Result<(), Status> {
        if self.run.is_none() {
            let mut input = Orders::input(0);
            input["pause_ms"] = self.pause_ms.into();
            let mut request = client.starting("OrderWorkflow", "orders", &self.id, &input.to_string());
            request.request_id.clone_from(&self.id);
            self.run = Some(client.start(request).await?);
        }
        for signal in self.signals.iter_mut().filter(|signal| signal.is_due(life)) {
            signal.send(client, &self.id).await?;
        }
        Ok(())
    }
}

impl Signal {
    fn is_due(&self, life: usize) -> bool {
        self.state == SignalState::Open && self.from_life <= life
    }

    async fn send(&mut self, client: &Client, workflow_id: &str) -> Result<(), Status> {
        let request = SignalWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(client.run(workflow_id, "").execution()),
            signal_name: self.name.to_owned(),
            input: payload::payloads(vec![payload::json(format!("{:?}", self.request_id))]),
            request_id: self.request_id.clone(),
            ..Default::default()
        };
        self.state = match client.temporal().signal_workflow_execution(request).await {
            Ok(_) => SignalState::Acknowledged,
            Err(status) if status.code() == Code::NotFound => SignalState::TooLate,
            Err(status) => return Err(status),
        };
        Ok(())
    }
}
