-- An order with a hold, over 1,000 lines of credit: balance, order, three lines, hold.
\set line random(1, 1000)
\set id random(1, 9000000000000000000)
BEGIN;
UPDATE lines SET held = held + 4885 WHERE id = :line AND credit_limit - held >= 4885;
INSERT INTO orders VALUES (:id, :line, 4885, now());
INSERT INTO order_lines VALUES (:id, 1, 'load-0001', '1', '3.95'), (:id, 2, 'load-0002', '2', '4.80'), (:id, 3, 'load-0003', '3', '6.02');
INSERT INTO holds VALUES (:id, :line, 4885);
COMMIT;
