create or replace function ops.log_old_rows() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into ops.changes (relation, kind, row_image)
    select tg_argv[0], 'old', to_jsonb(old_rows)
    from old_rows;
    return null;
end
$$;

comment on function ops.log_old_rows() is
'Statement trigger: the versions that an UPDATE or DELETE replaced go to ops.changes.';
