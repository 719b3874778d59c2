create or replace function ops.ids_of_users(users text[]) returns setof text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select i.distinct_id from raw.identities as i where i.user_id = any(users)
    union
    select k.distinct_id
    from ops.kept_identifications as k
    where k.user_id = any(users) and k.event_type <> 'track'
    union
    -- An identify or alias event is about both ids. Another event may come from what many people share, such as a
    -- server: its distinct id goes with the person only if it leads there now.
    select e.distinct_id
    from raw.events as e
    where
        e.user_id = any(users)
        and e.distinct_id <> ''
        and (e.event_type in ('identify', 'alias') or ops.next_identity(e.distinct_id) = any(users));
    if to_regclass('intermediate.int_identities__linked') is not null then
        return query
        select l.distinct_id from intermediate.int_identities__linked as l where l.next_id = any(users);
    end if;
end
$$;

comment on function ops.ids_of_users(text[]) is
'Ids that lead to one of these, now or by what an identity, an identify or an alias event once said.';
