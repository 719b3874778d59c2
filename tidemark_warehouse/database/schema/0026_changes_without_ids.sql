-- Nothing ever asked for the number of a change, and giving one took an eighth of the time that logging a row takes.

alter table ops.changes drop column change_id;
