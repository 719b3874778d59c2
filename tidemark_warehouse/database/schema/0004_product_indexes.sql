-- Indexes of the product area on the raw tables. Each makes a build's cost follow the change; together
-- they cost about half of the load time again, so that none is here without a reading that needs it.

-- A user's own events in a stretch of time: visits of changed user days, and the events that a new
-- identity re-assigns. With the name and environment inside, the latter never touches the rows.
create index events_distinct_id_event_at on raw.events (distinct_id, event_at)
include (event_name, environment);

-- What identify events say of a distinct id: a few in a thousand events, read for each id that changed.
-- The condition is that of the staging view, else the planner would not see that the index fits.
create index events_identify on raw.events (distinct_id, event_at)
where coalesce(event_type, 'track') = 'identify' and user_id is not null;

-- All ids of a user: support and erasure ask by user, the table's key is the id.
create index identities_user_id on raw.identities (user_id);

-- The events of some names in some buckets: late rows of one device touch a few keys over months.
create index events_event_name_event_at on raw.events (event_name, event_at);
