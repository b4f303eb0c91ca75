-- pgbench: one look-up of somebody, one statement.
\set number random(1, :lookups)
SELECT * FROM trace(:number);
