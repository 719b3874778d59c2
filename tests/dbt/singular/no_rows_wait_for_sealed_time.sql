-- Warns of raw rows that cannot count in a mart, because other rows of their bucket are archived,
-- by table, mart and month. They count once `tidemark restore` has brought the period back and a
-- build has followed.
{{ config(
    group='shared',
    severity='warn',
) }}

select
    table_name,
    mart,
    to_char(row_time at time zone 'UTC', 'YYYY-MM') as row_month,
    count(*) as row_count
from ops.late_rows
group by table_name, mart, row_month
