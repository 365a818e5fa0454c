-- +goose Up
-- Who trades with whom: merchants (the tenants), their keys, organisations that buy, their buyers.

CREATE TABLE merchants (
    id               TEXT PRIMARY KEY CONSTRAINT merchant_id_form CHECK (length(id) BETWEEN 3 AND 24),
    account          TEXT        NOT NULL, -- joins the test and the live merchant of one seller
    mode             TEXT        NOT NULL CONSTRAINT merchant_mode CHECK (mode IN ('test', 'live')),
    name             TEXT        NOT NULL,
    time_zone        TEXT        NOT NULL, -- IANA name; business dates are in it
    currency         TEXT        NOT NULL CONSTRAINT merchant_currency CHECK (length(currency) = 3),
    clock_offset     BIGINT      NOT NULL DEFAULT 0, -- microseconds, moves a test merchant's business clock
    shop_url         TEXT        NOT NULL, -- where the start page sends the browser
    test_address     TEXT        NOT NULL DEFAULT '', -- named to senders of test documents at a live merchant
    tax_rates        TEXT        NOT NULL, -- JSON: checkout.TaxRate
    freight          TEXT        NOT NULL, -- JSON: checkout.Freight
    disabled         BOOLEAN     NOT NULL DEFAULT FALSE,
    version          BIGINT      NOT NULL DEFAULT 1,
    created_at       TIMESTAMPTZ NOT NULL,
    updated_at       TIMESTAMPTZ NOT NULL
);

CREATE TABLE api_keys (
    merchant_id TEXT        NOT NULL REFERENCES merchants (id),
    id          TEXT        NOT NULL,
    external_id TEXT        NOT NULL,
    digest      BYTEA       NOT NULL, -- HMAC-SHA-256 of the whole key
    hint        TEXT        NOT NULL, -- its last four characters, for people
    disabled    BOOLEAN     NOT NULL DEFAULT FALSE,
    version     BIGINT      NOT NULL DEFAULT 1,
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, id),
    CONSTRAINT api_key_external_id UNIQUE (merchant_id, external_id),
    CONSTRAINT api_key_digest UNIQUE (merchant_id, digest)
);

CREATE TABLE organisations (
    merchant_id  TEXT        NOT NULL REFERENCES merchants (id),
    id           TEXT        NOT NULL,
    external_id  TEXT        NOT NULL,
    name         TEXT        NOT NULL,
    parent_id    TEXT,
    currency     TEXT        NOT NULL CONSTRAINT organisation_currency CHECK (length(currency) = 3),
    terms_days   BIGINT      NOT NULL,
    over_limit   TEXT        NOT NULL CONSTRAINT organisation_over_limit CHECK (over_limit IN ('review', 'refuse')),
    price_policy TEXT        NOT NULL CONSTRAINT organisation_price_policy CHECK (price_policy IN ('contract_only', 'best_of')),
    tax_exempt   BOOLEAN     NOT NULL DEFAULT FALSE,
    disabled     BOOLEAN     NOT NULL DEFAULT FALSE,
    version      BIGINT      NOT NULL DEFAULT 1,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, id),
    CONSTRAINT organisation_external_id UNIQUE (merchant_id, external_id),
    FOREIGN KEY (merchant_id, parent_id) REFERENCES organisations (merchant_id, id)
);
CREATE INDEX organisation_parent ON organisations (merchant_id, parent_id);

CREATE TABLE buyers (
    merchant_id     TEXT        NOT NULL,
    id              TEXT        NOT NULL,
    organisation_id TEXT        NOT NULL,
    external_id     TEXT,
    email           TEXT        NOT NULL DEFAULT '',
    login           TEXT        NOT NULL DEFAULT '',
    identity        TEXT        NOT NULL, -- folded e-mail, else folded login: who it is within the organisation
    name            TEXT        NOT NULL DEFAULT '',
    disabled        BOOLEAN     NOT NULL DEFAULT FALSE,
    version         BIGINT      NOT NULL DEFAULT 1,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, id),
    CONSTRAINT buyer_identity UNIQUE (merchant_id, organisation_id, identity),
    FOREIGN KEY (merchant_id, organisation_id) REFERENCES organisations (merchant_id, id)
);
CREATE UNIQUE INDEX buyer_external_id ON buyers (merchant_id, external_id) WHERE external_id IS NOT NULL;

-- Every change that a person makes: who, when, why, before and after.
CREATE TABLE audit (
    merchant_id TEXT        NOT NULL,
    id          TEXT        NOT NULL,
    at          TIMESTAMPTZ NOT NULL,
    actor       TEXT        NOT NULL,
    action      TEXT        NOT NULL,
    object      TEXT        NOT NULL,
    reason      TEXT        NOT NULL,
    was         TEXT        NOT NULL, -- JSON
    became      TEXT        NOT NULL, -- JSON
    PRIMARY KEY (merchant_id, id)
);

-- +goose Down
DROP TABLE audit;
DROP TABLE buyers;
DROP TABLE organisations;
DROP TABLE api_keys;
DROP TABLE merchants;
