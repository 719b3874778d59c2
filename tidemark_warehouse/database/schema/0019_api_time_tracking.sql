-- What the functions about time tracking return.

create type api.time_aggregation as (
    user_id text,
    date date,
    ticket_type text,
    workflows_completed bigint,
    total_active_seconds numeric,
    total_estimated_seconds numeric,
    total_paused_seconds numeric,
    avg_efficiency_ratio numeric
);
comment on type api.time_aggregation is 'A row of marts.time_aggregations_daily.';
