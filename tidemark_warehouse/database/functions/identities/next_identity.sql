create or replace function ops.next_identity(of_id text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    found text := (
        select i.user_id
        from raw.identities as i
        where i.distinct_id = of_id and i.user_id <> '' and greatest(octet_length(of_id), octet_length(i.user_id)) <= 512
    );
begin
    if found is null and to_regclass('intermediate.int_identifications__found') is null then
        select e.user_id into found
        from raw.events as e
        where
            e.distinct_id = of_id
            and e.user_id <> of_id
            and e.user_id <> ''
            and of_id <> ''
            and isfinite(e.event_at)
            and greatest(
                octet_length(e.event_name), octet_length(of_id), octet_length(e.user_id),
                octet_length(e.session_id), octet_length(e.environment)
            ) <= 512
        order by e.event_at desc, (e.event_type = 'identify') desc, e.user_id collate "C" desc
        limit 1;
    elsif found is null then
        select said.user_id into found
        from (
            (
                select e.user_id, e.event_at, e.by_identify
                from intermediate.int_identifications__found as e
                where e.distinct_id = of_id
                order by e.event_at desc, e.by_identify desc, e.user_id collate "C" desc
                limit 1
            )
            union all
            select k.user_id, k.event_at, k.by_identify
            from staging.stg_product__kept_identifications as k
            where k.distinct_id = of_id
        ) as said
        order by said.event_at desc, said.by_identify desc, said.user_id collate "C" desc
        limit 1;
    end if;
    return found;
end
$$;

comment on function ops.next_identity(text) is
'To which id an id leads, from raw as it is now (int_identities__linked says it of the last build); null: to none.';
