//! One request to the books.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wrt_sdk::{ActivityContext, Error, Result, http};

/// Where the books are, for instance `http://127.0.0.1:8080`. Granted when the component is deployed.
const BOOKS_URL: &str = "BOOKS_URL";

/// Why the books refuse, as they say it.
#[derive(Deserialize)]
struct Refusal {
    error: String,
    message: String,
}

/// Writes one effect into the books: `POST /effects/<activity type>`.
///
/// A request that is repeated with the same key gets the same answer and has no second effect. Statuses from 400 to 499
/// are final; after any other one the attempt is worth repeating.
pub(crate) fn write<T: DeserializeOwned>(ctx: &ActivityContext, effect: &impl Serialize) -> Result<T> {
    let base = std::env::var(BOOKS_URL).map_err(|_| {
        Error::application(
            "NotConfigured",
            format!("the environment has no {BOOKS_URL}; grant it with the deployment"),
        )
    })?;
    let info = ctx.info();
    let answer = http::post(format!("{base}/effects/{}", info.activity_type))
        .header("idempotency-key", info.idempotency_key.as_str())
        .header("workflow-id", info.workflow_id.as_str())
        .json(effect)?
        .send()?;
    if answer.is_success() {
        return Ok(answer.json()?);
    }
    let refusal: Refusal = answer.json()?;
    let error = Error::application(refusal.error, refusal.message);
    Err(if (400..500).contains(&answer.status) {
        error.non_retryable()
    } else {
        error
    })
}
