"""One file of the kind about whom employee surveys ask."""

from tests.exchange.case import Case

EMPLOYEE_CASES = [
    Case(
        "employees",
        "employees",
        "external_id,name,email,team,site,started,left\n"
        "E1,Lukas Berger,lukas@crm.example,Base,Munich,2021-04-01,\n"
        "E2,Nina Pfeiffer,nina@crm.example,,,,2026-01-01\n",
        2,
        ("Munich", "Augsburg"),
        "employee",
        {"external_id": "E1", "site": "Augsburg", "team__name": "Base"},
        ("2021-04-01,", "2021-04-01,2020-01-01"),
        (2, "left", "Nobody leaves before they started"),
    ),
]
