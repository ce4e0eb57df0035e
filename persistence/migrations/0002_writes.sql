-- One row for each recent transaction of a database that may be lost between a commit and its answer. Whoever runs such
-- a transaction again finds its row, or waits for it.
CREATE TABLE writes (
    begun_at_ms BIGINT NOT NULL,
    write_id BIGINT NOT NULL,
    PRIMARY KEY (begun_at_ms, write_id)
) {{KEYED_TABLE}};

-- Rows taken by a transaction that must be the only one of its kind, until it ends.
CREATE TABLE turns (
    turn_id BIGINT NOT NULL PRIMARY KEY,
    taken BIGINT NOT NULL
) {{KEYED_TABLE}};
INSERT INTO turns (turn_id, taken) VALUES (1, 0);
