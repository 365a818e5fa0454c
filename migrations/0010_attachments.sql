-- +goose Up
-- The files that came in one message with a document, byte for byte. Opaque: they are neither
-- read nor masked, so nothing shows them but as a download.
CREATE TABLE attachments (
    merchant_id TEXT   NOT NULL,
    document_id TEXT   NOT NULL,
    position    BIGINT NOT NULL, -- in the message, from 1: a content id may be missing or repeat
    content_id  TEXT   NOT NULL, -- without angle brackets
    name        TEXT   NOT NULL,
    media_type  TEXT   NOT NULL, -- the sender's word for it
    size        BIGINT NOT NULL, -- bytes
    sha256      TEXT   NOT NULL, -- of the body, in hexadecimal
    body        BYTEA  NOT NULL,
    PRIMARY KEY (merchant_id, document_id, position)
);

-- +goose Down
DROP TABLE attachments;
