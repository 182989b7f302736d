-- A run that has closed may have asked other runs for something that has not reached them.
ALTER TABLE run ADD COLUMN has_outgoing INTEGER NOT NULL DEFAULT 0;
CREATE INDEX run_outgoing ON run (sequence) WHERE has_outgoing AND status <> 1;
