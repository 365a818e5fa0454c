-- +goose Up
-- Carts and their frozen snapshots, orders with every version that was asked for.

CREATE TABLE carts (
    merchant_id     TEXT        NOT NULL,
    id              TEXT        NOT NULL,
    organisation_id TEXT        NOT NULL,
    currency        TEXT        NOT NULL,
    state           TEXT        NOT NULL CONSTRAINT cart_state CHECK (state IN ('open', 'frozen')),
    content         TEXT        NOT NULL, -- JSON: checkout.Cart; immutable once frozen
    frozen_at       TIMESTAMPTZ,
    version         BIGINT      NOT NULL DEFAULT 1,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, id),
    FOREIGN KEY (merchant_id, organisation_id) REFERENCES organisations (merchant_id, id)
);

CREATE TABLE orders (
    merchant_id     TEXT        NOT NULL,
    id              TEXT        NOT NULL,
    organisation_id TEXT        NOT NULL,
    connection_id   TEXT        NOT NULL DEFAULT '',
    number          TEXT        NOT NULL, -- the buyer's purchase order number
    number_folded   TEXT        NOT NULL,
    source          TEXT        NOT NULL CONSTRAINT order_source CHECK (source IN ('punchout', 'checkout', 'offline')),
    state           TEXT        NOT NULL CONSTRAINT order_state CHECK (state IN ('approved', 'credit_review', 'refused', 'cancelled')),
    currency        TEXT        NOT NULL,
    in_force        BIGINT      NOT NULL, -- the version that counts; 0 while none was approved
    latest          BIGINT      NOT NULL, -- the highest version that was asked for
    total_minor     BIGINT      NOT NULL, -- of the version in force, else of the latest
    decision        TEXT        NOT NULL, -- JSON: credit.Decision of the latest version
    events          BIGINT      NOT NULL DEFAULT 0, -- seq of the last event
    version         BIGINT      NOT NULL DEFAULT 1,
    placed_at       TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, id),
    FOREIGN KEY (merchant_id, organisation_id) REFERENCES organisations (merchant_id, id)
);
-- One live order per number: a refused or cancelled one may be tried again.
CREATE UNIQUE INDEX order_number ON orders (merchant_id, organisation_id, number_folded)
    WHERE state IN ('approved', 'credit_review');
CREATE INDEX order_numbers ON orders (merchant_id, organisation_id, number_folded, placed_at);
CREATE INDEX order_state ON orders (merchant_id, state, id);

CREATE TABLE order_versions (
    merchant_id   TEXT        NOT NULL,
    order_id      TEXT        NOT NULL,
    number        BIGINT      NOT NULL, -- the buyer's orderVersion, else counted by us
    state         TEXT        NOT NULL CONSTRAINT order_version_state CHECK (state IN ('in_force', 'waiting', 'refused', 'replaced', 'cancelled')),
    content_hash  BYTEA       NOT NULL, -- over what was asked for: tells a repeat from a change
    goods_minor   BIGINT      NOT NULL,
    tax_minor     BIGINT      NOT NULL,
    freight_minor BIGINT      NOT NULL,
    total_minor   BIGINT      NOT NULL,
    header        TEXT        NOT NULL, -- JSON: orders.Header
    flags         TEXT        NOT NULL, -- JSON: [orders.Flag]
    document_id   TEXT        NOT NULL DEFAULT '',
    created_at    TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, order_id, number),
    FOREIGN KEY (merchant_id, order_id) REFERENCES orders (merchant_id, id)
);

CREATE TABLE order_lines (
    merchant_id  TEXT   NOT NULL,
    order_id     TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    position     BIGINT NOT NULL, -- in the document, from 1
    line         BIGINT NOT NULL, -- the buyer's line number, else the position
    sku          TEXT   NOT NULL,
    product_id   TEXT   NOT NULL DEFAULT '',
    quantity     TEXT   NOT NULL,
    unit         TEXT   NOT NULL,
    unit_price   TEXT   NOT NULL, -- what counts
    buyer_price  TEXT   NOT NULL, -- what the purchase order said
    amount_minor BIGINT NOT NULL,
    tax_minor    BIGINT NOT NULL,
    content      TEXT   NOT NULL, -- JSON: the rest of orders.Line
    PRIMARY KEY (merchant_id, order_id, version, position),
    FOREIGN KEY (merchant_id, order_id, version) REFERENCES order_versions (merchant_id, order_id, number)
);

-- +goose Down
DROP TABLE order_lines;
DROP TABLE order_versions;
DROP TABLE orders;
DROP TABLE carts;
