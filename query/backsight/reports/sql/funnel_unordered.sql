(
    select list({{
        person: matched.person, place: matched.place, page: matched.page, sequence: matched.sequence,
        steps: {steps}
    }})
    from matched
    where matched.person in (select person from disordered where person not in (select person from resolved))
) as unordered
