-- What builds write down for the functions of schema api.

create table ops.settings (
    name text primary key,
    value text not null,
    changed_at timestamptz not null default clock_timestamp()
);
comment on table ops.settings is
'What builds were told that queries must know as well: reporting_timezone. Written when a build starts.';

-- The functions of api run with the rights of their caller where they can, and call checks in ops. No table of ops is
-- granted with them.
grant usage on schema ops to tidemark_reader;
