-- How much waits is counted in bytes too.
GRANT SELECT (size) ON zone.envelope TO tipline_keep;
