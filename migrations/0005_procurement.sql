-- +goose Up
-- The conversation with buyers' systems: who may speak, what was said, visits under way.

-- The merchant's own identities, by which buyers address it.
CREATE TABLE supplier_identities (
    merchant_id     TEXT NOT NULL REFERENCES merchants (id),
    domain_folded   TEXT NOT NULL,
    identity_folded TEXT NOT NULL,
    domain          TEXT NOT NULL,
    identity        TEXT NOT NULL,
    PRIMARY KEY (merchant_id, domain_folded, identity_folded)
);

-- A network is one sender that speaks for many buyers.
CREATE TABLE networks (
    merchant_id     TEXT        NOT NULL REFERENCES merchants (id),
    id              TEXT        NOT NULL,
    external_id     TEXT        NOT NULL,
    name            TEXT        NOT NULL,
    disabled        BOOLEAN     NOT NULL DEFAULT FALSE,
    version         BIGINT      NOT NULL DEFAULT 1,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, id),
    CONSTRAINT network_external_id UNIQUE (merchant_id, external_id)
);

CREATE TABLE connections (
    merchant_id     TEXT        NOT NULL,
    id              TEXT        NOT NULL,
    external_id     TEXT        NOT NULL,
    organisation_id TEXT        NOT NULL,
    network_id      TEXT,
    protocol        TEXT        NOT NULL CONSTRAINT connection_protocol CHECK (protocol IN ('cxml', 'oci')),
    settings        TEXT        NOT NULL, -- JSON: procurement.Settings
    secret_out      BYTEA, -- AES-256-GCM, what we present to the buyer's system
    disabled        BOOLEAN     NOT NULL DEFAULT FALSE,
    version         BIGINT      NOT NULL DEFAULT 1,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, id),
    CONSTRAINT connection_external_id UNIQUE (merchant_id, external_id),
    FOREIGN KEY (merchant_id, organisation_id) REFERENCES organisations (merchant_id, id),
    FOREIGN KEY (merchant_id, network_id) REFERENCES networks (merchant_id, id)
);

-- Who From and Sender may be. From leads to one connection; a sender belongs to a connection
-- or to a network (owner_id).
CREATE TABLE identities (
    merchant_id     TEXT NOT NULL REFERENCES merchants (id),
    role            TEXT NOT NULL CONSTRAINT identity_role CHECK (role IN ('from', 'sender')),
    domain_folded   TEXT NOT NULL,
    identity_folded TEXT NOT NULL,
    identity        TEXT NOT NULL,
    domain          TEXT NOT NULL,
    owner_id        TEXT NOT NULL,
    PRIMARY KEY (merchant_id, role, domain_folded, identity, owner_id)
);
CREATE UNIQUE INDEX identity_from ON identities (merchant_id, domain_folded, identity) WHERE role = 'from';
CREATE INDEX identity_folded ON identities (merchant_id, role, domain_folded, identity_folded);
CREATE INDEX identity_owner ON identities (merchant_id, owner_id);

-- What senders prove themselves with: up to two live secrets for each owner.
CREATE TABLE secrets (
    merchant_id TEXT        NOT NULL,
    owner_id    TEXT        NOT NULL,
    slot        BIGINT      NOT NULL CONSTRAINT secret_slot CHECK (slot IN (1, 2)),
    digest      BYTEA       NOT NULL, -- HMAC-SHA-256
    created_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, owner_id, slot)
);

CREATE TABLE sessions (
    merchant_id     TEXT        NOT NULL,
    id              TEXT        NOT NULL,
    connection_id   TEXT        NOT NULL,
    organisation_id TEXT        NOT NULL,
    buyer_id        TEXT        NOT NULL,
    cart_id         TEXT        NOT NULL,
    operation       TEXT        NOT NULL CONSTRAINT session_operation CHECK (operation IN ('create', 'edit', 'inspect')),
    state           TEXT        NOT NULL CONSTRAINT session_state CHECK (state IN ('new', 'open', 'returned', 'cancelled')),
    buyer_cookie    TEXT        NOT NULL,
    return_url      TEXT        NOT NULL,
    content         TEXT        NOT NULL, -- JSON: procurement.Visit, what else the set-up said
    start_digest    BYTEA       NOT NULL, -- of the one-time start token
    visit_digest    BYTEA NOT NULL, -- of the token that the browser brings to the shop
    return_digest   BYTEA NOT NULL,
    started_at      TIMESTAMPTZ,
    agent           TEXT        NOT NULL DEFAULT '', -- hash of the browser that started it
    returned_at     TIMESTAMPTZ,
    fetched_at      TIMESTAMPTZ, -- when the return page was first given out
    seen_at         TIMESTAMPTZ NOT NULL,
    expires_at      TIMESTAMPTZ NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    version         BIGINT      NOT NULL DEFAULT 1,
    PRIMARY KEY (merchant_id, id),
    CONSTRAINT session_start UNIQUE (merchant_id, start_digest),
    CONSTRAINT session_visit UNIQUE (merchant_id, visit_digest),
    CONSTRAINT session_return UNIQUE (merchant_id, return_digest),
    FOREIGN KEY (merchant_id, connection_id) REFERENCES connections (merchant_id, id)
);

-- One message in or out as it crossed the wire, masked. Nothing refers to a document by key.
CREATE TABLE documents (
    merchant_id   TEXT        NOT NULL,
    id            TEXT        NOT NULL,
    direction     TEXT        NOT NULL CONSTRAINT document_direction CHECK (direction IN ('in', 'out')),
    type          TEXT        NOT NULL,
    payload_id    TEXT        NOT NULL DEFAULT '',
    connection_id TEXT        NOT NULL DEFAULT '',
    object        TEXT        NOT NULL DEFAULT '', -- the order or session that it led to
    status        BIGINT      NOT NULL, -- the protocol's status of the answer
    note          TEXT        NOT NULL DEFAULT '', -- the answer's sentence, or what was flagged
    body          TEXT        NOT NULL,
    answer        TEXT        NOT NULL,
    month         TEXT        NOT NULL, -- YYYY-MM, for export and deletion
    at            TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE INDEX document_object ON documents (merchant_id, object, id);
CREATE INDEX document_payload ON documents (merchant_id, connection_id, payload_id);

-- +goose Down
DROP TABLE documents;
DROP TABLE sessions;
DROP TABLE secrets;
DROP TABLE identities;
DROP TABLE connections;
DROP TABLE networks;
DROP TABLE supplier_identities;
