//! The activities of the patterns. They stand for services that a real system would call.

use patterns_contract::{PatternActivities, Resource};
use wrt_sdk::{ActivityContext, Error, Result};

wrt_sdk::export_activities!(Patterns as PatternActivities);

struct Patterns;

impl PatternActivities for Patterns {
    fn square(_ctx: &ActivityContext, number: u64) -> Result<u64> {
        Ok(number * number)
    }

    fn extract(_ctx: &ActivityContext, source: String) -> Result<Vec<String>> {
        Ok(source.split_whitespace().map(str::to_owned).collect())
    }

    fn transform(_ctx: &ActivityContext, words: Vec<String>) -> Result<Vec<String>> {
        match words.iter().find(|word| !word.is_ascii()) {
            Some(word) => Err(Error::application("BadWord", format!("{word} is not ASCII")).non_retryable()),
            None => Ok(words.iter().map(|word| word.to_lowercase()).collect()),
        }
    }

    fn load(_ctx: &ActivityContext, words: Vec<String>) -> Result<usize> {
        Ok(words.len())
    }

    fn exchange_rate(ctx: &ActivityContext, currency: String) -> Result<u64> {
        match currency.as_str() {
            "EUR" => Ok(100),
            "USD" => Ok(90),
            "JPY" if ctx.info().attempt < 3 => Err(Error::application("Unavailable", "the service is busy")),
            "JPY" => Ok(1),
            _ => {
                let unknown = format!("{currency} is not traded");
                Err(Error::application("UnknownCurrency", unknown).non_retryable())
            }
        }
    }

    fn watch_job(ctx: &ActivityContext, looks: u32) -> Result<u32> {
        let first = ctx.last_heartbeat::<u32>()?.unwrap_or(0);
        for look in first + 1..=looks {
            ctx.heartbeat(&look)?;
        }
        Ok(looks - first)
    }

    fn create_resource(ctx: &ActivityContext, kind: String) -> Result<Resource> {
        if kind == "broken" {
            return Err(Error::application("Refused", "the provider refuses").non_retryable());
        }
        Ok(Resource {
            id: format!("{kind}-{}", ctx.info().activity_id),
            kind,
        })
    }

    fn delete_resource(_ctx: &ActivityContext, _resource: Resource) -> Result<()> {
        Ok(())
    }
}
