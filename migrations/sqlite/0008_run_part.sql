-- What a run has open beside its row, when that is much: pieces of the encoded run, in their order.
CREATE TABLE run_part (
    run_id TEXT NOT NULL,
    part INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (run_id, part)
) STRICT, WITHOUT ROWID;
