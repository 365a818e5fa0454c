-- +goose Up
-- What operators ask for at every scrape must not read all deliveries ever made.
CREATE INDEX delivery_dead ON deliveries (merchant_id) WHERE state = 'dead';

-- While there is a row, nothing is done for callers.
CREATE TABLE maintenance (
    id     BIGINT PRIMARY KEY CONSTRAINT maintenance_one CHECK (id = 1),
    reason TEXT        NOT NULL, -- callers are told it
    actor  TEXT        NOT NULL,
    since  TIMESTAMPTZ NOT NULL
);

-- +goose Down
DROP TABLE maintenance;
DROP INDEX delivery_dead;
