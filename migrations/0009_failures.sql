-- +goose Up
-- Wrong secrets, counted in windows of time. A sender and an address are kept as one of few
-- numbers that a keyed hash leads to: whatever strangers make up, a merchant has no more rows
-- than there are numbers.
CREATE TABLE sender_failures (
    merchant_id  TEXT        NOT NULL REFERENCES merchants (id),
    sender       BIGINT      NOT NULL, -- of Sender's domain and identity
    client       BIGINT      NOT NULL, -- of the address that it came from; 0 where that isn't known
    window_start TIMESTAMPTZ NOT NULL,
    failures     BIGINT      NOT NULL,
    PRIMARY KEY (merchant_id, sender, client)
);

-- +goose Down
DROP TABLE sender_failures;
