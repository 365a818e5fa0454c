-- +goose Up
-- What people of the merchant are told: mails to its credit contact, and tasks of which a machine can't be told.

ALTER TABLE merchants ADD COLUMN credit_contact TEXT NOT NULL DEFAULT ''; -- JSON: accounts.Contact; empty for none

-- Each mail as it was made. What is on its way to the mail server is a delivery (destination "mail:…").
CREATE TABLE mails (
    merchant_id TEXT        NOT NULL,
    id          TEXT        NOT NULL,
    object      TEXT        NOT NULL, -- the order
    seq         BIGINT      NOT NULL, -- of the event
    destination TEXT        NOT NULL,
    recipient   TEXT        NOT NULL, -- name and address
    subject     TEXT        NOT NULL,
    body        TEXT        NOT NULL, -- the plain text
    state       TEXT        NOT NULL CONSTRAINT mail_state CHECK (state IN ('kept', 'sending', 'sent', 'failed')),
    note        TEXT        NOT NULL DEFAULT '', -- why it failed the last time
    created_at  TIMESTAMPTZ NOT NULL,
    sent_at     TIMESTAMPTZ,
    PRIMARY KEY (merchant_id, id),
    CONSTRAINT mail_fact UNIQUE (merchant_id, object, destination, seq)
);

CREATE TABLE tasks (
    merchant_id     TEXT        NOT NULL,
    id              TEXT        NOT NULL,
    object          TEXT        NOT NULL, -- the order
    fact            TEXT        NOT NULL, -- one task each: "refusal:<version>", "delivery:<destination>:<seq>"
    seq             BIGINT      NOT NULL, -- of the event that was not told
    event           TEXT        NOT NULL, -- its kind
    organisation_id TEXT        NOT NULL,
    number          TEXT        NOT NULL, -- the order's
    why             TEXT        NOT NULL,
    state           TEXT        NOT NULL CONSTRAINT task_state CHECK (state IN ('open', 'done', 'resent')),
    created_at      TIMESTAMPTZ NOT NULL,
    actor           TEXT        NOT NULL DEFAULT '',
    reason          TEXT        NOT NULL DEFAULT '', -- what was done about it, in a person's words
    ended_at        TIMESTAMPTZ,
    PRIMARY KEY (merchant_id, id),
    CONSTRAINT task_fact UNIQUE (merchant_id, object, fact)
);
CREATE INDEX task_open ON tasks (merchant_id, id) WHERE state = 'open';

-- +goose Down
DROP TABLE tasks;
DROP TABLE mails;
ALTER TABLE merchants DROP COLUMN credit_contact;
