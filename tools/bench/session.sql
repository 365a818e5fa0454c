-- A session start: read the credential, insert session and document.
\set credential random(1, 1000)
\set id random(1, 9000000000000000000)
BEGIN;
SELECT digest FROM credentials WHERE id = :credential;
INSERT INTO sessions VALUES (:id, :credential, now());
INSERT INTO documents VALUES (:id, repeat('<Extrinsic name="x">y</Extrinsic>', 60));
COMMIT;
