"""One file of each kind about what we think of people, and about looking ahead."""

from tests.exchange.case import Case

PLAN_CASES = [
    Case(
        "relationships",
        "relationships",
        "contact,colleague,level,desired,basis,noted_on,noted_by\n"
        "P-Eva,jana@crm.example,2,3,confirmed,2026-09-03,tom@crm.example\n"
        "Uwe Ulm,tom@crm.example,does not know,1,,2026-09-03,\n",
        2,
        ("jana@crm.example,2,3", "jana@crm.example,1,3"),
        "relationship",
        {"contact__name": "Eva Elm", "level": 1, "desired": 3, "author__name": "Tom Tal", "version": 2},
        ("tom@crm.example,does not know", "tom@crm.example,7"),
        (3, "level", "is not one of"),
    ),
    Case(
        "soft_facts",
        "soft facts",
        "contact,kind,value,basis,noted_on,noted_by\n"
        "P-Eva,influence,3,confirmed,2026-09-03,jana@crm.example\n"
        "P-Eva,cares about,Delivery times,,2026-09-03,jana@crm.example\n",
        2,
        ("Delivery times", "Prices"),
        "softfact",
        {"kind": "cares_about", "value": "Prices", "author__name": "Jana Jung"},
        ("influence,3", "influence,9"),
        (2, "value", "not one of the values of its kind"),
    ),
    Case(
        "renewal_calls",
        "renewal calls",
        "contract,account,call,expected_value,reason,author,made_on\n"
        "C9,A-1,will renew for less,30000,Two sites close,jana@crm.example,2026-09-03\n"
        "C9,,will renew,,,jana@crm.example,2026-10-03\n",
        2,
        ("30000", "28000"),
        "renewalcall",
        {"contract__during__startswith": "2026-01-01", "call": "smaller", "expected_value": 28000},
        ("2026-10-03", "2024-10-03"),
        (3, "contract", "There is no contract that fits."),
    ),
    Case(
        "reviews",
        "reviews",
        "account,on,title,status,period_start,period_end,rating,notes,next_on\n"
        "A-1,2026-10-08,Third quarter,held,2026-07-01,2026-10-01,4,Wants it in writing,2027-01-12\n"
        "A-2,2026-12-08,Fourth quarter,,2026-10-01,2027-01-01,,,\n",
        2,
        ("Third quarter,held", "Quarter three,held"),
        "review",
        {"title": "Quarter three", "rating": 4, "status": "held", "version": 2},
        ("2026-10-01,2027-01-01", "2026-10-01,2026-09-01"),
        (3, "period_end", "The period begins before it ends."),
    ),
]
