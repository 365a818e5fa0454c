-- +goose Up
-- Credit lines with their position, the holds that orders have on them, and every movement.

CREATE TABLE credit_lines (
    merchant_id      TEXT        NOT NULL,
    id               TEXT        NOT NULL,
    organisation_id  TEXT        NOT NULL,
    currency         TEXT        NOT NULL CONSTRAINT credit_line_currency CHECK (length(currency) = 3),
    depth            BIGINT      NOT NULL, -- 0 at the root: the order in which a chain is locked
    limit_minor      BIGINT      NOT NULL CONSTRAINT credit_line_limit CHECK (limit_minor >= 0),
    -- own: this organisation's; tree: with all organisations below it
    own_holds        BIGINT      NOT NULL DEFAULT 0 CONSTRAINT credit_line_own_holds CHECK (own_holds >= 0),
    own_receivables  BIGINT      NOT NULL DEFAULT 0,
    own_offline      BIGINT      NOT NULL DEFAULT 0,
    own_credits      BIGINT      NOT NULL DEFAULT 0,
    tree_holds       BIGINT      NOT NULL DEFAULT 0 CONSTRAINT credit_line_tree_holds CHECK (tree_holds >= 0),
    tree_receivables BIGINT      NOT NULL DEFAULT 0,
    tree_offline     BIGINT      NOT NULL DEFAULT 0,
    tree_credits     BIGINT      NOT NULL DEFAULT 0,
    entries          BIGINT      NOT NULL DEFAULT 0, -- the last entry's seq
    disabled         BOOLEAN     NOT NULL DEFAULT FALSE,
    version          BIGINT      NOT NULL DEFAULT 1,
    created_at       TIMESTAMPTZ NOT NULL,
    updated_at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, id),
    CONSTRAINT credit_line_of UNIQUE (merchant_id, organisation_id, currency),
    FOREIGN KEY (merchant_id, organisation_id) REFERENCES organisations (merchant_id, id)
);

-- Which lines an order on a line must fit into: itself and its ancestors' lines in its currency.
CREATE TABLE credit_chains (
    merchant_id TEXT NOT NULL,
    line_id     TEXT NOT NULL,
    ancestor_id TEXT NOT NULL,
    PRIMARY KEY (merchant_id, line_id, ancestor_id),
    FOREIGN KEY (merchant_id, line_id) REFERENCES credit_lines (merchant_id, id),
    FOREIGN KEY (merchant_id, ancestor_id) REFERENCES credit_lines (merchant_id, id)
);
CREATE INDEX credit_chain_descendants ON credit_chains (merchant_id, ancestor_id, line_id);

CREATE TABLE holds (
    merchant_id  TEXT        NOT NULL,
    reference    TEXT        NOT NULL, -- what holds: an order's id, or "opening"
    line_id      TEXT        NOT NULL,
    amount_minor BIGINT      NOT NULL CONSTRAINT hold_amount CHECK (amount_minor >= 0),
    state        TEXT        NOT NULL CONSTRAINT hold_state CHECK (state IN ('active', 'released', 'consumed', 'expired')),
    version      BIGINT      NOT NULL DEFAULT 1,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, reference),
    FOREIGN KEY (merchant_id, line_id) REFERENCES credit_lines (merchant_id, id)
);
CREATE INDEX hold_line ON holds (merchant_id, line_id);

-- Append-only: each movement of a line, signed, with the balance of its part after it.
CREATE TABLE credit_entries (
    merchant_id   TEXT        NOT NULL,
    line_id       TEXT        NOT NULL,
    seq           BIGINT      NOT NULL,
    part          TEXT        NOT NULL CONSTRAINT credit_entry_part CHECK (part IN ('limit', 'holds', 'receivables', 'offline', 'credits')),
    kind          TEXT        NOT NULL, -- opening, hold, change, release, limit
    amount_minor  BIGINT      NOT NULL,
    balance_minor BIGINT      NOT NULL,
    reference     TEXT        NOT NULL,
    reason        TEXT        NOT NULL DEFAULT '',
    actor         TEXT        NOT NULL DEFAULT '',
    at            TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, line_id, seq),
    FOREIGN KEY (merchant_id, line_id) REFERENCES credit_lines (merchant_id, id)
);

-- +goose Down
DROP TABLE credit_entries;
DROP TABLE holds;
DROP TABLE credit_chains;
DROP TABLE credit_lines;
