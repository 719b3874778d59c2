create or replace function ops.as_of() returns timestamptz
language sql stable
as $$
    select coalesce(nullif(current_setting('tidemark.as_of', true), '')::timestamptz, now())
$$;

comment on function ops.as_of() is
'What stands for now in a data test: the setting tidemark.as_of of whoever runs it, else now.';
