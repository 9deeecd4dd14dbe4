create view ways as
with recursive steps as (
    select
        element_id,
        tag,
        attributes['id'] as id,
        list_filter(
            string_split_regex(coalesce(attributes['class'], ''), '[ \t\r\n\f]+'), lambda each: each <> ''
        ) as classes
    from descriptions
),
written as (
    select
        element_id,
        identifier(tag) || case
            when id <> '' then '#' || identifier(id)
            else array_to_string(list_transform(classes[:4], lambda each: '.' || identifier(each)), '')
        end as step,
        coalesce(id, '') = '' and len(classes) = 0 as is_plain
    from steps
),
placed as (
    select distinct
        node_id,
        parent_id,
        step || case when is_plain and type_index > 1 then ':nth-of-type(' || type_index || ')' else '' end
            as step
    from _nodes
    join written using (element_id)
),
way as (
    select node_id, step as selector from placed where parent_id is null
    union all
    select placed.node_id, way.selector || ' > ' || placed.step
    from way
    join placed on placed.parent_id = way.node_id
)
select node_id, selector from way
