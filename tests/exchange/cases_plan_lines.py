"""One file of each kind about account plans and the work that follows from them."""

from tests.exchange.case import Case

PLAN_LINE_CASES = [
    Case(
        "plans",
        "plans",
        "external_id,account,name,from,to,situation,status,summary\n"
        "PL-2,A-1,Plan 2027,2027-01-01,2027-12-31,expand,approved,Two yards\n"
        ",A-2,Plan 2027,2027-01-15,2027-03-02,,,\n",
        2,
        ("expand", "retain"),
        "plan",
        {
            "external_id": "PL-2",
            "situation": "retain",
            "status": "approved",
            "version": 2,
            "during__endswith": "2028-01-01",
        },
        ("PL-2,A-1,Plan 2027,2027-01-01", "PL-2,A-1,Plan 2027,2026-12-01"),
        (2, "from", "This account has another plan for some of these days."),
    ),
    Case(
        "goals",
        "goals",
        "external_id,plan,title,contact,verified_on,verified_by\n"
        "G-2,PL-1,Half the downtime,P-Eva,2026-09-03,jana@crm.example\n"
        ",PL-1,A yard in Lübeck,,,\n",
        2,
        ("Half the downtime", "A third of the downtime"),
        "goal",
        {"external_id": "G-2", "title": "A third of the downtime", "position": 2, "contact__name": "Eva Elm"},
        ("P-Eva", "P-Bob"),
        (2, "contact", "It belongs to another account."),
    ),
    Case(
        "milestones",
        "milestones",
        "goal,title,due,first_due,reached\n"
        "G-1,Sensors on all cranes,2026-05-31,,2026-06-12\nG-1,First report,2026-07-31,2026-06-30,\n",
        2,
        ("2026-05-31,,", "2026-06-15,,"),
        "milestone",
        {"title": "Sensors on all cranes", "due_on": "2026-06-15", "first_due_on": "2026-05-31"},
        ("G-1,First", "G-9,First"),
        (3, "goal", "There is no goal “G-9”."),
    ),
    Case(
        "outcomes",
        "outcomes",
        "external_id,goal,title,unit,baseline,target,due,actual,measured_on,met\n"
        "F-1,G-1,Downtime a month,hours,40,20,2026-12-31,,,\n"
        "F-2,Fewer stops,Stops a year,,,4,2026-12-31,3,2026-12-30,yes\n",
        2,
        ("40,20", "40,25"),
        "outcome",
        {"external_id": "F-1", "target": 25, "unit": "hours", "met": None},
        (",3,2026-12-30,yes", ",3,,yes"),
        (3, "met", "Say on which day it was measured."),
    ),
    Case(
        "objectives",
        "objectives",
        "external_id,plan,title,kpi,baseline,target,due,goal,contact,judgement,status\n"
        "O-2,PL-1,Win the service contracts,revenue,400000,520000,2026-12-31,G-1,P-Eva,,\n"
        "O-3,PL-1,Be asked first,,,,2026-12-31,,,They call us,reached\n",
        2,
        ("520000", "540000"),
        "objective",
        {"external_id": "O-2", "target": 540000, "position": 2, "goal__title": "Fewer stops", "version": 2},
        ("Be asked first,,,", "Be asked first,,,5"),
        (3, "kpi", "A qualitative objective has words, not figures."),
    ),
    Case(
        "swot",
        "SWOT entries",
        "plan,quadrant,text,verified_on\nPL-1,threat,Hexatron offers leasing,\n"
        "PL-1,strength,We know the yards,2026-09-03\n",
        2,
        ("threat,", "weakness,"),
        "swotentry",
        {"quadrant": "weakness", "text": "Hexatron offers leasing", "position": 2},
        ("strength,", "good,"),
        (3, "quadrant", "is not one of"),
    ),
    Case(
        "risks",
        "risks",
        "external_id,plan,text,severity,answer,owner,closed\n"
        "K-2,PL-1,The budget is cut,high,Quarterly steps,jana@crm.example,\n"
        "K-3,PL-1,The sponsor goes,4,,,2026-08-01\n",
        2,
        ("high", "critical"),
        "risk",
        {"external_id": "K-2", "severity": 4, "owner__name": "Jana Jung"},
        ("goes,4", "goes,5"),
        (3, "severity", "is not one of"),
    ),
    Case(
        "actions",
        "actions",
        "external_id,account,text,side,owner,contact,due,status,closed,objective,swot_entry,risk\n"
        "T-1,A-1,Offer for the second yard,,jana@crm.example,P-Eva,2026-04-30,,,O-1,,\n"
        "T-2,A-1,Send the drawings,they,,,2026-03-31,done,2026-03-30,,S-1,\n"
        ",A-1,Ask for the budget,,tom@crm.example,,,,,,,The plant closes\n",
        3,
        ("2026-04-30", "2026-06-30"),
        "action",
        {
            "external_id": "T-1",
            "due_on": "2026-06-30",
            "first_due_on": "2026-04-30",
            "objective__title": "Grow",
        },
        ("T-2,A-1", "T-2,A-2"),
        (3, "swot_entry", "It belongs to another account."),
    ),
    Case(
        "internal_requests",
        "internal requests",
        "account,department,subject,asked_by,asked,due,done,request\n"
        "A-1,Service,Spare parts,jana@crm.example,2026-09-03,2026-09-17,,R-1\n"
        "A-1,Legal,Terms,,2026-09-04,,2026-09-10,\n",
        2,
        ("2026-09-17", "2026-09-24"),
        "internalrequest",
        {"subject": "Spare parts", "due_on": "2026-09-24", "request__subject": "Firmware"},
        ("2026-09-04,,2026-09-10", "2026-09-04,,2026-09-01"),
        (3, "done", "It is not done before it was asked for."),
    ),
]
