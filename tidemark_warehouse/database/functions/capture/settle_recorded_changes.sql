create or replace function ops.settle_recorded_changes() returns bigint
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    with present as materialized (
        select distinct feature_request_id
        from raw.feature_request_changes
        where _xid = ops.current_xid()
    ),
    recorded as materialized (
        select c.change_id, c.changed_at, c.feature_request_id, c.field, c.new_value
        from raw.feature_request_changes as c
        where
            c.feature_request_id in (select feature_request_id from present)
            and (
                exists (
                    select from ops.loads as l
                    where l.xid = c._xid and l.table_name = 'feature_requests'
                )
            )
    ),
    told as materialized (
        select c.feature_request_id, c.field, c.new_value, c.changed_at
        from raw.feature_request_changes as c
        where
            c.feature_request_id in (select feature_request_id from present)
            and not exists (select from recorded as r where r.change_id = c.change_id)
    ),
    gone as (
        delete from raw.feature_request_changes as c
        using recorded as r
        where
            c.change_id = r.change_id and c.changed_at = r.changed_at
            and (
                select row(t.new_value) is not distinct from row(r.new_value)
                from told as t
                where
                    t.feature_request_id = r.feature_request_id
                    and t.field = r.field
                    and t.changed_at <= r.changed_at
                order by t.changed_at desc
                limit 1
            )
        returning 1
    )
    select count(*) from gone
$$;

comment on function ops.settle_recorded_changes() is
'Deletes what the trigger recorded while loads updated raw.feature_requests, of the features whose changes the present '
'transaction has written, where the source''s own changelog says the same: the last change it tells up to that time '
'led to the same value. Returns how many. To be called after the load is noted.';

revoke execute on function ops.settle_recorded_changes() from public;
grant execute on function ops.settle_recorded_changes() to tidemark_loader;
