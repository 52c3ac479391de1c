"""The week, reviews, handing over: pages with figures, and the writes of accounts.plans."""

from django.urls import URLPattern, path

from accounts.plans.urls_rhythm import urlpatterns as writes
from metrics.pages import handover, review

urlpatterns: list[URLPattern] = [
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
