-- +goose Up
-- Full-text search over products; Go folds the words (catalog/search.go).
CREATE VIRTUAL TABLE product_words USING fts5 (merchant_id UNINDEXED, product_id UNINDEXED, words, tokenize = 'unicode61');

-- +goose Down
DROP TABLE product_words;
