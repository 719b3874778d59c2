{#-
    dbt's own, and the database keeps the test: its compiled query, of which relations it is, and which rows it is about to
    see. A build without dbt runs the tests of what has changed by it (tidemark_warehouse/database/testing.py).
-#}
{% materialization test, adapter='postgres' %}
    {%- set nodes = [] -%}
    {%- for id in model.depends_on.nodes -%}
        {%- do nodes.append(named(graph.sources.get(id) or graph.nodes.get(id))) -%}
    {%- endfor -%}
    {%- set test = {
        'unique_id': model.unique_id,
        'name': model.name,
        'path': model.original_file_path,
        'nodes': names_of(nodes),
        'text': get_test_sql(
            get_limit_subquery_sql(sql, config.get('limit')), config.get('fail_calc'), config.get('warn_if'),
            config.get('error_if'), limit=none
        ) | trim,
        'rows_text': sql if (config.get('meta') or {}).get('tells_rows') else none,
        'counts_rows': (config.get('meta') or {}).get('counts_rows', false),
        'severity': config.get('severity') | lower,
        'warn_if': config.get('warn_if'),
        'error_if': config.get('error_if'),
        'follows_clock': 'ops.as_of()' in sql,
    } -%}
    {%- call statement('store_test', auto_begin=true) -%}
        select ops.store_test(
            {{ sql_text(tojson(test)) }}::jsonb, {{ as_of_this_run() }}, {{ flags.WHICH == 'build' }}
        )
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return(dbt.materialization_test_default()) }}
{% endmaterialization %}
