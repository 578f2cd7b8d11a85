-- An agency's fingerprint covers the key with which it signs agreements, so that an agreement pins both.

UPDATE unit.agency
   SET fingerprint = encode(sha256(convert_to(key, 'UTF8') || '\x0000'::bytea || signing), 'hex')
 WHERE signing IS NOT NULL
   AND acknowledge IS NULL;
