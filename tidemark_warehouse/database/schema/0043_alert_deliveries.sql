-- Alerts are told to channels: what is to be said, and to whom it could not be said yet.

create table ops.alert_deliveries (
    place bigint generated always as identity primary key,
    delivery_id uuid not null unique default gen_random_uuid(),
    channel text not null,
    alert_id text not null,
    change text not null check (change in ('opened', 'risen', 'resolved', 'repeated')),
    severity text not null,
    changed_at timestamptz not null,
    noted_at timestamptz not null default clock_timestamp(),
    delivered_at timestamptz
);

create index on ops.alert_deliveries (channel, place) where delivered_at is null;
create index on ops.alert_deliveries (alert_id, channel, place);

comment on table ops.alert_deliveries is
'One row a change of an alert and a channel that is told of it, in the order of place. delivered_at: when the receiver '
'confirmed it; null while it waits.';

create table ops.channel_failures (
    channel text primary key,
    failures integer not null,
    retry_at timestamptz not null,
    message text not null
);

comment on table ops.channel_failures is
'One row a channel whose latest attempt failed: how often in a row, why, and when it is tried again.';

create table ops.untold_alerts (
    alert_id text primary key
);

comment on table ops.untold_alerts is
'One row an alert of the release that knew no states: it was seen or not, nobody is told of it now.';

do $$
begin
    if to_regclass('intermediate.int_alerts__raised') is not null then
        insert into ops.untold_alerts (alert_id)
        select r.alert_id from intermediate.int_alerts__raised as r where r.is_historical is null;
    end if;
end
$$;
