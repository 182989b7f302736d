-- Worker deployments with their versions.
CREATE TABLE worker_deployment (
    namespace_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The encoded deployment.
    data BLOB NOT NULL,
    PRIMARY KEY (namespace_id, name)
) STRICT;
