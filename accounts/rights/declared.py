"""What every table holds about persons: the one place. A test fails on a model or a field that stands not here.

Choices, numbers, dates and links to things are facts of their row and need no line; each text and each link to a
person does. History tables hold what their model holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REDACTED = "[erased]"


@dataclass(frozen=True)
class Data:
    contacts: tuple[str, ...] = ()
    """Ways from a row to the customer's person whom it is about, or who took part."""
    points: tuple[str, ...] = ()
    """Links to a customer's person that say nothing about them but where they stand."""
    users: tuple[str, ...] = ()
    """Links to one of us: who wrote it, did it, owns it. The name goes with the user's own row."""
    erased: Mapping[str, Any] = field(default_factory=dict)
    """What these texts become when the person whom the row is about is erased."""
    gone: bool = False
    """The row goes with the customer's person."""
    gone_with: tuple[str, ...] = ()
    """The row goes with the user behind one of these links."""
    free: tuple[str, ...] = ()
    """Free text, that may name anybody: searched for names."""
    copies: tuple[str, ...] = ()
    """Texts made of other rows: the name in them goes by itself."""
    secret: tuple[str, ...] = ()
    """Keys and their hashes, and bytes: in no export."""
    plain: tuple[str, ...] = ()
    """No person's data: codes, names of things, keys of other systems."""

    @property
    def named(self) -> set[str]:
        """Every text that has its line."""
        return {*self.erased, *self.free, *self.copies, *self.secret, *self.plain}


FROM_ELSEWHERE = ("source", "external_id")
NOTHING = Data()
NAMED = Data(plain=(*FROM_ELSEWHERE, "name"))

