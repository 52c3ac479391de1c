from django.urls import URLPattern, path

from metrics.pages import plan, plan_document, plan_edits, plan_list

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
]
