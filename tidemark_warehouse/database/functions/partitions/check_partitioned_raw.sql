create or replace function ops.check_partitioned_raw(parent regclass) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select
        from pg_class as c
        inner join pg_namespace as n on c.relnamespace = n.oid
        where
            c.oid = parent
            and n.nspname = 'raw'
            and c.relkind in ('r', 'p')
            and not c.relispartition
            and c.relowner = n.nspowner
            and pg_has_role(current_user, c.relowner, 'usage')
    ) then
        raise exception '% is no table of raw that Tidemark made', coalesce(parent::text, 'null')
            using errcode = 'invalid_parameter_value';
    end if;
end
$$;

comment on function ops.check_partitioned_raw(regclass) is
'Refuses what is no table of schema raw, or belongs to somebody else than the schema does.';
