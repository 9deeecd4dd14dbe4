-- A name as CSS writes it: https://drafts.csswg.org/cssom/#serialize-an-identifier
create macro identifier(name) as case when name = '-' then '\-' else array_to_string(
    list_transform(
        string_split(name, ''),
        lambda letter, place: case
            when letter = chr(0) then chr(65533)
            when unicode(letter) < 32 or unicode(letter) = 127
                or (letter between '0' and '9' and (place = 1 or (place = 2 and name[1] = '-')))
                then '\' || lower(to_hex(unicode(letter))) || ' '
            when unicode(letter) >= 128 or regexp_matches(letter, '[a-zA-Z0-9_-]') then letter
            else '\' || letter
        end
    ),
    ''
) end
