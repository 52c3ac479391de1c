"""Plans, whitespace, renewals and reviews under one name: pages that show figures, and the writes of accounts.plans."""

from django.urls import URLPattern, path

from accounts.plans.urls import urlpatterns as writes
from metrics.pages import handover, plan, plan_document, plan_edits, plan_list, renewals, review, whitespace

CELL = "accounts/<int:account>/whitespace/<int:category>/"

app_name = "plans"
urlpatterns: list[URLPattern] = [
    path("", plan_list.plan_list, name="list"),
    path("accounts/<int:account>/", plan.plan_of, name="plan_of"),
    path("accounts/<int:account>/new", plan.plan_new, name="plan_new"),
    path("<int:pk>/", plan.plan, name="plan"),
    path("<int:pk>/edit", plan.plan_edit, name="plan_edit"),
    path("<int:pk>/step", plan.plan_step, name="plan_step"),
    path("<int:pk>/versions", plan.plan_versions, name="plan_versions"),
    path("<int:pk>/carry-over", plan.plan_carry_over, name="plan_carry_over"),
    path("<int:pk>/plan.pdf", plan_document.plan_pdf, name="plan_pdf"),
    path("<int:plan>/add/<slug:kind>", plan_edits.item_add, name="item_add"),
    path("lines/<slug:kind>/<int:pk>/", plan_edits.item_edit, name="item_edit"),
    path("lines/<slug:kind>/<int:pk>/delete", plan_edits.item_delete, name="item_delete"),
    path("lines/<slug:kind>/<int:pk>/verify", plan_edits.item_verify, name="item_verify"),
    path("lines/<slug:kind>/<int:pk>/move", plan_edits.item_move, name="item_move"),
    path("lines/restore/<str:token>", plan_edits.item_restore, name="item_restore"),
    path("steps/<int:pk>/check", plan_edits.milestone_check, name="milestone_check"),
    path("actions/<int:pk>/done", plan_edits.action_done, name="action_done"),
    path("accounts/<int:account>/whitespace/", whitespace.whitespace, name="whitespace"),
    path("accounts/<int:account>/whitespace/fill/", whitespace.whitespace_fill, name="whitespace_fill"),
    path("accounts/<int:account>/whitespace.xlsx", whitespace.whitespace_export, name="whitespace_export"),
    path(CELL, whitespace.whitespace_cell, name="whitespace_cell"),
    path(f"{CELL}edit", whitespace.whitespace_edit, name="whitespace_edit"),
    path(f"{CELL}open", whitespace.whitespace_open, name="whitespace_open"),
    path("renewals/", renewals.renewal_list, name="renewals"),
    path("renewals/<int:contract>/", renewals.renewal_call, name="renewal_call"),
    path("accounts/<int:account>/reviews/", review.review_list, name="review_list"),
    path("accounts/<int:account>/reviews/add", review.review_add, name="review_add"),
    path("reviews/<int:pk>/", review.review, name="review"),
    path("reviews/<int:pk>/plan", review.review_plan, name="review_plan"),
    path("reviews/<int:pk>/texts", review.review_edit, name="review_edit"),
    path("reviews/<int:pk>/held", review.review_hold, name="review_hold"),
    path("reviews/<int:pk>/actions", review.review_actions, name="review_actions"),
    path("reviews/<int:pk>/cancel", review.review_cancel, name="review_cancel"),
    path("reviews/restore/<str:token>", review.review_restore, name="review_restore"),
    path("reviews/<int:pk>/file.<slug:kind>", review.review_file, name="review_file"),
    path("accounts/<int:account>/hand-over/", handover.hand_over, name="hand_over"),
    path("accounts/<int:account>/hand-over.pdf", handover.hand_over_pdf, name="hand_over_pdf"),
    *writes,
]
