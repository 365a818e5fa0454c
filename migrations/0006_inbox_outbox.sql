-- +goose Up
-- Each outside request once; each fact told to each destination once, in order.

CREATE TABLE inbox (
    merchant_id TEXT        NOT NULL,
    scope       TEXT        NOT NULL, -- who asks: "cxml:<connection>", "api:<key>", "cli"
    key         TEXT        NOT NULL,
    hash        BYTEA       NOT NULL,
    status      BIGINT      NOT NULL DEFAULT 0,
    media_type  TEXT        NOT NULL DEFAULT '',
    answer      BYTEA,
    created_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, scope, key)
);
CREATE INDEX inbox_age ON inbox (created_at);

CREATE TABLE events (
    merchant_id TEXT        NOT NULL,
    object      TEXT        NOT NULL,
    seq         BIGINT      NOT NULL, -- taken under the object's row
    kind        TEXT        NOT NULL,
    payload     TEXT        NOT NULL, -- JSON: the domain's value of that moment
    month       TEXT        NOT NULL,
    at          TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, object, seq)
);

CREATE TABLE deliveries (
    merchant_id  TEXT        NOT NULL,
    object       TEXT        NOT NULL,
    seq          BIGINT      NOT NULL,
    destination  TEXT        NOT NULL, -- "cxml:<connection>"
    state        TEXT        NOT NULL CONSTRAINT delivery_state CHECK (state IN ('ready', 'running', 'done', 'skipped', 'dead')),
    attempt      BIGINT      NOT NULL DEFAULT 0,
    run_at       TIMESTAMPTZ NOT NULL,
    locked_by    TEXT        NOT NULL DEFAULT '',
    locked_until TIMESTAMPTZ,
    message      BYTEA, -- what the renderer made, the same bytes on every retry
    note         TEXT        NOT NULL DEFAULT '', -- the last answer or error
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, object, destination, seq),
    FOREIGN KEY (merchant_id, object, seq) REFERENCES events (merchant_id, object, seq)
);
CREATE INDEX delivery_ready ON deliveries (run_at) WHERE state = 'ready';
CREATE INDEX delivery_running ON deliveries (locked_until) WHERE state = 'running';

-- +goose Down
DROP TABLE deliveries;
DROP TABLE events;
DROP TABLE inbox;
