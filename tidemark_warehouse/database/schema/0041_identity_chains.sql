-- Identities are followed from id to id, and any event that names two ids is one.

-- It served int_identifications__dated, which read identify events alone.
drop index raw.events_identify;

-- What archived events said of who is who ------------------------------------------------------------

create table ops.kept_identifications (
    distinct_id text not null,
    user_id text not null,
    event_type text not null check (event_type in ('identify', 'alias', 'track')),
    period_id bigint not null references ops.sealed_periods on delete cascade,
    event_at timestamptz not null,
    primary key (distinct_id, user_id, event_type, period_id)
);
create index kept_identifications_period on ops.kept_identifications (period_id);
create index kept_identifications_user on ops.kept_identifications (user_id);

comment on table ops.kept_identifications is
'One row a distinct id, user, kind of event (track: any other) and archived period: when the latest event of it did '
'say that the id is this user.';

-- Periods that were archived before: what the identify events of each date said last.
do $$
begin
    if to_regclass('intermediate.int_identifications__dated') is not null then
        insert into ops.kept_identifications (distinct_id, user_id, event_type, period_id, event_at)
        select i.distinct_id, i.user_id, 'identify', p.period_id, max(i.event_at)
        from intermediate.int_identifications__dated as i
        inner join ops.sealed_periods as p on i.event_at >= p.from_at and i.event_at < p.to_at
        where
            p.relation = 'raw.events'
            and p.reopened_at is null
            and i.user_id <> i.distinct_id
            and i.distinct_id <> ''
            and i.user_id <> ''
            and isfinite(i.event_at)
            and greatest(octet_length(i.distinct_id), octet_length(i.user_id)) <= 512
        group by i.distinct_id, i.user_id, p.period_id;
        drop table intermediate.int_identifications__dated;
        delete from ops.watermarks as w where w.relation = 'intermediate.int_identifications__dated';
        delete from ops.noted_late_rows as l where l.model = 'intermediate.int_identifications__dated';
    end if;
end
$$;
