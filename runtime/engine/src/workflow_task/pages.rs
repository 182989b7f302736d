//! The commands of a workflow task that come in several calls: pages wait in memory for the last one.

use std::collections::BTreeMap;

use prost::Message;
use wrt_machine::Rejection;
use wrt_model::{
    proto::{Command, enums::WorkflowTaskFailedCause},
    task::WorkflowTaskToken,
};

use crate::EngineError;

/// The pages of one workflow task. They are in memory only: a worker sends those again that are lost.
#[derive(Debug, Default)]
pub(crate) struct CompletionPages {
    /// The task, once there is a page.
    token: Option<WorkflowTaskToken>,
    /// By their numbers, because they may come in any order.
    pages: BTreeMap<i32, Vec<Command>>,
}

impl CompletionPages {
    /// Keeps a page. One that comes again takes the place of its first copy, and another task's are forgotten.
    pub(super) fn keep(
        &mut self,
        token: &WorkflowTaskToken,
        number: i32,
        commands: Vec<Command>,
        limit_bytes: u64,
    ) -> Result<(), Rejection> {
        if self.token.as_ref() != Some(token) {
            self.token = Some(token.clone());
            self.pages.clear();
        }
        self.pages.insert(number, commands);
        let bytes = self.memory_bytes() as u64;
        if bytes > limit_bytes {
            self.pages.clear();
            return Err(Rejection::BadCommands {
                cause: WorkflowTaskFailedCause::GrpcMessageTooLarge,
                message: format!(
                    "the commands of the workflow task have more than {limit_bytes} bytes (the limit \
                     workflow_task_completion_size_error of the namespace); schedule less at a time"
                ),
            });
        }
        Ok(())
    }

    /// Puts the commands of the pages before the last one, of which there have to be so many, before its own.
    pub(super) fn complete(
        &mut self,
        token: &WorkflowTaskToken,
        count: i32,
        last: Vec<Command>,
    ) -> Result<Vec<Command>, EngineError> {
        let CompletionPages { token: kept, pages } = std::mem::take(self);
        if count == 0 {
            return Ok(last);
        }
        if kept.as_ref() != Some(token) || !pages.keys().copied().eq(0..count) {
            return Err(EngineError::WorkflowTaskPagesLost);
        }
        Ok(pages.into_values().flatten().chain(last).collect())
    }

    /// The size of all commands.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.pages.values().flatten().map(Message::encoded_len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNLIMITED: u64 = u64::MAX;

    fn token(attempt: i32) -> WorkflowTaskToken {
        WorkflowTaskToken {
            attempt,
            ..Default::default()
        }
    }

    /// A command that can be told from others by its type.
    fn commands(types: &[i32]) -> Vec<Command> {
        let command = |&command_type: &i32| Command {
            command_type,
            ..Default::default()
        };
        types.iter().map(command).collect()
    }

    #[test]
    fn pages_are_joined_in_their_order() {
        let mut pages = CompletionPages::default();
        for (number, types) in [(1, [3, 4]), (0, [9, 9]), (0, [1, 2])] {
            pages.keep(&token(1), number, commands(&types), UNLIMITED).unwrap();
        }
        let joined = pages.complete(&token(1), 2, commands(&[5])).unwrap();
        assert_eq!(joined, commands(&[1, 2, 3, 4, 5]));
        assert_eq!(pages.memory_bytes(), 0);
    }

    #[test]
    fn one_page_is_no_page() {
        let done = CompletionPages::default().complete(&token(1), 0, commands(&[1]));
        assert_eq!(done.unwrap(), commands(&[1]));
    }

    #[test]
    fn lost_pages_are_told() {
        let kept: [&[(i32, i32)]; 4] = [&[], &[(1, 1)], &[(1, 0)], &[(1, 0), (1, 1), (2, 0)]];
        for case in kept {
            let mut pages = CompletionPages::default();
            for &(attempt, number) in case {
                let kept = pages.keep(&token(attempt), number, commands(&[1]), UNLIMITED);
                kept.unwrap();
            }
            let done = pages.complete(&token(1), 2, Vec::new());
            assert!(matches!(done, Err(EngineError::WorkflowTaskPagesLost)), "{case:?}");
        }
    }

    #[test]
    fn too_many_commands_fail_the_task() {
        let mut pages = CompletionPages::default();
        pages.keep(&token(1), 0, commands(&[1]), 2).unwrap();
        let kept = pages.keep(&token(1), 1, commands(&[1]), 2);
        assert!(matches!(kept, Err(Rejection::BadCommands { .. })), "{kept:?}");
        assert_eq!(pages.memory_bytes(), 0);
    }
}
