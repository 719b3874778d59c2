create or replace function ops.funnel_step_name(step_order text, step_name text, step_index bigint, last_step bigint)
returns text
language sql immutable parallel safe
as $$
    select case
        when step_order is distinct from 'unordered' or last_step = 1 then step_name
        when step_index = last_step then format('all %s steps', last_step)
        else format('any %s of %s steps', step_index, last_step)
    end
$$;

comment on function ops.funnel_step_name(text, text, bigint, bigint) is
'What a step of a funnel''s results is called: its own name; where steps come in any order, how many it takes, because a '
'user counts at step 2 who did any two.';
