"""One file of each kind about the daily work."""

from tests.exchange.case import Case

WORK_CASES = [
    Case(
        "touches",
        "touches",
        "external_id,account,when,channel,direction,actor,contacts,minutes,subject,note,mood\n"
        "T1,A-1,2026-10-02 14:30,call,from us,jana@crm.example,P-Eva; Uwe Ulm,20,Prices,Said no,2\n"
        "T2,A-1,02.10.2026,mail,inbound,,,,,Asked for a date,\n",
        2,
        ("Said no", "Said perhaps"),
        "touch",
        {
            "external_id": "T1",
            "note": "Said perhaps",
            "actor__name": "Jana Jung",
            "contacts__name": "Uwe Ulm",
        },
        ("mail,inbound", "letter,inbound"),
        (3, "channel", "“letter” is not one of"),
    ),
    Case(
        "requests",
        "requests",
        "external_id,account,subject,opened,contact,owner,first_answer,resolved,reopened\n"
        "R1,A-1,Rollback,2026-11-03 08:12,Eva Elm,jana@crm.example,2026-11-03T10:00+01:00,,1\n"
        "R2,A-2,Certificate,2026-11-03,,,,2026-11-05 09:00,\n",
        2,
        ("Rollback", "Firmware rollback"),
        "request",
        {"external_id": "R1", "subject": "Firmware rollback", "contact__name": "Eva Elm", "reopened": 1},
        ("2026-11-05 09:00", "2026-11-01 09:00"),
        (3, "resolved", "Nothing is resolved before it was asked"),
    ),
    Case(
        "signals",
        "signals",
        "external_id,account,kind,when,contact,subject\n"
        "S1,A-1,email_open,2026-10-02 07:41,P-Eva,Newsletter\nS2,A-1,download,2026-10-02 07:45,,Data sheet\n",
        2,
        ("Data sheet", "Data sheets"),
        "signal",
        {"kind__code": "download", "subject": "Data sheets", "contact": None},
        ("download", "upload"),
        (3, "kind", "There is no signal kind “upload”"),
    ),
]
