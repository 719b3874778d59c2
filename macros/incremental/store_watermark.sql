{% macro store_watermark(relation, tide) -%}
    {#- What this build has consumed and by which definition, in the transaction of its rows. -#}
    {%- call statement('store_watermark') -%}
        insert into ops.watermarks (
            relation, model, seen, fingerprint, shape, settings, reads, as_of,
            rows_scoped, rows_written, rows_deleted, built_at
        )
        values (
            '{{ tide.name }}', '{{ model.unique_id }}', '{{ tide.now_seen }}', '{{ tide.fingerprint }}',
            '{{ tide.shape }}', '{{ tide.settings }}', {{ text_array(tide.reads) }}, {{ as_of() }},
            {{ tide.scoped or 0 }}, {{ tide.written }}, {{ tide.deleted }},
            clock_timestamp()
        )
        on conflict (relation) do update set
            model = excluded.model,
            seen = excluded.seen,
            fingerprint = excluded.fingerprint,
            shape = excluded.shape,
            settings = excluded.settings,
            reads = excluded.reads,
            as_of = excluded.as_of,
            rows_scoped = excluded.rows_scoped,
            rows_written = excluded.rows_written,
            rows_deleted = excluded.rows_deleted,
            built_at = excluded.built_at
    {%- endcall -%}
{%- endmacro %}
