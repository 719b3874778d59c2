create or replace function ops.restamp() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    same_key text;
begin
    select string_agg(format('r.%1$I = ($1).%1$I', a.attname), ' and ') into same_key
    from pg_index as i
    inner join pg_attribute as a on i.indrelid = a.attrelid and a.attnum = any(i.indkey)
    where i.indrelid = tg_relid and i.indisprimary;
    if same_key is null then
        raise exception '% has lost its primary key, by which the transaction id of a row is set right', tg_relid::regclass
            using hint = 'Run tidemark up, which mends it; or name the columns of the insert, without _xid.';
    end if;
    execute format('update only %s as r set _xid = ops.current_xid() where %s', tg_relid::regclass, same_key)
    using new;
    return null;
end
$$;

comment on function ops.restamp() is
'Row trigger after INSERT of a row with the transaction id of another (from a dump, a backup table, a replica): it gets '
'that of the transaction that wrote it, so that it is new to every model.';
