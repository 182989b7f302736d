CREATE TABLE schedule (
    namespace_id TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    -- Nanoseconds since the epoch: lists show the youngest first.
    created_ns INTEGER NOT NULL,
    -- The encoded schedule.
    data BLOB NOT NULL,
    PRIMARY KEY (namespace_id, schedule_id)
) STRICT;

CREATE INDEX schedule_by_creation ON schedule (namespace_id, created_ns, schedule_id);
