-- A recall never lengthens how long an agency keeps a package: the guard reads the last day that stands before it sets one.
GRANT SELECT (delete_by) ON exchange.package TO tipline_guard;
