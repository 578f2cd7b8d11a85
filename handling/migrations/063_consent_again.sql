-- A yes counts once, so that nobody who has its bytes brings it back behind a later no. A no always says the same, and an agency may say
-- it as often as it has said yes.
ALTER TABLE exchange.consent DROP CONSTRAINT consent_token_key;
CREATE UNIQUE INDEX yes_once ON exchange.consent (token) WHERE answer <> 'no';
