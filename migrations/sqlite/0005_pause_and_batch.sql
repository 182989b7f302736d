-- A paused run (8) is open, too.
DROP INDEX run_open;
CREATE UNIQUE INDEX run_open ON run (namespace_id, workflow_id) WHERE status IN (1, 8);
DROP INDEX run_outgoing;
CREATE INDEX run_outgoing ON run (sequence) WHERE has_outgoing AND status NOT IN (1, 8);

CREATE TABLE batch_operation (
    namespace_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    -- Nanoseconds since the epoch: lists show the youngest first.
    start_ns INTEGER NOT NULL,
    -- 9223372036854775807 while it goes on.
    close_ns INTEGER NOT NULL,
    -- The encoded batch operation.
    data BLOB NOT NULL,
    PRIMARY KEY (namespace_id, job_id)
) STRICT;

CREATE INDEX batch_operation_by_start ON batch_operation (namespace_id, start_ns, job_id);
CREATE INDEX batch_operation_by_close ON batch_operation (close_ns);

-- The runs that a batch operation is applied to, in their order; they are removed when it is over.
CREATE TABLE batch_target (
    namespace_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    -- The number of the first one, from 0.
    first INTEGER NOT NULL,
    -- Some runs, encoded.
    data BLOB NOT NULL,
    PRIMARY KEY (namespace_id, job_id, first)
) STRICT, WITHOUT ROWID;

-- What the planner assumes, as in the first migration.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('run', 'run_open', '10000 10000 1');
ANALYZE sqlite_schema;
