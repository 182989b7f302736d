-- Times are nanoseconds since the epoch.

CREATE TABLE run (
    -- The order of creation, which clocks do not promise: the newest run of a workflow id is its highest.
    sequence INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    namespace_id TEXT NOT NULL,
    workflow_id TEXT NOT NULL,
    -- Counts the writes of this row, from 1: a write names the version that it replaces.
    version INTEGER NOT NULL,
    is_current INTEGER NOT NULL,
    -- temporal.api.enums.v1.WorkflowExecutionStatus; 1 is running.
    status INTEGER NOT NULL,
    workflow_type TEXT NOT NULL,
    task_queue TEXT NOT NULL,
    -- The digest of the component that runs it; empty when workers do.
    component TEXT NOT NULL,
    start_ns INTEGER NOT NULL,
    execution_ns INTEGER NOT NULL,
    -- 9223372036854775807 while it is open: open runs sort as the last to close.
    close_ns INTEGER NOT NULL,
    history_length INTEGER NOT NULL,
    -- The encoded run. The columns above repeat what is searched by.
    state BLOB NOT NULL
) STRICT;

-- A step of a run changes version, history_length and state, and so touches none of these indexes.
CREATE UNIQUE INDEX run_open ON run (namespace_id, workflow_id) WHERE status = 1;
CREATE INDEX run_by_workflow ON run (namespace_id, workflow_id, sequence);
CREATE INDEX run_by_close ON run (namespace_id, close_ns, start_ns, run_id);
CREATE INDEX run_by_status ON run (namespace_id, status, close_ns, start_ns, run_id);
CREATE INDEX run_by_type ON run (namespace_id, workflow_type, close_ns, start_ns, run_id);
CREATE INDEX run_by_start ON run (namespace_id, start_ns, run_id);

CREATE TABLE history (
    run_id TEXT NOT NULL,
    first_event_id INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    -- An encoded temporal.api.history.v1.History.
    bytes BLOB NOT NULL,
    PRIMARY KEY (run_id, first_event_id)
) STRICT;

CREATE TABLE namespace (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- The encoded namespace.
    data BLOB NOT NULL
) STRICT;

CREATE TABLE component (
    digest TEXT NOT NULL PRIMARY KEY,
    -- What it says about itself, as JSON.
    description TEXT NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE deployment (
    namespace_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The deployment, as JSON.
    data TEXT NOT NULL,
    PRIMARY KEY (namespace_id, name)
) STRICT;

-- What SQLite's planner assumes (https://sqlite.org/lang_analyze.html, "fixed results of ANALYZE"): a million runs in one
-- namespace, so that plans do not depend on whether and when somebody ran ANALYZE. Without this it would look for a
-- workflow id by reading all runs of the namespace in the order of the list. Each number after the first says how many
-- rows share the first column, the first two columns, and so on.
ANALYZE;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('run', 'sqlite_autoindex_run_1', '1000000 1'),
    ('run', 'run_open', '10000 10000 1'),
    ('run', 'run_by_workflow', '1000000 1000000 2 1'),
    ('run', 'run_by_close', '1000000 1000000 2 1 1'),
    ('run', 'run_by_status', '1000000 1000000 200000 2 1 1'),
    ('run', 'run_by_type', '1000000 1000000 50000 2 1 1'),
    ('run', 'run_by_start', '1000000 1000000 1 1'),
    ('history', 'sqlite_autoindex_history_1', '10000000 10 1');
ANALYZE sqlite_schema;