DECLARED: dict[str, Data] = {
    # Of us.
    "accounts.Organisation": Data(plain=("name", "time_zone", "reporting_currency")),
    "accounts.User": Data(
        users=("pk",),
        secret=("password",),
        plain=("source",),
        # Overwritten by hand (see `erase`): a name and an address must stand there.
        erased={"name": None, "email": None, "external_id": ""},
    ),
    "accounts.Session": Data(users=("user",), gone_with=("user",), secret=("session_key", "session_data")),
    "accounts.Team": Data(users=("lead",), plain=(*FROM_ELSEWHERE, "name")),
    "accounts.Membership": Data(users=("user",)),
    "accounts.Grant": Data(users=("viewer", "granted_by"), gone_with=("viewer",)),
    "accounts.Invitation": Data(users=("user", "invited_by"), gone_with=("user",), secret=("token_hash",)),
    "accounts.Elevation": Data(users=("user",), free=("reason",)),
    "accounts.ViewAs": Data(users=("by", "whom")),
    "accounts.ViewedPage": Data(plain=("path",)),
    "accounts.Message": Data(
        contacts=("contact",),
        users=("recipient",),
        gone_with=("recipient",),
        secret=("payload", "message_id", "dedup_key"),
        plain=("kind", "error"),
    ),
    "accounts.Bounce": Data(
        contacts=("message__contact",),
        users=("cleared_by",),
        gone=True,
        copies=("address",),
        plain=("status",),
    ),
    "accounts.Headcount": Data(plain=FROM_ELSEWHERE),
    "accounts.Leaver": Data(plain=FROM_ELSEWHERE),
    "accounts.PersonAct": Data(users=("by",), secret=("keys", "salt", "words"), plain=("notes", "counts")),
    # Portfolio.
    "accounts.Tier": NAMED,
    "accounts.Industry": NAMED,
    "accounts.Region": NAMED,
    "accounts.FunnelStage": NAMED,
    "accounts.Account": Data(
        free=("description",),
        plain=(*FROM_ELSEWHERE, "name", "currency", "city", "country", "website"),
    ),
    "accounts.Assignment": Data(users=("user",)),
    "accounts.Classification": NOTHING,
    "accounts.FunnelPhase": NOTHING,
    "accounts.SavedFilter": Data(users=("user",), gone_with=("user",), free=("name", "query")),
    "accounts.IcpCriterion": Data(plain=(*FROM_ELSEWHERE, "name", "question")),
    "accounts.IcpWeight": Data(free=("reason",)),
    "accounts.Fit": Data(users=("author",), plain=FROM_ELSEWHERE),
    # The customers' people.
    "accounts.Contact": Data(
        contacts=("pk",),
        points=("reports_to", "successor"),
        plain=("source",),
        erased={
            "name": None,
            "title": "",
            "department": "",
            "city": "",
            "email": "",
            "phone": "",
            "language": "",
            "external_id": "",
        },
    ),
    # Roles, influence and support are codes of which figures are made: they stay and end (see `erase`).
    "accounts.SoftFact": Data(contacts=("contact",), users=("author",), free=("value",)),
    "accounts.Tie": Data(
        contacts=("contact", "other"), users=("author",), gone=True, free=("about",), plain=FROM_ELSEWHERE
    ),
    "accounts.Relationship": Data(contacts=("contact",), users=("author", "colleague"), gone=True),
    # Work with customers.
    "accounts.ReferenceConsent": Data(
        contacts=("contact",), users=("noted_by",), erased={"evidence": ""}, plain=FROM_ELSEWHERE
    ),
    "accounts.AdvocacyAction": Data(
        contacts=("contact",), erased={"subject": "", "link": ""}, plain=FROM_ELSEWHERE
    ),
    "accounts.LossReason": NAMED,
    "accounts.LossInterview": Data(users=("interviewer",), free=("note",), plain=FROM_ELSEWHERE),
    "accounts.HealthWeight": Data(free=("reason",)),
    "accounts.Touch": Data(
        contacts=("contacts",),
        users=("actor", "logged_by"),
        free=("subject", "note"),
        plain=(*FROM_ELSEWHERE, "thread"),
    ),
    "accounts.Action": Data(
        contacts=("contact",),
        users=("owner", "closed_by", "created_by"),
        free=("text",),
        plain=FROM_ELSEWHERE,
    ),
    "accounts.Request": Data(
        contacts=("contact",),
        users=("owner", "first_answer_by"),
        free=("subject", "text", "resolution"),
        plain=(*FROM_ELSEWHERE, "number"),
    ),
    "accounts.Department": NAMED,
    "accounts.InternalRequest": Data(users=("asked_by",), free=("subject",), plain=FROM_ELSEWHERE),
    "accounts.SignalKind": Data(plain=(*FROM_ELSEWHERE, "name", "code")),
    "accounts.SignalWeight": NOTHING,
    "accounts.Signal": Data(contacts=("contact",), free=("subject",), plain=(*FROM_ELSEWHERE, "message")),
    "accounts.Snooze": Data(users=("user",), gone_with=("user",), free=("reason",), plain=("item",)),
    "accounts.Playbook": Data(plain=("name",)),
    "accounts.PlaybookStep": Data(free=("text",)),
    "accounts.Play": Data(plain=("cause",)),
    "accounts.PlayTask": NOTHING,
    "accounts.AccountState": Data(users=("noted_by",), plain=FROM_ELSEWHERE),
    # Money and marketing.
    "accounts.ExchangeRate": Data(plain=("currency", "quote")),
    "accounts.ProductCategory": NAMED,
    "accounts.Product": Data(plain=(*FROM_ELSEWHERE, "name", "code")),
    "accounts.Order": Data(users=("seller",), plain=(*FROM_ELSEWHERE, "number", "currency")),
    "accounts.OrderLine": Data(plain=FROM_ELSEWHERE),
    "accounts.OpportunityStage": NAMED,
    "accounts.Opportunity": Data(free=("name", "loss_reason"), plain=(*FROM_ELSEWHERE, "currency")),
    "accounts.OpportunityPhase": NOTHING,
    "accounts.OpportunitySplit": Data(users=("user",)),
    "accounts.Contract": Data(free=("name",), plain=(*FROM_ELSEWHERE, "number", "currency")),
    "accounts.Quota": Data(users=("user",), plain=(*FROM_ELSEWHERE, "currency")),
    "accounts.CostToServe": Data(
        users=("noted_by",), free=("description",), plain=(*FROM_ELSEWHERE, "currency")
    ),
    "accounts.Campaign": Data(free=("name", "description"), plain=(*FROM_ELSEWHERE, "currency")),
    "accounts.Spend": Data(free=("description",), plain=(*FROM_ELSEWHERE, "currency")),
    # A lead is the contact's if it has their address (see `persons`); one who is nobody's contact is found by name.
    "accounts.Lead": Data(
        users=("owner",),
        erased={"person": "", "job_title": "", "email": "", "phone": ""},
        free=("note", "drop_reason", "person", "job_title", "email", "phone"),
        plain=(*FROM_ELSEWHERE, "company", "country"),
    ),
    "accounts.CampaignTouch": Data(contacts=("contact",), plain=FROM_ELSEWHERE),
    "accounts.Forecast": Data(users=("user",), plain=(*FROM_ELSEWHERE, "currency")),
    # Plans.
    "accounts.Plan": Data(users=("created_by",), free=("name", "summary"), plain=FROM_ELSEWHERE),
    "accounts.PlanComment": Data(users=("author",), free=("text",)),
    "accounts.PlanVersion": Data(users=("made_by",), free=("content",)),
    "accounts.Goal": Data(
        contacts=("contact",), users=("verified_by",), free=("title",), plain=FROM_ELSEWHERE
    ),
    "accounts.Milestone": Data(free=("title",), plain=FROM_ELSEWHERE),
    "accounts.MilestoneCheck": Data(users=("author",), free=("note",)),
    "accounts.Outcome": Data(free=("title",), plain=(*FROM_ELSEWHERE, "unit")),
    "accounts.Objective": Data(
        contacts=("contact",),
        users=("verified_by", "judged_by"),
        free=("title", "judgement"),
        plain=(*FROM_ELSEWHERE, "kpi"),
    ),
    "accounts.SwotEntry": Data(users=("verified_by",), free=("text",), plain=FROM_ELSEWHERE),
    "accounts.Risk": Data(users=("verified_by", "owner"), free=("text", "answer"), plain=FROM_ELSEWHERE),
    "accounts.PlanTemplate": Data(plain=("name", "description")),
    "accounts.PlanTemplateItem": Data(plain=("text", "kpi")),
    "accounts.WhitespaceCell": Data(
        users=("author",), free=("holder_name", "next_step"), plain=("currency",)
    ),
    "accounts.RenewalCall": Data(users=("author",), free=("reason",)),
    "accounts.Review": Data(
        contacts=("contacts",),
        users=("created_by", "colleagues"),
        free=("title", "summary", "wins", "troubles", "next_steps", "notes"),
        copies=("figures",),
    ),
    "accounts.HandOver": Data(users=("from_user", "to_user", "made_by"), free=("note",)),
    # Read by its author only: redacted unseen, in no export, and gone with either of the two.
    "accounts.OneOnOne": Data(users=("lead", "manager"), gone_with=("lead", "manager"), free=("note",)),
    # Exchange.
    "accounts.Import": Data(
        users=("uploaded_by",),
        copies=("samples", "message"),
        plain=("kind", "source", "file_name", "layout", "header", "mapping", "counts", "step"),
    ),
    "accounts.ImportFile": Data(secret=("content",)),
    "accounts.ImportRefusal": Data(copies=("value", "reason"), plain=("column",)),
    "accounts.ImportChange": Data(copies=("name", "values"), plain=("part",)),
    "accounts.RememberedMapping": Data(plain=("kind", "source", "header", "mapping")),
    "accounts.CalendarFeed": Data(users=("user",), gone_with=("user",), secret=("token_hash",)),
    # Surveys of customers.
    "accounts.Survey": Data(users=("created_by",), plain=("name",)),
    "accounts.SurveyText": Data(plain=("title", "introduction", "thanks", "mail_subject", "mail_text")),
    "accounts.Question": NOTHING,
    "accounts.QuestionText": Data(plain=("text", "low", "high", "options")),
    "accounts.Wave": Data(users=("created_by",), plain=("name", "roles", "remind_after")),
    "accounts.SurveyInvitation": Data(
        contacts=("contact",), erased={"token_hash": "", "language": ""}, secret=("token_hash",)
    ),
    "accounts.Answer": Data(contacts=("contact",), plain=FROM_ELSEWHERE),
    # A mark and a choice stay without a name; words do not (see `erase`).
    "accounts.AnswerItem": Data(contacts=("answer__contact",), free=("text",), plain=("choice",)),
    # Surveys of our own people: nothing leads from an answer to anybody, so nothing is found, exported or erased.
    "accounts.Employee": Data(erased={"name": "", "email": ""}, plain=(*FROM_ELSEWHERE, "site")),
    "accounts.EmployeeWave": Data(users=("created_by",), secret=("salt",), plain=("name", "introduction")),
    "accounts.EmployeeStatement": Data(plain=("text",)),
    "accounts.EmployeeInvitation": Data(
        secret=("token_hash",), plain=("team_label", "site_label", "tenure_label")
    ),
    "accounts.EmployeeAnswerIn": Data(
        secret=("comment", "statements"), plain=("team_label", "site_label", "tenure_label")
    ),
    "accounts.EmployeeAnswer": Data(
        secret=("statements",), plain=("team_label", "site_label", "tenure_label")
    ),
    "accounts.EmployeeComment": Data(secret=("text",)),
    "accounts.EmployeeResult": Data(plain=("dimension", "label")),
    # Numbers.
    "metrics.Run": Data(plain=("fingerprint", "definitions", "settings", "seal", "errors")),
    "metrics.RunAttempt": Data(users=("asked_by",), plain=("step", "error")),
    "metrics.QueuedAccount": Data(plain=("reason",)),
    "metrics.DailyRate": Data(plain=("currency",)),
    "metrics.AccountMonth": Data(plain=("currency", "opened_as")),
    "metrics.AccountMonthPast": Data(plain=("currency", "opened_as")),
    "metrics.ScopeFigures": Data(plain=("figures",)),
    "metrics.Target": Data(users=("set_by",), free=("reason",), plain=("kpi", "period_kind")),
    "metrics.Threshold": NOTHING,
    "metrics.WeightChange": Data(users=("changed_by",), free=("reason",), plain=("weight", "label", "kpis")),
    "metrics.FittedModel": Data(plain=("rates", "refused", "version")),
    "metrics.Prediction": Data(plain=("inputs",)),
    "metrics.Alert": Data(
        users=("acknowledged_by", "snoozed_by"),
        free=("snooze_reason",),
        copies=("facts", "evidence"),
        plain=("cause",),
    ),
    "metrics.ApiToken": Data(
        users=("user",), gone_with=("user",), secret=("token_hash", "prefix"), plain=("name", "scopes")
    ),
    "metrics.DigestSettings": Data(users=("user",), gone_with=("user",), plain=("left_out", "time_zone")),
    # Keys of lines and figures, never a text or a name.
    "metrics.Digest": Data(users=("user",), gone_with=("user",), plain=("period", "lines")),
    "metrics.DigestTrial": Data(users=("by", "whom")),
    "metrics.Assumption": Data(free=("reason",)),
    "metrics.BoardNumber": Data(plain=("kpi",)),
    "metrics.BoardRemark": Data(users=("author",), free=("text",)),
    "metrics.Comment": Data(users=("author",), free=("text",), plain=("kpi",)),
    # Of the libraries.
    "admin.LogEntry": Data(users=("user",), copies=("object_repr", "change_message"), plain=("object_id",)),
    "auth.Permission": Data(plain=("name", "codename")),
    "auth.Group": Data(plain=("name",)),
    "contenttypes.ContentType": Data(plain=("app_label", "model")),
    "sessions.Session": Data(secret=("session_key", "session_data")),
    "pghistory.Context": Data(plain=("metadata",)),
    "account.EmailAddress": Data(users=("user",), gone_with=("user",), erased={"email": ""}),
    "account.EmailConfirmation": Data(secret=("key",)),
    "mfa.Authenticator": Data(users=("user",), gone_with=("user",), secret=("data",)),
}
