"""One file of what customers answered elsewhere."""

from tests.exchange.case import Case

SURVEY_CASES = [
    Case(
        "survey_answers",
        "answer items",
        "answer,account,contact,answered,kind,score,text\n"
        "S1,A-1,Eva Elm,2026-10-02 14:30,nps,9,\nS1,A-1,Eva Elm,2026-10-02 14:30,text,,Said yes\n"
        "S2,A-1,Uwe Ulm,2026-10-03,csat5,4,\n",
        3,
        ("Said yes", "Said perhaps"),
        "answeritem",
        {"text": "Said perhaps", "answer__contact__name": "Eva Elm", "answer__external_id": "S1"},
        ("csat5,4", "csat5,6"),
        (4, "kind", "The mark lies outside its scale"),
    ),
]
