create or replace function ops.sketch_bucket(value double precision) returns integer
language sql immutable parallel safe
as $$
    select ceil(ln(abs(value)) / ln(1.02::double precision))::integer
$$;

comment on function ops.sketch_bucket(double precision) is
'The bucket of a magnitude: i holds those in (1.02^(i-1), 1.02^i]. Its middle, 2 * 1.02^i / 2.02, is within '
'0.991 % of all of them. For magnitudes from 1e-300, which is as good as 0.';
