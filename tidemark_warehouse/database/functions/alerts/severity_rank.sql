create or replace function ops.severity_rank(severity text) returns integer
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select array_position(array['low', 'medium', 'high', 'critical'], severity)
$$;

comment on function ops.severity_rank(text) is 'low, medium, high, critical as 1 to 4, so that they can be compared.';

revoke execute on function ops.severity_rank(text) from public;
