-- Two models that feed one mart each note a late row for it. With one row for both, models that were
-- refreshed at once stood in each other's way, and what one had folded in was forgotten for the other.
alter table ops.late_rows rename to noted_late_rows;
alter index ops.late_rows_model rename to noted_late_rows_model;
alter index ops.late_rows_table rename to noted_late_rows_table;
alter table ops.noted_late_rows drop constraint late_rows_pkey;
alter table ops.noted_late_rows add primary key (model, mart, table_name, key, row_time);

comment on table ops.noted_late_rows is
'One row a raw row, a mart in which it cannot count yet and the model that seals its bucket and listed it.';

create view ops.late_rows as
select table_name, row_time, key, mart, min(seen_at) as seen_at
from ops.noted_late_rows
group by table_name, row_time, key, mart;

comment on view ops.late_rows is
'One row a raw row and mart in which it cannot count: its bucket is sealed, because other rows of it were '
'archived. It counts once the period is restored and built.';
