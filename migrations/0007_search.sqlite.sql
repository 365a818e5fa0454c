-- +goose Up
-- Full-text search over products; Go folds the words (catalog/search.go).
CREATE TABLE product_word_rows (
    number      INTEGER PRIMARY KEY, -- the row in product_words
    merchant_id TEXT NOT NULL,
    product_id  TEXT NOT NULL,
    CONSTRAINT product_word_row UNIQUE (merchant_id, product_id)
);
CREATE VIRTUAL TABLE product_words USING fts5 (words, tokenize = 'unicode61');

-- +goose Down
DROP TABLE product_words;
DROP TABLE product_word_rows;
