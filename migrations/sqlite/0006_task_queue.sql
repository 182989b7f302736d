-- What operators have set for task queues; a queue without a row has no settings.
CREATE TABLE task_queue (
    namespace_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- temporal.api.enums.v1.TaskQueueType: 1 is workflow, 2 is activity.
    kind INTEGER NOT NULL,
    -- An encoded temporal.api.taskqueue.v1.TaskQueueConfig.
    config BLOB NOT NULL,
    PRIMARY KEY (namespace_id, name, kind)
) STRICT;
