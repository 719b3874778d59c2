-- How far a user comes in a funnel.

create type ops.funnel_attempt as (entry integer, step_at timestamptz[]);
comment on type ops.funnel_attempt is
'The attempt that counts: the place of its entry event, and when each step that it reached was done.';
