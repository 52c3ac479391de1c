"""The kind of files about whom employee surveys ask; answers are never imported."""

from accounts.exchange.columns import Column, Kind, Part
from accounts.exchange.shorthand import IN_SOURCE, external_id
from accounts.surveys.employees.models import Employee

EMPLOYEES = Kind(
    "employees",
    "Whom employee surveys ask, with a login or without; answers are never imported.",
    (
        Part(
            Employee,
            (
                external_id(
                    "The person's key in the other system; empty: the e-mail address.", "personnel number"
                ),
                Column("name", "First and last name.", required=True, aliases=("full name", "employee name")),
                Column("email", "Where the invitation goes.", required=True, aliases=("mail", "e-mail")),
                Column("team", "Name or external id of the team; empty: none."),
                Column("site", "Coarse: a place with many people.", aliases=("location", "office")),
                Column(
                    "started", "First working day; empty: unknown.", field="started_on", aliases=("hired",)
                ),
                Column(
                    "left", "First day gone; empty: still with us.", field="left_on", aliases=("left on",)
                ),
            ),
            match=(IN_SOURCE, ("email",)),
            computed={"external_id": 'COALESCE(r."external_id", r."email")'},
            always=("external_id",),
        ),
    ),
    example="name,email,team,site,started\nLukas Berger,lukas.berger@example.org,North,Munich,2021-04-01",
)

EMPLOYEE_KINDS = (EMPLOYEES,)
