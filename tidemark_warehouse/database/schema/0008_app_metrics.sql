-- The app_metrics area: the index that its builds read raw points by.

-- The points of some names in some periods: a late point touches an hour, a day, a week and a month.
create index metric_points_name_recorded_at on raw.metric_points (name, recorded_at);
