-- +goose Up
-- What the sweep and the monthly export look for, by merchant and age. Documents, sessions, carts
-- and audit entries need nothing: their ids begin with the time.
CREATE INDEX event_age ON events (merchant_id, at);

-- Answers to the API are forgotten earlier than documents' keys; each row is in one of the two.
DROP INDEX inbox_age;
CREATE INDEX inbox_age ON inbox (merchant_id, created_at) WHERE substr(scope, 1, 4) <> 'api:';
CREATE INDEX inbox_answer_age ON inbox (merchant_id, created_at) WHERE substr(scope, 1, 4) = 'api:';

-- Those of unknown senders, which are counted as well; no others are in it.
CREATE INDEX document_stranger ON documents (merchant_id, at) WHERE connection_id = '';

-- +goose Down
DROP INDEX document_stranger;
DROP INDEX inbox_answer_age;
DROP INDEX inbox_age;
CREATE INDEX inbox_age ON inbox (created_at);
DROP INDEX event_age;
