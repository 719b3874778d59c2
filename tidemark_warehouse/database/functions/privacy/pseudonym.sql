create or replace function ops.pseudonym(id text) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    made text;
    is_device_out boolean := ops.is_excluded(id, 'distinct_id');
    is_user_out boolean := ops.is_excluded(id, 'user_id');
begin
    made := 'forgotten-' || case
        when is_device_out and is_user_out then 'uncounted-all-'
        when is_device_out then 'uncounted-id-'
        when is_user_out then 'uncounted-user-'
        else ''
    end || right(replace(gen_random_uuid()::text, '-', ''), 16);
    if ops.is_excluded(made, 'distinct_id') <> is_device_out or ops.is_excluded(made, 'user_id') <> is_user_out then
        raise exception using
            errcode = 'TM001',
            message = 'seeds/excluded_users.csv has a rule by which a pseudonym would count otherwise than the id';
    end if;
    return made;
end
$$;

comment on function ops.pseudonym(text) is
'A random name in the place of an id; who was excluded stays so (int_exclusions__parsed knows these names).';
