-- +goose Up
-- A line that was applied for and is not decided about yet: its limit is 0 until then, and orders
-- on account wait. Setting a limit decides, and empties all three.
ALTER TABLE credit_lines ADD COLUMN applied_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE credit_lines ADD COLUMN applied_on TEXT; -- a day in the merchant's time zone
ALTER TABLE credit_lines ADD COLUMN applied_wants TEXT NOT NULL DEFAULT ''; -- what the applicant was asked for

-- +goose Down
ALTER TABLE credit_lines DROP COLUMN applied_wants;
ALTER TABLE credit_lines DROP COLUMN applied_on;
ALTER TABLE credit_lines DROP COLUMN applied_minor;
