-- +goose Up
-- What the merchant offers for a cart that went home with open prices. The cart itself is a snapshot
-- and stays as it was sent.
CREATE TABLE quotes (
    merchant_id TEXT        NOT NULL,
    cart_id     TEXT        NOT NULL,
    state       TEXT        NOT NULL CONSTRAINT quote_state CHECK (state IN ('pending', 'final')),
    valid_until TEXT        NOT NULL, -- YYYY-MM-DD, the last day on which it holds; empty while pending
    prices      TEXT        NOT NULL, -- JSON: a decimal for each line of the cart, once final
    version     BIGINT      NOT NULL DEFAULT 1,
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, cart_id),
    FOREIGN KEY (merchant_id, cart_id) REFERENCES carts (merchant_id, id) ON DELETE CASCADE
);
CREATE INDEX quote_pending ON quotes (merchant_id, cart_id) WHERE state = 'pending';

-- +goose Down
DROP TABLE quotes;
