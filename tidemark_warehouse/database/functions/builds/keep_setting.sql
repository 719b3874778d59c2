create or replace function ops.keep_setting(name text, value text) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    insert into ops.settings (name, value)
    select keep_setting.name, keep_setting.value
    where not exists (
        select from ops.settings as s where s.name = keep_setting.name and s.value = keep_setting.value
    )
    on conflict (name) do update set value = excluded.value, changed_at = clock_timestamp()
$$;

comment on function ops.keep_setting(text, text) is 'Writes a setting down, unless it has this value already.';
