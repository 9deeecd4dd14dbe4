peopled as (
    select e.*, {person} as person
    from tallied as e
        {join}
),
