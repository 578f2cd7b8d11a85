-- By a notice's subject the guard finds again what it asked. The portal needs it for nothing: two notices with one subject are about
-- one matter, which it would see.
REVOKE SELECT ON exchange.notice FROM tipline_exchange;
GRANT SELECT (id, agency, channel, sealed, signature, sent_on, answer_by, downloaded_on) ON exchange.notice TO tipline_exchange;
