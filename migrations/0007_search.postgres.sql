-- +goose Up
-- Full-text search over products; Go folds the words (catalog/search.go).
CREATE TABLE product_words (
    merchant_id TEXT     NOT NULL,
    product_id  TEXT     NOT NULL,
    words       TSVECTOR NOT NULL,
    PRIMARY KEY (merchant_id, product_id)
);
CREATE INDEX product_words_words ON product_words USING GIN (words);

-- +goose Down
DROP TABLE product_words;
