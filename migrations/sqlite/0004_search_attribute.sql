-- The search attributes of runs: a row for each value, and for each word of a list or text.
CREATE TABLE search_attribute (
    run_id TEXT NOT NULL,
    -- Stands for namespace, name and type: an attribute that is registered anew with another type has no values yet.
    key INTEGER NOT NULL,
    -- Integers for Int, Bool and Datetime (nanoseconds since the epoch), REAL for Double, TEXT for words.
    value ANY NOT NULL,
    -- The columns of the run that order its list.
    close_ns INTEGER NOT NULL,
    start_ns INTEGER NOT NULL,
    PRIMARY KEY (run_id, key, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX search_attribute_by_value ON search_attribute (key, value, close_ns, start_ns, run_id);

-- Null in runs without a parent, which are their own root.
ALTER TABLE run ADD COLUMN parent_workflow_id TEXT;
ALTER TABLE run ADD COLUMN parent_run_id TEXT;
ALTER TABLE run ADD COLUMN root_workflow_id TEXT;
ALTER TABLE run ADD COLUMN root_run_id TEXT;
ALTER TABLE run ADD COLUMN history_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN state_transitions INTEGER NOT NULL DEFAULT 0;

CREATE INDEX run_by_parent ON run (namespace_id, parent_workflow_id) WHERE parent_workflow_id IS NOT NULL;
CREATE INDEX run_by_root ON run (namespace_id, root_workflow_id) WHERE root_workflow_id IS NOT NULL;

-- What the planner assumes, as in the first migration.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('run', 'run_by_parent', '500000 500000 10'),
    ('run', 'run_by_root', '500000 500000 20'),
    ('search_attribute', 'search_attribute', '4000000 4 1 1'),
    ('search_attribute', 'search_attribute_by_value', '4000000 1000000 1000 2 1 1');
ANALYZE sqlite_schema;
